"""Scenarios of StartTLS, in both directions."""

from twisted.internet.defer import gatherResults
from twisted.protocols import amp

import commands
from call_scenarios import callsOn
from run import expect, failureOf


async def starttls(run):
    """Ask for StartTLS, make calls directly after it, and make every call again inside TLS."""
    await upgrade(run, await run.connect(), amp.StartTLS)


async def secureStart(run):
    """Call an extension of StartTLS with a bad token, which is refused, and with the good one."""
    refused = await run.connect()
    await run.step("bad token", badToken(refused))
    await upgrade(run, await run.connect(), commands.SecureStart, token=commands.GOOD_TOKEN)


async def upgrade(run, peer, command, **arguments):
    asked = peer.callRemote(command, **run.tls.keys(), **arguments)
    held = [peer.callRemote(commands.Sum, a=i, b=i) for i in range(20)]
    await run.step("StartTLS", agreed(asked))
    # Twisted's call succeeds before the handshake, so only an answer inside TLS proves the upgrade.
    if run.firstError is not None:
        for call in held:
            call.addErrback(lambda failure: None)
        return  # Twisted holds calls forever after a refusal
    await run.step("calls queued behind it", queued(held))
    if run.firstError is None:
        await identities(run, peer)
        await callsOn(run, peer)


async def agreed(call):
    await call


async def queued(held):
    answers = await gatherResults(held, consumeErrors=True)
    expect([each["total"] for each in answers], [2 * i for i in range(20)])


async def identities(run, peer):
    # The answer arrives inside TLS, so after it both ends have seen each other's certificate.
    await run.step("we as the peer sees us", peer.callRemote(commands.WhoAmI))
    if run.firstError is None:
        await run.step("the peer as we see it", described(peer))


async def described(peer):
    return peer.whoIsThere()


async def badToken(peer):
    call = peer.callRemote(commands.SecureStart, token="wrong")
    expect(str(await failureOf(call, commands.BadTokenError)), "not a good token: wrong")


async def beAskedForTLS(run):
    """Serve until the server has asked for StartTLS. With --request, tell it to ask."""
    peer = await run.connect()
    asked = peer.whenAskedForTLS()
    if run.options.request:
        await run.step("StartTLSNow", agreed(peer.callRemote(commands.StartTLSNow)))
    if run.tls.refused:
        await run.step("WaitSecure", upgradeRefused(peer))
        return
    await run.step("asked for TLS", asked)
    if run.firstError is None:
        await identities(run, peer)
    if run.firstError is None and run.options.request:
        await run.step("WaitSecure", waitSecure(peer))


async def upgradeRefused(peer):
    answer = await peer.callRemote(commands.WaitSecure)
    expect(answer["secure"], False)
    return answer["error"]


async def waitSecure(peer):
    expect(await peer.callRemote(commands.WaitSecure), {"secure": True, "error": ""})
