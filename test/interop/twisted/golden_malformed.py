"""
Golden malformed input: bytes that break the protocol, or almost do, and how Twisted reacts.

Each case runs on a loopback connection of its own. Twisted is the server. It asks Sum(a=1, b=2) with the tag 1 before
the bytes arrive in one segment, so that a case can answer that ask, correctly or not.
"""

from argparse import Namespace

from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.protocols import amp

import commands
from golden_boxes import END, SUM_ASK, box, pair
from peer_protocol import Peer

ASKED = box((b"_ask", b"1"), (b"_command", b"Sum"), (b"a", b"1"), (b"b", b"2"))
ANSWER = box((b"_answer", b"1"), (b"total", b"3"))


def _ask(command, *pairs, tag=b"9"):
    return box((b"_ask", tag), (b"_command", command), *pairs)


_AB = ((b"a", b"13"), (b"b", b"81"))

CASES = {
    # Framing.
    "key-length-256": b"\x01\x00",
    "key-length-256-after-an-ask": SUM_ASK + b"\x01\x00",
    "key-length-256-inside-a-box": pair(b"_ask", b"9") + b"\x01\x00",
    "key-length-256-and-an-ask-behind-it": b"\x01\x00" + b"k" * 256 + SUM_ASK,
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls-client-hello": bytes.fromhex("1603010200010001fc0303"),
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "one-line-end": b"\r\n",
    "one-high-byte": b"\xff",
    "empty-box": END,
    "empty-box-after-an-ask": SUM_ASK + END,
    "empty-box-before-an-ask": END + SUM_ASK,
    "box-cut-off": SUM_ASK[:-1],
    "key-of-255-bytes": _ask(b"Sum", *_AB, (b"k" * 255, b"1")),
    "keys-not-sorted": box((b"b", b"81"), (b"a", b"13"), (b"_command", b"Sum"), (b"_ask", b"9")),
    "duplicate-argument": _ask(b"Sum", (b"a", b"1"), *_AB),
    "duplicate-tag": box((b"_ask", b"8"), (b"_ask", b"9"), (b"_command", b"Sum"), *_AB),
    # Boxes that are neither ask nor answer nor error.
    "no-protocol-key": box((b"a", b"1")),
    "no-protocol-key-after-an-ask": SUM_ASK + box((b"a", b"1")),
    "ask-without-command": box((b"_ask", b"9"), *_AB),
    "error-code-alone": box((b"_error_code", b"ODD"), (b"_error_description", b"odd")),
    "protocol-keys-in-capitals": box((b"_ASK", b"9"), (b"_COMMAND", b"Sum"), *_AB),
    # Answers.
    "answer": ANSWER,
    "answer-twice": ANSWER + ANSWER,
    "answer-after-an-ask-twice": SUM_ASK + ANSWER + ANSWER,
    "answer-with-extra-fields": box((b"_answer", b"1"), (b"more", b"x"), (b"total", b"3")),
    "answer-without-total": box((b"_answer", b"1")),
    "answer-with-bad-total": box((b"_answer", b"1"), (b"total", b"0x10")),
    "answer-without-total-and-an-ask": box((b"_answer", b"1")) + SUM_ASK,
    "answer-to-nothing": box((b"_answer", b"2"), (b"total", b"3")),
    "answer-to-nothing-after-an-ask": SUM_ASK + box((b"_answer", b"2"), (b"total", b"3")),
    "answer-to-empty-tag": box((b"_answer", b""), (b"total", b"3")),
    "answer-to-tag-with-zero": box((b"_answer", b"01"), (b"total", b"3")),
    "answer-to-tag-with-space": box((b"_answer", b"1 "), (b"total", b"3")),
    # Errors.
    "error-undeclared-code": box((b"_error", b"1"), (b"_error_code", b"ODD"), (b"_error_description", b"odd")),
    "error-unhandled": box((b"_error", b"1"), (b"_error_code", b"UNHANDLED"), (b"_error_description", b"no Sum")),
    "error-unknown": box((b"_error", b"1"), (b"_error_code", b"UNKNOWN"), (b"_error_description", b"Unknown Error")),
    "error-with-empty-code": box((b"_error", b"1"), (b"_error_code", b""), (b"_error_description", b"")),
    "error-description-not-utf-8": box(
        (b"_error", b"1"), (b"_error_code", b"ODD"), (b"_error_description", b"caf\xe9 \xf0\x9f\x98 \xed\xa0\x80")
    ),
    "error-without-code": box((b"_error", b"1"), (b"_error_description", b"odd")),
    "error-without-description": box((b"_error", b"1"), (b"_error_code", b"ODD")),
    "error-without-code-after-an-ask": SUM_ASK + box((b"_error", b"1"), (b"_error_description", b"odd")),
    "error-to-nothing": box((b"_error", b"2"), (b"_error_code", b"ODD"), (b"_error_description", b"odd")),
    # Boxes with several protocol keys.
    "answer-and-error": box(
        (b"_answer", b"1"), (b"_error", b"1"), (b"_error_code", b"ODD"), (b"_error_description", b""), (b"total", b"3")
    ),
    "answer-and-ask": box((b"_answer", b"1"), (b"_ask", b"9"), (b"_command", b"Sum"), *_AB, (b"total", b"3")),
    "error-and-ask": box(
        (b"_ask", b"9"),
        (b"_command", b"Sum"),
        (b"_error", b"1"),
        (b"_error_code", b"ODD"),
        (b"_error_description", b"odd"),
        *_AB,
    ),
    # Asks.
    "ask-with-empty-tag": _ask(b"Sum", *_AB, tag=b""),
    "ask-with-binary-tag": _ask(b"Sum", *_AB, tag=b"\x00\xff\x00"),
    "ask-with-tag-of-300-bytes": _ask(b"Sum", *_AB, tag=b"t" * 300),
    "two-asks-of-one-tag": _ask(b"Sum", *_AB) + _ask(b"Sum", (b"a", b"1"), (b"b", b"1")),
    "ask-with-our-own-tag": _ask(b"Sum", *_AB, tag=b"1"),
    "ask-without-tag": box((b"_command", b"Sum"), *_AB),
    "ask-of-unknown-command": _ask(b"Nope"),
    "ask-of-unknown-command-and-an-ask": _ask(b"Nope") + SUM_ASK,
    "ask-of-empty-command": _ask(b""),
    "ask-of-command-in-lower-case": _ask(b"sum", *_AB),
    "ask-of-command-with-quotes": _ask(b"it's \"it\"\\\n"),
    "ask-of-command-not-ascii": _ask("caf\u00e9".encode()),
    "ask-of-command-not-ascii-after-an-ask": SUM_ASK + _ask("caf\u00e9".encode()),
    "ask-of-unknown-command-without-tag": box((b"_command", b"Nope")),
    "ask-of-unknown-command-without-tag-after-an-ask": SUM_ASK + box((b"_command", b"Nope")),
    "ask-of-raw-command-in-capitals": _ask(b"RAW", (b"data", b"x")),
    "ask-with-missing-argument": _ask(b"Sum", (b"a", b"13")),
    "ask-with-bad-argument": _ask(b"Sum", (b"a", b"13"), (b"b", b"0x10")),
    "ask-with-bad-argument-and-an-ask-behind-it": _ask(b"Sum", (b"a", b"13"), (b"b", b"")) + SUM_ASK,
    "ask-that-fails-fatally-and-an-ask-behind-it": _ask(b"FailFatal", (b"message", b"the end")) + SUM_ASK,
    "ask-answered-too-long-between-asks": SUM_ASK + _ask(b"Repeat", (b"times", b"65536"), (b"value", b"x")) + SUM_ASK,
    "ask-without-tag-that-fails": box((b"_command", b"FailDeclared"), (b"message", b"hm")),
    "ask-without-tag-with-missing-argument": box((b"_command", b"Sum")),
}

