"""
The commands that the interoperability peers speak, as Twisted declares them.

Both roles of ``peer.py`` serve all of them (``peer_protocol.py``), so either end of a connection may ask any of them.
An error class stands beside the first command that declares it.
"""

from twisted.protocols import amp

from big_values import BigBytes, BigUnicode

# Arithmetic: the two commands of Twisted's own documentation.


class Sum(amp.Command):
    """Add two integers of any size."""

    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Divide(amp.Command):
    """Divide; a zero denominator is a declared error."""

    arguments = [(b"numerator", amp.Integer()), (b"denominator", amp.Integer())]
    response = [(b"result", amp.Float())]
    errors = {ZeroDivisionError: b"ZERO_DIVISION"}


# Echoes: one command for every argument type. The response has the shape of the arguments.


class EchoInteger(amp.Command):
    arguments = response = [(b"value", amp.Integer())]


class EchoString(amp.Command):
    arguments = response = [(b"value", amp.String())]


class EchoUnicode(amp.Command):
    arguments = response = [(b"value", amp.Unicode())]


class EchoBoolean(amp.Command):
    arguments = response = [(b"value", amp.Boolean())]


class EchoFloat(amp.Command):
    arguments = response = [(b"value", amp.Float())]


class EchoDecimal(amp.Command):
    arguments = response = [(b"value", amp.Decimal())]


class EchoDateTime(amp.Command):
    arguments = response = [(b"value", amp.DateTime())]


class EchoPath(amp.Command):
    arguments = response = [(b"value", amp.Path())]


class EchoListOfInteger(amp.Command):
    arguments = response = [(b"value", amp.ListOf(amp.Integer()))]


class EchoListOfListOfUnicode(amp.Command):
    arguments = response = [(b"value", amp.ListOf(amp.ListOf(amp.Unicode())))]


class EchoAmpList(amp.Command):
    arguments = response = [
        (
            b"value",
            amp.AmpList([(b"id", amp.Integer()), (b"name", amp.Unicode()), (b"score", amp.Float(optional=True))]),
        )
    ]


class EchoOptional(amp.Command):
    """Both keys may be absent; absent ones are absent from the answer too."""

    arguments = response = [(b"a", amp.Integer(optional=True)), (b"b", amp.Unicode(optional=True))]


class EchoBig(amp.Command):
    """Values that are split over several keys of the box, see ``big_values.py``."""

    arguments = response = [(b"text", BigUnicode()), (b"data", BigBytes())]


class EchoDescriptor(amp.Command):
    """Sends the very file descriptor back. Needs a UNIX socket without TLS."""

    arguments = response = [(b"value", amp.Descriptor())]


class Raw(amp.Command):
    """
    Served by a method ``amp_RAW`` that gets the raw box: it answers every key that does not begin with ``_``.

    The responder is found for any casing of the name, because Twisted upper-cases it: ``raw``, ``RAW``, ``Raw``.
    """

    arguments = response = [(b"data", amp.String())]
    commandName = b"raw"


class Recode(amp.Command):
    """
    Decode ``wire`` as the argument type named ``type`` and encode the value again, without risking the connection.

    ``type`` is written as in ``argument_types.py``. When Twisted refuses the bytes, ``accepted`` is false, ``error``
    is the exception's class name and ``wire`` is empty.
    """

    arguments = [(b"type", amp.Unicode()), (b"wire", amp.String())]
    response = [(b"accepted", amp.Boolean()), (b"wire", amp.String()), (b"error", amp.Unicode())]


# Failures.


class DeclaredError(LookupError):
    """Declared by FailDeclared."""


class FailDeclared(amp.Command):
    """Raises DeclaredError(message); the connection stays."""

    arguments = [(b"message", amp.Unicode())]
    errors = {DeclaredError: b"DECLARED"}


class FatalError(Exception):
    """Declared as fatal by FailFatal."""


class FailFatal(amp.Command):
    """Raises FatalError(message); the error is answered and the connection closed."""

    arguments = [(b"message", amp.Unicode())]
    fatalErrors = {FatalError: b"FATAL"}


class FailUndeclared(amp.Command):
    """Raises RuntimeError(message), which no command declares: UNKNOWN, then close."""

    arguments = [(b"message", amp.Unicode())]


class BaseError(Exception):
    """Declared by FailBase, inherited by FailExtended."""


