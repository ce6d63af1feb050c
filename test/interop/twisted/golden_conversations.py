"""
Golden conversations: the boxes that two Twisted peers write to each other.

The peers are connected in memory, so that every write is recorded separately and in a fixed order. StartTLS is recorded
up to the handshake, and then again from the first box inside TLS.
"""

from argparse import Namespace
from collections import deque
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from twisted.protocols import amp
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath
from zope.interface import directlyProvides

import commands
from golden_boxes import boxesToJSON, parse
from json_values import fieldsToJSON
from peer_protocol import Peer
from switch_scenarios import LineFactory


class _Wire(StringTransport):
    """The transport of one end. Each write is recorded as a step and queued for delivery to the other end."""

    def __init__(self, conversation, side):
        super().__init__()
        self._conversation = conversation
        self._side = side
        self.secure = False

    def write(self, data):
        self._conversation.written(self._side, data, self.secure)

    def loseConnection(self):
        self._conversation.closedBy(self._side)

    def startTLS(self, contextFactory, normal=True):
        self.secure = True
        directlyProvides(self, ISSLTransport)


class _Certificate:
    """A substitute for a PrivateCertificate: nothing is encrypted in memory."""

    def options(self, *authorities):
        return None


class Conversation:
    """A client and a server. ``steps`` and ``outcomes`` record the client's calls."""

    def __init__(self, refuseTLS=False):
        self.steps = []
        self.outcomes = []
        self.closer = None
        self._queue = deque()
        self._peers = {}
        tls = Namespace(refused=refuseTLS, helloDelay=0, keys=lambda: {"tls_localCertificate": _Certificate()})
        for side in ("client", "server"):
            self._peers[side] = Peer(tls)
            self._peers[side].makeConnection(_Wire(self, side))
        self.client = self._peers["client"]
        self.server = self._peers["server"]

    def ask(self, command, *factory, **arguments):
        """Make a call without delivering it, so that the next ask follows it directly."""
        called = self.client.callRemote(command, *factory, **arguments)
        if called is not None:
            self._note(command.__name__, called, lambda answer: fieldsToJSON(command.response, answer))

    def askRaw(self, command, requiresAnswer=True, **fields):
        """Make a call with raw bytes for every field."""
        box = amp.Box({key.encode("ascii"): value for key, value in fields.items()})
        called = self.client._sendBoxCommand(command, box, requiresAnswer)
        if called is not None:
            self._note(command.decode("ascii"), called, _fieldsToHex)

    def call(self, command, *factory, **arguments):
        self.ask(command, *factory, **arguments)
        self.deliver()

    def send(self, protocol, data):
        """Write bytes in the protocol after the switch."""
        protocol.transport.write(data)
        self.deliver()

    def deliver(self):
        """Deliver everything written until neither end writes any more."""
        while self._queue:
            receiver, data = self._queue.popleft()
            self._peers[receiver].dataReceived(data)
        if self.closer:
            for peer in self._peers.values():
                if not peer.whenLost.called:
                    peer.connectionLost(Failure(ConnectionDone()))

    def written(self, side, data, secure):
        step = {"from": side}
        if secure:
            step["tls"] = True
        step["hex"] = data.hex()
        if self._peers[side].innerProtocol is None:
            step["boxes"] = boxesToJSON(parse(data)[0])
        self.steps.append(step)
        self._queue.append(("server" if side == "client" else "client", data))

    def closedBy(self, side):
        self.closer = self.closer or side

    def _note(self, name, called, describe):
        outcome = {"call": name}
        self.outcomes.append(outcome)

        def answered(answer):
            outcome["response"] = describe(answer)

        def failed(failure):
            outcome["error"] = failure.type.__name__
            outcome["message"] = getattr(failure.value, "description", None) or str(failure.value)
            if isinstance(failure.value, amp.UnhandledCommand):
                outcome["message"] = failure.value.args[1]

        called.addCallbacks(answered, failed)


def _fieldsToHex(answer):
    return {key.decode("ascii"): {"hex": value.hex()} for key, value in answer.items() if key != amp.ANSWER}


_WHEN = datetime(2012, 1, 23, 12, 34, 56, 54321, timezone(-timedelta(hours=1, minutes=23)))
_TEXT = "caf\u00e9 \U0001f600"


def _sum(conversation):
    conversation.call(commands.Sum, a=13, b=81)


