"""Scenarios that are controlled by the server, or by the program that writes to standard input."""

import json
from collections import deque

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.protocols import amp

import commands
from json_values import fieldsFromJSON, fieldsToJSON
from peer_protocol import describe


async def serve(run):
    """Connect and serve every ask of the server, until it closes the connection."""
    peer = await run.connect()
    run.terminal.say({"step": "connected", "ok": True})
    run.terminal.say({"step": "lost", "ok": True, "value": describe(await peer.whenLost)})


async def echoStdin(run):
    """
    Make a call for each line of standard input and print a line with its outcome, in the same order:

        {"command": "EchoFloat", "value": "0.1"}                  {"value": "0.1"}
        {"command": "Sum", "arguments": {"a": "1", "b": "2"}}     {"response": {"total": "3"}}
        {"command": "Notify", "arguments": {"message": "hi"}}     {"response": null}
        any                                                       {"error": "ClassName: message"}

    ``value`` is short for arguments and a response with the one field ``value``. The JSON is that of
    ``json_values.py``. Calls are made as lines arrive, without waiting for answers. With ``--starttls`` they are made
    inside TLS.
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
