"""Scenarios of calls that succeed."""

import json

from twisted.internet.defer import gatherResults

import commands
from echo_table import ECHOES
from json_values import fieldsToJSON
from run import expect, failureOf


async def calls(run):
    """Make every kind of call that succeeds, and the call with the declared error of Twisted's documentation."""
    await callsOn(run, await run.connect())


async def callsOn(run, peer):
    await run.step("Sum", sums(peer))
    await run.step("Divide", divisions(peer))
    for command, arguments in ECHOES:
        wanted = json.dumps(fieldsToJSON(command.arguments, arguments))
        name = wanted if len(wanted) < 80 else f"{wanted[:60]}... ({len(wanted)} characters)"
        await run.step(f"{command.__name__} {name}", echo(peer, command, arguments))
    await run.step("raw", raw(peer))
    await run.step("Slow is overtaken", overtaking(peer))
    await run.step("CallBack", callBack(peer))
    await run.step("200 Sums while serving 100", crossing(peer))


async def sums(peer):
    for a, b in [(13, 81), (-5, 5), (2**128, 1), (-(10**60), 10**59)]:
        expect(await peer.callRemote(commands.Sum, a=a, b=b), {"total": a + b})


async def divisions(peer):
    expect(await peer.callRemote(commands.Divide, numerator=7, denominator=2), {"result": 3.5})
    await failureOf(peer.callRemote(commands.Divide, numerator=1, denominator=0), ZeroDivisionError)


async def echo(peer, command, arguments):
    answer = await peer.callRemote(command, **arguments)
    # Compare as JSON, in which NaN equals itself and -0.0, 1.0 and 1 differ.
    expect(fieldsToJSON(command.response, answer), fieldsToJSON(command.arguments, arguments))


async def raw(peer):
    expect(await peer.callRemote(commands.Raw, data=b"\x00\xff"), {"data": b"\x00\xff"})


async def overtaking(peer):
    order = []
    slow = peer.callRemote(commands.Slow, milliseconds=150).addCallback(lambda _: order.append("slow"))
    quick = peer.callRemote(commands.Slow, milliseconds=1).addCallback(lambda _: order.append("quick"))
    await gatherResults([slow, quick], consumeErrors=True)
    expect(order, ["quick", "slow"])


async def callBack(peer):
    before = peer.sumsServed
    expect(await peer.callRemote(commands.CallBack, n=50), {"total": 50 * 49})
    expect(peer.sumsServed - before, 50)


async def crossing(peer):
    back = [peer.callRemote(commands.CallBack, n=50) for _ in range(2)]
    asked = [peer.callRemote(commands.Sum, a=i, b=1) for i in range(200)]
    totals = await gatherResults(asked, consumeErrors=True)
    expect([each["total"] for each in totals], [i + 1 for i in range(200)])
    expect(await gatherResults(back, consumeErrors=True), [{"total": 50 * 49}] * 2)


async def notify(run):
    """Call Notify before, between and after calls that are answered. Notify itself is not answered."""
    peer = await run.connect()
    await run.step("Notify", notified(peer))
    await run.step("a Notify that wants an answer gets one", answeredNotify(peer))


async def notified(peer):
    expect(await peer.callRemote(commands.LastNotified), {"message": ""})
    for message in ["first", "second", "caf\u00e9"]:
        expect(peer.callRemote(commands.Notify, message=message), None)
        expect(await peer.callRemote(commands.LastNotified), {"message": message})


async def answeredNotify(peer):
    expect(dict(await peer.callRemoteString(b"Notify", message=b"asked")), {b"_answer": b"8"})