# No asks that Twisted would answer: after the end of the stream, it is not determined whether an answer is still sent.
HALF_CLOSED = {
    "box-cut-off-at-the-end-of-the-stream": SUM_ASK[:-1],
    "key-length-cut-off-at-the-end-of-the-stream": b"\x00",
    "answer-at-the-end-of-the-stream": ANSWER,
    "end-of-the-stream": b"",
}


class _Reference(Peer):
    """The Twisted server with its one ask. It counts its bytes and stores the exception that escaped from it."""

    escaped = None
    outcome = None
    taken = 0
    written = 0

    def sendBox(self, box):
        super().sendBox(box)
        self.written += len(box.serialize())

    def isOpen(self):
        return not self.escaped and self.transport is not None and not self.transport.disconnecting

    def connectionMade(self):
        super().connectionMade()

        def answered(answer):
            self.outcome = {"response": {"total": str(answer["total"])}}

        def failed(failure):
            message = failure.value.args[1] if failure.check(amp.UnhandledCommand) else str(failure.value)
            self.outcome = {
                "error": failure.type.__name__,
                "message": getattr(failure.value, "description", message),
            }

        self.callRemote(commands.Sum, a=1, b=2).addCallbacks(answered, failed)

    def dataReceived(self, data):
        self.taken += len(data)
        try:
            super().dataReceived(data)
        except Exception as error:
            self.escaped = type(error).__name__
            raise