def _sumOf128Bits(conversation):
    conversation.call(commands.Sum, a=2**128, b=-1)


def _sumsOneByOne(conversation):
    _sum(conversation)
    _sum(conversation)


def _sumsPipelined(conversation):
    for a in range(3):
        conversation.ask(commands.Sum, a=a, b=1)
    conversation.deliver()


def _seventeenSums(conversation):
    for a in range(17):
        conversation.ask(commands.Sum, a=a, b=0)
    conversation.deliver()


def _overtaking(conversation):
    conversation.ask(commands.CallBack, n=1)
    conversation.ask(commands.Sum, a=1, b=2)
    conversation.deliver()


def _notify(conversation):
    conversation.call(commands.LastNotified)
    conversation.call(commands.Notify, message=_TEXT)
    conversation.call(commands.LastNotified)


def _notifyWithAnswer(conversation):
    conversation.askRaw(b"Notify", message=b"hello")
    conversation.deliver()


def _optional(conversation):
    for fields in ({}, {"a": 0}, {"b": ""}, {"a": -1, "b": _TEXT}):
        conversation.call(commands.EchoOptional, **fields)


def _ampList(conversation):
    rows = [{"id": 1, "name": "one", "score": 1e-5}, {"id": -2, "name": ""}]
    conversation.call(commands.EchoAmpList, value=rows)
    conversation.call(commands.EchoAmpList, value=[])


def _bigValues(conversation):
    conversation.call(commands.EchoBig, text="", data=b"")
    # Received pieces may have any size, and a missing number ends them. Here a piece ends inside a character.
    fields = {"text": b"caf\xc3", "text.2": b"\xa9", "text.4": b"lost", "data": b"1", "data.2": b"", "data.3": b"3"}
    conversation.askRaw(b"EchoBig", **fields)
    conversation.deliver()


def _calls(command, **arguments):
    """Make the call, and a Sum after it if the connection is still open."""

    def perform(conversation):
        conversation.call(command, **arguments)
        if conversation.closer is None:
            _sum(conversation)

    return perform


def _missingArgument(conversation):
    conversation.askRaw(b"Sum", a=b"1")
    conversation.deliver()


def _badArgument(conversation):
    conversation.askRaw(b"Sum", a=b"1", b=b"0x10")
    conversation.deliver()


def _unknownArgument(conversation):
    conversation.askRaw(b"Sum", a=b"1", b=b"2", c=b"ignored")
    conversation.deliver()


def _unanswered(command, **fields):
    def perform(conversation):
        conversation.askRaw(command, requiresAnswer=False, **fields)
        conversation.deliver()

    return perform


def _startTLS(conversation):
    conversation.ask(amp.StartTLS, tls_localCertificate=_Certificate())
    conversation.ask(commands.Sum, a=13, b=81)  # queued until the upgrade
    conversation.deliver()


def _secureStart(conversation):
    conversation.call(
        commands.SecureStart, tls_localCertificate=_Certificate(), tls_verifyAuthorities=[], token=commands.GOOD_TOKEN
    )
    _sum(conversation)


def _refusedStart(command, **arguments):
    def perform(conversation):
        conversation.call(command, **arguments)
        conversation.ask(commands.Sum, a=13, b=81)  # queued forever: Twisted never leaves the upgrade
        conversation.deliver()

    return perform


def _startTLSAskedByServer(conversation):
    conversation.server.callRemote(amp.StartTLS, tls_localCertificate=_Certificate())
    conversation.deliver()
    conversation.call(commands.WaitSecure)


def _switch(conversation):
    factory = LineFactory()
    conversation.call(commands.SwitchToLine, factory)
    conversation.send(factory.asker, b"one\r\n")
    conversation.send(factory.asker, b"two\r\n\r\n")


def _refusedSwitch(conversation):
    conversation.call(commands.RefuseSwitch, LineFactory())
    _sum(conversation)


