"""A scenario of every kind of failure of a call, with the expected state of the connection after it."""

from twisted.internet import error
from twisted.protocols import amp

import commands
from call_scenarios import sums
from run import expect, failureOf, lossOf


async def errors(run):
    """Make every failing call. Those that leave the connection open share one; each other call has its own."""
    peer = await run.connect()
    message = "caf\u00e9: \U0001f600"
    await run.step("DeclaredError", fails(peer, commands.FailDeclared, commands.DeclaredError, message=message))
    await run.step("BaseError of the base", fails(peer, commands.FailBase, commands.BaseError, message=message))
    for which, expected in [("base", commands.BaseError), ("extended", commands.ExtendedError)]:
        step = fails(peer, commands.FailExtended, expected, message=message, which=which)
        await run.step(f"{expected.__name__} of the extension", step)
    await run.step("undeclared code", undeclaredCode(peer, fatal=False))
    await run.step("UnhandledCommand", unhandled(peer))
    await run.step("still open", sums(peer))

    for name, failing in [
        ("FatalError", lambda peer: fails(peer, commands.FailFatal, commands.FatalError, message=message)),
        ("fatal undeclared code", lambda peer: undeclaredCode(peer, fatal=True)),
        ("undeclared error", lambda peer: unknown(peer.callRemote(commands.FailUndeclared, message="a secret"))),
        ("return value that does not encode", lambda peer: unknown(peer.callRemote(commands.FailReturn))),
        ("missing argument", lambda peer: unknownBox(peer, a=b"1")),
        ("bad argument", lambda peer: unknownBox(peer, a=b"1", b=b"0x10")),
        ("answer too long", tooLong),
        ("last answer", quits),
    ]:
        await run.step(name, failsAndCloses(await run.connect(), failing))


async def fails(peer, command, expected, *, message, **arguments):
    failure = await failureOf(peer.callRemote(command, message=message, **arguments), expected)
    expect(str(failure), message)


async def undeclaredCode(peer, fatal):
    call = peer.callRemote(commands.FailWith, code=b"ODD \xff", description="told", fatal=fatal)
    expect((await failureOf(call, amp.UnknownRemoteError)).description, "told")


async def unhandled(peer):
    failure = await failureOf(peer.callRemote(commands.NotServed), amp.UnhandledCommand)
    return str(failure)


async def unknown(call):
    expect((await failureOf(call, amp.UnknownRemoteError)).description, "Unknown Error")


async def unknownBox(peer, **fields):
    failure = await failureOf(peer.callRemoteString(b"Sum", **fields), amp.RemoteAmpError)
    expect((failure.errorCode, failure.description), (b"UNKNOWN", "Unknown Error"))


async def tooLong(peer):
    # A Twisted server closes without an answer. Other peers may answer UNKNOWN first.
    call = peer.callRemote(commands.Repeat, value=b"x" * 65535, times=2)
    failure = await failureOf(call, amp.UnknownRemoteError, error.ConnectionDone, error.ConnectionLost)
    return type(failure).__name__


async def quits(peer):
    expect(await peer.callRemote(commands.Quit, message="caf\u00e9"), {"goodbye": "caf\u00e9"})


async def failsAndCloses(peer, failing):
    value = await failing(peer)
    await lossOf(peer)
    return value
