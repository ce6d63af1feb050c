"""Scenarios in which somebody else says what happens: the server, or the program at our standard input."""

import json
from collections import deque

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.protocols import amp

import commands
from json_values import fieldsFromJSON, fieldsToJSON
from peer_protocol import describe


async def serve(run):
    """Connect and serve whatever the server asks, until it closes."""
    peer = await run.connect()
    run.terminal.say({"step": "connected", "ok": True})
    run.terminal.say({"step": "lost", "ok": True, "value": describe(await peer.whenLost)})


async def echoStdin(run):
    """
    Each line of standard input is a call, each line of output its outcome, in the same order:

        {"command": "EchoFloat", "value": "0.1"}                  {"value": "0.1"}
        {"command": "Sum", "arguments": {"a": "1", "b": "2"}}     {"response": {"total": "3"}}
        {"command": "Notify", "arguments": {"message": "hi"}}     {"response": null}
        any                                                       {"error": "ClassName: message"}

    ``value`` is short for arguments and response that consist of ``value``; the JSON is that of ``json_values.py``.
    Calls are made as the lines come, without waiting for answers. With ``--starttls`` they run inside TLS.
    """
    peer = await run.connect()
    if run.options.starttls:
        await peer.callRemote(amp.StartTLS, **run.tls.keys())
    outcomes = deque()
    ended = []
    done = Deferred()

    def flush():
        while outcomes and outcomes[0]:
            run.terminal.say(outcomes.popleft())
        if ended and not outcomes:
            done.callback(None)

    def request(line):
        outcome = {}
        outcomes.append(outcome)
        called = ensureDeferred(callFromJSON(peer, line))
        called.addErrback(lambda failure: {"error": describe(failure.value)})
        called.addCallback(outcome.update)
        called.addCallback(lambda _: flush())

    def end():
        ended.append(True)
        flush()

    run.terminal.listen(request, end)
    await done


async def callFromJSON(peer, line):
    message = json.loads(line)
    command = getattr(commands, message["command"])
    short = "value" in message
    arguments = {"value": message["value"]} if short else message.get("arguments", {})
    called = peer.callRemote(command, **fieldsFromJSON(command.arguments, arguments))
    if called is None:
        return {"response": None}
    answer = await called
    response = fieldsToJSON(command.response, answer)
    return {"value": response["value"]} if short else {"response": response}