CONVERSATIONS = {
    "sum": _sum,
    "sum-of-128-bits": _sumOf128Bits,
    "sums-one-by-one": _sumsOneByOne,
    "sums-pipelined": _sumsPipelined,
    "tags-count-in-hexadecimal": _seventeenSums,
    "divide": _calls(commands.Divide, numerator=7, denominator=2),
    "call-back": _calls(commands.CallBack, n=2),
    "later-ask-answered-first": _overtaking,
    "notify-consumes-a-tag": _notify,
    "notify-asked-with-a-tag": _notifyWithAnswer,
    "echo-integer": _calls(commands.EchoInteger, value=-5),
    "echo-string": _calls(commands.EchoString, value=b"\x00\xff\x00\x00"),
    "echo-unicode": _calls(commands.EchoUnicode, value=_TEXT),
    "echo-boolean": _calls(commands.EchoBoolean, value=True),
    "echo-float": _calls(commands.EchoFloat, value=1e16),
    "echo-decimal": _calls(commands.EchoDecimal, value=Decimal("1.0E+3")),
    "echo-date-time": _calls(commands.EchoDateTime, value=_WHEN),
    "echo-path": _calls(commands.EchoPath, value=FilePath("/tmp/a b")),
    "echo-list-of-integer": _calls(commands.EchoListOfInteger, value=[1, -2, 3]),
    "echo-list-of-list-of-unicode": _calls(commands.EchoListOfListOfUnicode, value=[["a", ""], [], [_TEXT]]),
    "echo-amp-list": _ampList,
    "echo-optional": _optional,
    "echo-big": _bigValues,
    "raw-responder": _calls(commands.Raw, data=b"\x00\xff"),
    "declared-error": _calls(commands.FailDeclared, message="not there"),
    "declared-error-with-empty-text": _calls(commands.FailDeclared, message=""),
    "declared-error-with-unicode-text": _calls(commands.FailDeclared, message=_TEXT),
    "zero-division": _calls(commands.Divide, numerator=1, denominator=0),
    "error-of-the-base": _calls(commands.FailBase, message="base"),
    "error-of-the-base-from-the-extension": _calls(commands.FailExtended, message="base", which="base"),
    "error-of-the-extension": _calls(commands.FailExtended, message="extended", which="extended"),
    "error-code-nobody-declares": _calls(commands.FailWith, code=b"ODD", description="odd", fatal=False),
    "error-code-not-ascii": _calls(commands.FailWith, code=b"\xff\x00", description=_TEXT, fatal=False),
    "error-code-nobody-declares-fatal": _calls(commands.FailWith, code=b"ODD", description="odd", fatal=True),
    "fatal-error": _calls(commands.FailFatal, message="the end"),
    "undeclared-error": _calls(commands.FailUndeclared, message="a secret"),
    "return-value-that-does-not-encode": _calls(commands.FailReturn),
    "answer-of-65536-bytes": _calls(commands.Repeat, value=b"x" * 16, times=4096),
    "unhandled-command": _calls(commands.NotServed),
    "missing-argument": _missingArgument,
    "bad-argument": _badArgument,
    "unknown-argument-ignored": _unknownArgument,
    "unhandled-command-without-tag": _unanswered(b"NotServed"),
    "command-without-tag": _unanswered(b"Sum", a=b"1", b=b"2"),
    "declared-error-without-tag": _unanswered(b"FailDeclared", message=b"not told"),
    "undeclared-error-without-tag": _unanswered(b"FailUndeclared", message=b"not told"),
    "bad-argument-without-tag": _unanswered(b"Sum", a=b"1", b=b"0x10"),
    "start-tls": _startTLS,
    "secure-start": _secureStart,
    "secure-start-with-bad-token": _refusedStart(commands.SecureStart, token="wrong"),
    "start-tls-asked-by-the-server": _startTLSAskedByServer,
    "switch": _switch,
    "switch-refused": _refusedSwitch,
}

REFUSING = {"start-tls-refused": _refusedStart(amp.StartTLS)}


def vectors():
    """
    Return the vectors. ``steps`` are the writes of both ends in order, one box a write. Steps with ``tls`` are bytes
    inside TLS, and steps without ``boxes`` belong to the protocol after a switch. ``outcomes`` are those of the
    client's calls in order: ``response`` as JSON, ``error`` and ``message``, or none of these if the call is never
    answered. If the client asked with raw bytes, each field of ``response`` is ``{"hex": ...}``. ``closes`` is the end
    that closes the connection after the last step.
    """
    for refuseTLS, conversations in [(False, CONVERSATIONS), (True, REFUSING)]:
        for name, perform in conversations.items():
            conversation = Conversation(refuseTLS)
            perform(conversation)
            vector = {"name": name, "steps": conversation.steps, "outcomes": conversation.outcomes}
            if conversation.closer:
                vector["closes"] = conversation.closer
            yield vector
