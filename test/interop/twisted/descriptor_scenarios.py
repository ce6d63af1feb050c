"""A scenario of file descriptors that are sent to the peer and come back."""

import os

from twisted.internet.defer import ensureDeferred, gatherResults

import commands
from run import expect


async def descriptors(run):
    """Call EchoDescriptor alone and among other calls. Requires ``--unix``."""
    peer = await run.connect()
    await run.step("EchoDescriptor", echoed(peer, b"one"))
    await run.step("40 at once, among other calls", crowd(peer))


async def echoed(peer, message):
    """Check that the returned descriptor writes to the same pipe as the one that was sent."""
    reading, writing = os.pipe()
    try:
        answer = await peer.callRemote(commands.EchoDescriptor, value=writing)
        expect(answer["value"] != writing, True)
        os.write(answer["value"], message)
        os.close(answer["value"])
        expect(os.read(reading, 100), message)
    finally:
        os.close(reading)
        os.close(writing)


async def crowd(peer):
    calls = []
    for i in range(40):
        calls.append(ensureDeferred(echoed(peer, b"%d" % (i,))))
        calls.append(peer.callRemote(commands.Sum, a=i, b=i))
    await gatherResults(calls, consumeErrors=True)
