"""The AMP protocol of the interoperability peers, with a responder for every command, in both roles."""

import os

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CertificateError
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.ssl import Certificate
from twisted.internet.task import deferLater
from twisted.protocols import amp
from twisted.protocols.basic import LineReceiver

import commands
from argument_types import argumentType


def describe(error):
    """Return an exception as the peers print it: ``ClassName: message``."""
    return f"{type(error).__name__}: {error}"


class LineEcho(LineReceiver):
    """The protocol after SwitchToLine at the callee."""

    def lineReceived(self, line):
        self.sendLine(b"echo: " + line)


class Peer(amp.AMP):
    """
    ``tls`` is the TLSSide that StartTLS uses on this connection. ``whenLost`` fires once with the exception that ended
    the connection. ``sumsServed`` is the number of Sums that the other end has called.
    """

    def __init__(self, tls, observe=None):
        super().__init__()
        self.tls = tls
        self.whenLost = Deferred()
        self.sumsServed = 0
        self._observe = observe or (lambda event, peer, reason=None: None)
        self._lastNotified = ""
        self._descriptorsToClose = []
        self._waitingToBeAsked = []
        self._upgrading = False
        self._waitingForUpgrade = []
        self._upgradeError = ""

    # The start and the end of the connection.

    def connectionMade(self):
        super().connectionMade()
        self._observe("connected", self)

    def connectionLost(self, reason):
        super().connectionLost(reason)
        for descriptor in self._descriptorsToClose:
            os.close(descriptor)
        waiting, self._waitingToBeAsked = self._waitingToBeAsked, []
        for deferred in waiting:
            deferred.errback(reason)
        self._observe("lost", self, reason)
        self.whenLost.callback(reason.value)

    # Arithmetic.

    @commands.Sum.responder
    def sum(self, a, b):
        self.sumsServed += 1
        return {"total": a + b}

    @commands.Divide.responder
    def divide(self, numerator, denominator):
        return {"result": numerator / denominator}

    # Echoes.

    def _echo(self, **fields):
        return fields

    for _command in (
        commands.EchoInteger,
        commands.EchoString,
        commands.EchoUnicode,
        commands.EchoBoolean,
        commands.EchoFloat,
        commands.EchoDecimal,
        commands.EchoDateTime,
        commands.EchoPath,
        commands.EchoListOfInteger,
        commands.EchoListOfListOfUnicode,
        commands.EchoAmpList,
        commands.EchoOptional,
        commands.EchoBig,
    ):
        _command.responder(_echo)
    del _command

    @commands.EchoDescriptor.responder
    def echoDescriptor(self, value):
        # The descriptor must stay open until sendmsg has sent it, and Twisted does not report when it has.
        self._descriptorsToClose.append(value)
        return {"value": value}

    def amp_RAW(self, box):
        return amp.Box({key: value for key, value in box.items() if not key.startswith(b"_")})

    def amp_ADDRESSES(self, box):
        """Return the addresses of both ends, as Twisted knows them."""
        ends = (self.transport.getPeer(), self.transport.getHost())
        peer, host = (f"{end.host} {end.port}".encode("ascii") for end in ends)
        return amp.Box(peer=peer, host=host)

    @commands.Recode.responder
    def recode(self, type, wire):
        argument = argumentType(type)
        try:
            again = argument.toStringProto(argument.fromStringProto(wire, self), self)
        except Exception as error:
            return {"accepted": False, "wire": b"", "error": error.__class__.__name__}
        return {"accepted": True, "wire": again, "error": ""}

    # Failures.

    @commands.FailDeclared.responder
    def failDeclared(self, message):
        raise commands.DeclaredError(message)

    @commands.FailFatal.responder
    def failFatal(self, message):
        raise commands.FatalError(message)

    @commands.Quit.responder
    def quit(self, message):
        return {"goodbye": message}

    @commands.FailUndeclared.responder
    def failUndeclared(self, message):
        raise RuntimeError(message)

    @commands.FailBase.responder
    def failBase(self, message):
        raise commands.BaseError(message)

    @commands.FailExtended.responder
    def failExtended(self, message, which):
        raise (commands.BaseError if which == "base" else commands.ExtendedError)(message)

    @commands.FailWith.responder
    def failWith(self, code, description, fatal):
        raise amp.RemoteAmpError(code, description, fatal)

    @commands.FailReturn.responder
    def failReturn(self):
        return {"total": "not an integer"}

    @commands.Repeat.responder
    def repeat(self, value, times):
        return {"value": value * times}

    # Delays, calls back, the end of the connection.

    @commands.Notify.responder
    def notify(self, message):
        self._lastNotified = message
        return {}

    @commands.LastNotified.responder
    def lastNotified(self):
        return {"message": self._lastNotified}

    @commands.Slow.responder
    def slow(self, milliseconds):
        return deferLater(reactor, milliseconds / 1000, dict)

    @commands.CallBack.responder
    def callBack(self, n):
        asked = [self.callRemote(commands.Sum, a=i, b=i) for i in range(n)]
        answered = gatherResults(asked, consumeErrors=True)
        return answered.addCallback(lambda answers: {"total": sum(answer["total"] for answer in answers)})

    @commands.AskMe.responder
    def askMe(self, command, fields):
        box = amp.Box({field["key"]: field["value"] for field in fields})

        def answered(answer):
            pairs = sorted((key, value) for key, value in answer.items() if key != amp.ANSWER)
            rows = [{"key": key, "value": value} for key, value in pairs]
            return {"outcome": "answer", "fields": rows, "code": b"", "description": ""}

        def failed(failure):
            error = failure.value
            code, description = b"", str(error)
            if isinstance(error, amp.RemoteAmpError):
                code, description = error.errorCode, error.description
            elif isinstance(error, amp.UnhandledCommand):
                code, description = error.args
            return {"outcome": type(error).__name__, "fields": [], "code": code, "description": description}

        return self._sendBoxCommand(command, box).addCallbacks(answered, failed)

    @commands.HangUp.responder
    def hangUp(self, abort):
        if abort:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()
        return Deferred()

    # TLS.

    @commands.WhoAmI.responder
    def whoIsThere(self):
        """Return the peer as the local TLS layer sees it. Before the end of the handshake, the peer is unknown."""
        seen = {"peerCommonName": "", "secure": ISSLTransport.providedBy(self.transport), "tlsVersion": ""}
        if seen["secure"]:
            seen["tlsVersion"] = self.transport.getHandle().get_protocol_version_name()
            try:
                subject = Certificate.peerFromTransport(self.transport).getSubject()
            except CertificateError:
                pass  # an anonymous client
            else:
                seen["peerCommonName"] = getattr(subject, "commonName", b"").decode("utf-8")
        return seen

    @amp.StartTLS.responder
    def answerStartTLS(self):
        if self.tls.refused:
            raise amp.RemoteAmpError(b"TLS_ERROR", "TLS is refused here")
        return self.tls.keys()

    @commands.SecureStart.responder
    def answerSecureStart(self, token):
        if token != commands.GOOD_TOKEN:
            raise commands.BadTokenError(f"not a good token: {token}")
        return self.answerStartTLS()

    def whenAskedForTLS(self):
        """Return a Deferred that fires when TLS has started at this end, or fails with the connection."""
        deferred = Deferred()
        self._waitingToBeAsked.append(deferred)
        return deferred

    def _startTLS(self, certificate, verifyAuthorities):
        """Start TLS as Twisted does, at the answer. With --hello-delay, hold boxes and start later."""
        if self._startingTLSBuffer is None:
            self._startingTLSBuffer = []
        if self.tls.helloDelay:
            reactor.callLater(self.tls.helloDelay, self._begin, certificate, verifyAuthorities)
        else:
            self._begin(certificate, verifyAuthorities)

    def _begin(self, certificate, verifyAuthorities):
        if self.transport is None:
            return  # the connection was lost during the delay
        super()._startTLS(certificate, verifyAuthorities)
        waiting, self._waitingToBeAsked = self._waitingToBeAsked, []
        for deferred in waiting:
            deferred.callback(None)

    @commands.StartTLSNow.responder
    def startTLSNow(self):
        self._upgrading = True
        reactor.callLater(0, self._askForTLS)  # runs after the answer has been written
        return {}

    def _askForTLS(self):
        asked = maybeDeferred(self.callRemote, amp.StartTLS, **self.tls.keys())
        asked.addCallbacks(lambda answer: "", self._unmute)
        asked.addCallback(self._upgradeSettled)

    def _unmute(self, failure):
        """Release the boxes that Twisted holds forever after a refused StartTLS, so that the outcome is sent."""
        held, self._startingTLSBuffer = self._startingTLSBuffer, None
        for box in held or ():
            self.sendBox(box)
        return describe(failure.value)

    def _upgradeSettled(self, error):
        self._upgrading, self._upgradeError = False, error
        waiting, self._waitingForUpgrade = self._waitingForUpgrade, []
        for deferred in waiting:
            deferred.callback(None)

    @commands.WaitSecure.responder
    def waitSecure(self):
        settled = Deferred()
        if self._upgrading:
            self._waitingForUpgrade.append(settled)
        else:
            settled.callback(None)
        return settled.addCallback(
            lambda _: {"secure": ISSLTransport.providedBy(self.transport), "error": self._upgradeError}
        )

    # Protocol switches.

    @commands.SwitchToLine.responder
    def switchToLine(self):
        return LineEcho()

    @commands.RefuseSwitch.responder
    def refuseSwitch(self):
        raise commands.SwitchRefusedError("AMP goes on")