class ExtendedError(Exception):
    """Declared by FailExtended only."""


class FailBase(amp.Command):
    """Raises BaseError(message)."""

    arguments = [(b"message", amp.Unicode())]
    errors = {BaseError: b"BASE"}


class FailExtended(FailBase):
    """Raises BaseError(message) when ``which`` is ``base``, else ExtendedError(message)."""

    arguments = FailBase.arguments + [(b"which", amp.Unicode())]
    errors = {ExtendedError: b"EXTENDED"}


class FailWith(amp.Command):
    """Raises RemoteAmpError(code, description, fatal): a code that no command declares."""

    arguments = [(b"code", amp.String()), (b"description", amp.Unicode()), (b"fatal", amp.Boolean())]


class FailReturn(amp.Command):
    """Returns a value that its response cannot encode: UNKNOWN, then close."""

    response = [(b"total", amp.Integer())]


class Repeat(amp.Command):
    """Answers ``value`` repeated ``times`` times; over 65535 bytes Twisted sends no answer at all and closes."""

    arguments = [(b"value", amp.String()), (b"times", amp.Integer())]
    response = [(b"value", amp.String())]


class NotServed(amp.Command):
    """No peer has a responder for it: UNHANDLED."""


# Time, direction, the end of the connection.


class Notify(amp.Command):
    """Remembers the message. Nothing is answered."""

    arguments = [(b"message", amp.Unicode())]
    requiresAnswer = False


class LastNotified(amp.Command):
    """The message of the last Notify on this connection, empty before the first."""

    response = [(b"message", amp.Unicode())]


class Slow(amp.Command):
    """Answers after so many milliseconds."""

    arguments = [(b"milliseconds", amp.Integer())]


class CallBack(amp.Command):
    """
    The responder asks Sum(a=i, b=i) for every i from 0 to n - 1 at once, on the connection it was asked on, and
    answers the sum of the totals, n * (n - 1).
    """

    arguments = [(b"n", amp.Integer())]
    response = [(b"total", amp.Integer())]


class AskMe(amp.Command):
    """
    The responder asks the command named ``command`` with the given raw fields back on the same connection.

    ``outcome`` is ``answer`` with the answer's fields (the tag left out, sorted by key), or the class name of the
    exception, with the error's code and description where the peer sent them.
    """

    arguments = [
        (b"command", amp.String()),
        (b"fields", amp.AmpList([(b"key", amp.String()), (b"value", amp.String())])),
    ]
    response = [
        (b"outcome", amp.Unicode()),
        (b"fields", amp.AmpList([(b"key", amp.String()), (b"value", amp.String())])),
        (b"code", amp.String()),
        (b"description", amp.Unicode()),
    ]


class HangUp(amp.Command):
    """Never answers: the responder closes the connection, with a reset when ``abort``."""

    arguments = [(b"abort", amp.Boolean())]


# TLS.


class WhoAmI(amp.Command):
    """What the responder's TLS layer knows of the asker: empty texts in plaintext or for an anonymous asker."""

    response = [(b"peerCommonName", amp.Unicode()), (b"secure", amp.Boolean()), (b"tlsVersion", amp.Unicode())]


class BadTokenError(Exception):
    """SecureStart was asked with a token other than GOOD_TOKEN."""


GOOD_TOKEN = "sesame"


class SecureStart(amp.StartTLS):
    """A StartTLS with an argument of its own."""

    arguments = amp.StartTLS.arguments + [(b"token", amp.Unicode())]
    errors = {BadTokenError: b"BAD_TOKEN"}


class StartTLSNow(amp.Command):
    """The responder answers, and then asks StartTLS itself."""


class WaitSecure(amp.Command):
    """Answers when the upgrade begun by StartTLSNow is agreed or has failed; ``error`` is ``Class: message``."""

    response = [(b"secure", amp.Boolean()), (b"error", amp.Unicode())]


# Protocol switches.


class SwitchToLine(amp.ProtocolSwitchCommand):
    """Both ends go on with lines: the responder answers every ``<line>\\r\\n`` with ``echo: <line>\\r\\n``."""


class SwitchRefusedError(Exception):
    """Declared by RefuseSwitch."""


class RefuseSwitch(amp.ProtocolSwitchCommand):
    """Always refused with SwitchRefusedError; AMP goes on."""

    errors = {SwitchRefusedError: b"SWITCH_REFUSED"}
