"""One run of a client scenario: its connections, its reported steps, and helpers for steps."""

from twisted.internet import reactor
from twisted.internet.defer import FirstError
from twisted.internet.endpoints import connectProtocol

from peer_protocol import Peer, describe


class Run:
    """Opens connections and reports steps. ``firstError`` is the first error, or None after a success."""

    def __init__(self, endpoint, tls, terminal, options):
        self.tls = tls
        self.terminal = terminal
        self.options = options
        self.firstError = None
        self._endpoint = endpoint
        self._peers = []

    async def connect(self):
        """Return a new, connected Peer."""
        peer = await connectProtocol(self._endpoint, Peer(self.tls))
        self._peers.append(peer)
        return peer

    async def close(self):
        """Close every connection properly, so that the other end does not see a process that dies."""
        for peer in self._peers:
            if not peer.whenLost.called:
                peer.transport.loseConnection()
                await lossOf(peer)

    async def step(self, name, work):
        """Await ``work`` and report it. An error is stored and not raised, so that the next steps run."""
        try:
            value = await work
        except Exception as failure:
            reason = failure.subFailure.value if isinstance(failure, FirstError) else failure
            self.firstError = self.firstError or describe(reason)
            self.terminal.say({"step": name, "ok": False, "error": describe(reason)})
            return None
        message = {"step": name, "ok": True}
        if value is not None:
            message["value"] = value
        self.terminal.say(message)
        return value


def expect(actual, wanted):
    if actual != wanted:
        raise AssertionError(f"expected {wanted!r}, got {actual!r}")


async def failureOf(call, *classes):
    """Return the exception with which ``call`` fails. Its class must be exactly one of ``classes``."""
    try:
        answer = await call
    except classes as failure:
        if type(failure) in classes:
            return failure
        raise
    raise AssertionError(f"expected {' or '.join(each.__name__ for each in classes)}, got the answer {answer!r}")


async def lossOf(peer):
    """Return as text how the connection ended. It must end within two seconds."""
    peer.whenLost.addTimeout(2, reactor)
    try:
        return describe(await peer.whenLost)
    except TimeoutError:
        raise AssertionError("the connection is still open")
