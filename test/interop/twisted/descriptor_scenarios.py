"""A scenario of file descriptors that go to the other end and come back."""

import os

from twisted.internet.defer import ensureDeferred, gatherResults

import commands
from run import expect


async def descriptors(run):
    """EchoDescriptor, alone and in a crowd. Needs ``--unix``."""
    peer = await run.connect()
    await run.step("EchoDescriptor", echoed(peer, b"one"))
    await run.step("40 at once, among other calls", crowd(peer))


async def echoed(peer, message):
    """What is written to the descriptor that has come back can be read where the one that was sent belongs."""
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
