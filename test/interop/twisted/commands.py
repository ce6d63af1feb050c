"""
Commands of the interoperability peers, declared for Twisted.

Both roles of ``peer.py`` serve all of them (``peer_protocol.py``), so either end of a connection may call any of them.
An error class precedes the first command that declares it.
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


# Echoes: one command for every argument type. The response has the fields of the arguments.


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
    """Both keys are optional. A key that is absent from the ask is absent from the answer."""

    arguments = response = [(b"a", amp.Integer(optional=True)), (b"b", amp.Unicode(optional=True))]


class EchoBig(amp.Command):
    """Values that are split over several keys of the box, see ``big_values.py``."""

    arguments = response = [(b"text", BigUnicode()), (b"data", BigBytes())]


class EchoDescriptor(amp.Command):
    """Sends the received file descriptor back. Requires a UNIX socket without TLS."""

    arguments = response = [(b"value", amp.Descriptor())]


class Raw(amp.Command):
    """
    Served by a method ``amp_RAW`` that receives the raw box. It answers with every key that does not begin with ``_``.

    Twisted upper-cases the name, so the responder is found for any case of it: ``raw``, ``RAW``, ``Raw``.
    """

    arguments = response = [(b"data", amp.String())]
    commandName = b"raw"


class Recode(amp.Command):
    """
    Decodes ``wire`` as the argument type ``type`` and encodes the value again. Invalid bytes do not end the connection.

    ``type`` is written as in ``argument_types.py``. If Twisted rejects the bytes, ``accepted`` is false, ``error`` is
    the name of the exception's class and ``wire`` is empty.
    """

    arguments = [(b"type", amp.Unicode()), (b"wire", amp.String())]
    response = [(b"accepted", amp.Boolean()), (b"wire", amp.String()), (b"error", amp.Unicode())]


# Failures.


class DeclaredError(LookupError):
    """Declared by FailDeclared."""


class FailDeclared(amp.Command):
    """Raises DeclaredError(message). The connection stays open."""

    arguments = [(b"message", amp.Unicode())]
    errors = {DeclaredError: b"DECLARED"}


class FatalError(Exception):
    """Declared as fatal by FailFatal."""


class FailFatal(amp.Command):
    """Raises FatalError(message). The error is answered and the connection is closed."""

    arguments = [(b"message", amp.Unicode())]
    fatalErrors = {FatalError: b"FATAL"}


class Quit(amp.Command):
    """Answers with the message. The answer is the last box of the connection."""

    arguments = [(b"message", amp.Unicode())]
    response = [(b"goodbye", amp.Unicode())]
    responseType = amp.QuitBox


class FailUndeclared(amp.Command):
    """Raises RuntimeError(message), which is not declared. It is answered with UNKNOWN and the connection is closed."""

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
    """Raises BaseError(message) if ``which`` is ``base``, otherwise ExtendedError(message)."""

    arguments = FailBase.arguments + [(b"which", amp.Unicode())]
    errors = {ExtendedError: b"EXTENDED"}


class FailWith(amp.Command):
    """Raises RemoteAmpError(code, description, fatal), with an error code that no command declares."""

    arguments = [(b"code", amp.String()), (b"description", amp.Unicode()), (b"fatal", amp.Boolean())]


class FailReturn(amp.Command):
    """Returns a value that cannot be encoded. It is answered with UNKNOWN and the connection is closed."""

    response = [(b"total", amp.Integer())]


class Repeat(amp.Command):
    """Answers with ``value`` repeated ``times`` times. Over 65535 bytes, Twisted sends no answer and closes."""

    arguments = [(b"value", amp.String()), (b"times", amp.Integer())]
    response = [(b"value", amp.String())]


class NotServed(amp.Command):
    """Has no responder at any peer, so it is answered with UNHANDLED."""


# Delays, calls back, the end of the connection.


class Notify(amp.Command):
    """Stores the message. It is not answered."""

    arguments = [(b"message", amp.Unicode())]
    requiresAnswer = False


class LastNotified(amp.Command):
    """Answers with the message of the last Notify on this connection, which is empty before the first."""

    response = [(b"message", amp.Unicode())]


class Slow(amp.Command):
    """Answers after ``milliseconds``."""

    arguments = [(b"milliseconds", amp.Integer())]


class CallBack(amp.Command):
    """
    Calls Sum(a=i, b=i) for every i from 0 to n - 1 at once, back over the same connection. Answers with the sum of the
    totals, n * (n - 1).
    """

    arguments = [(b"n", amp.Integer())]
    response = [(b"total", amp.Integer())]


class AskMe(amp.Command):
    """
    Calls the command ``command`` with the given raw fields back over the same connection.

    ``outcome`` is ``answer``, with the answer's fields sorted by key and without the tag. For an error it is the name
    of the exception's class, with the error code and description if the peer sent them.
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
    """Is never answered: the responder closes the connection, with a reset if ``abort`` is true."""

    arguments = [(b"abort", amp.Boolean())]


# TLS.


class WhoAmI(amp.Command):
    """Answers with the caller as the callee's TLS layer sees it. Texts are empty in plaintext or if anonymous."""

    response = [(b"peerCommonName", amp.Unicode()), (b"secure", amp.Boolean()), (b"tlsVersion", amp.Unicode())]


class BadTokenError(Exception):
    """Raised by SecureStart for a token other than GOOD_TOKEN."""


GOOD_TOKEN = "sesame"


class SecureStart(amp.StartTLS):
    """An extension of StartTLS with an argument."""

    arguments = amp.StartTLS.arguments + [(b"token", amp.Unicode())]
    errors = {BadTokenError: b"BAD_TOKEN"}


class StartTLSNow(amp.Command):
    """Is answered, after which the callee asks for StartTLS."""


class WaitSecure(amp.Command):
    """Is answered when the upgrade of StartTLSNow has been agreed or has failed. ``error`` is ``Class: message``."""

    response = [(b"secure", amp.Boolean()), (b"error", amp.Unicode())]


# Protocol switches.


class SwitchToLine(amp.ProtocolSwitchCommand):
    """Both ends switch to lines. The callee answers every ``<line>\\r\\n`` with ``echo: <line>\\r\\n``."""


class SwitchRefusedError(Exception):
    """Declared by RefuseSwitch."""


class RefuseSwitch(amp.ProtocolSwitchCommand):
    """Is always refused with SwitchRefusedError. AMP continues."""

    errors = {SwitchRefusedError: b"SWITCH_REFUSED"}