class _Sender(Protocol):
    """Waits for Twisted's ask, sends the bytes, and collects the answer until the connection ends."""

    def __init__(self, wire, halfClose):
        self.received = b""
        self.ended = False
        self._wire = wire
        self._halfClose = halfClose

    def dataReceived(self, data):
        before, self.received = self.received, self.received + data
        if len(before) < len(ASKED) <= len(self.received):
            self.transport.write(self._wire)
            if self._halfClose:
                self.transport.loseWriteConnection()

    def connectionLost(self, reason):
        self.ended = True


async def _until(condition):
    """Run the reactor until the condition is true. The result does not depend on the time that passes."""
    deadline = reactor.seconds() + 10
    while not condition():
        if reactor.seconds() > deadline:
            raise AssertionError("the connection did not settle")
        await deferLater(reactor, 0.001)


async def _react(wire, halfClose):
    """Return the fields of one vector."""
    accepted = []

    class Accepting(Factory):
        noisy = False

        def buildProtocol(self, address):
            accepted.append(_Reference(Namespace(refused=False, helloDelay=0, keys=dict)))
            return accepted[0]

    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Accepting())
    sender = _Sender(wire, halfClose)
    await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), sender)
    await _until(lambda: accepted)
    (reference,) = accepted
    # Every responder of these cases answers before dataReceived returns, so a connection that is open then stays open.
    await _until(lambda: reference.taken == len(wire) and reference.written)
    if halfClose or not reference.isOpen():
        await _until(lambda: sender.ended and reference.whenLost.called)
    else:
        await _until(lambda: len(sender.received) == reference.written)
    fields = {"closes": sender.ended, "answered": sender.received[len(ASKED) :].hex()}
    if reference.escaped:
        fields["exception"] = reference.escaped
    fields["asked"] = reference.outcome or {}
    if not sender.ended:
        sender.transport.abortConnection()
        await reference.whenLost
    await port.stopListening()
    return fields


async def _all():
    found = []
    for halfClose, cases in [(False, CASES), (True, HALF_CLOSED)]:
        for name, wire in cases.items():
            vector = {"name": name, "hex": wire.hex()}
            if halfClose:
                vector["ends"] = True
            vector.update(await _react(wire, halfClose))
            found.append(vector)
    return found


def vectors():
    """
    Return the vectors. ``closes`` is true if Twisted ends the connection, and ``answered`` has the bytes that it sends
    first. ``exception`` is the class of an exception that escapes from its protocol, after which it drops the
    connection and all unsent bytes. ``asked`` is the outcome of its own ask: ``response``, ``error`` and ``message``,
    or none of these if it is still pending. ``ends`` is true if the client ends its side of the stream after the bytes.
    """
    outcome = []

    def done(result):
        outcome.append(result)
        reactor.stop()

    reactor.callWhenRunning(lambda: ensureDeferred(_all()).addBoth(done))
    reactor.run()
    if not isinstance(outcome[0], list):
        outcome[0].raiseException()
    return outcome[0]
