"""One run of a client scenario: connections, reported steps, and what steps are made of."""

from twisted.internet import reactor
from twisted.internet.defer import FirstError
from twisted.internet.endpoints import connectProtocol

from peer_protocol import Peer, describe


class Run:
    """Opens connections and reports steps. ``firstError`` is the verdict, None for success."""

    def __init__(self, endpoint, tls, terminal, options):
        self.tls = tls
        self.terminal = terminal
        self.options = options
        self.firstError = None
        self._endpoint = endpoint
        self._peers = []

    async def connect(self):
        """A new, connected Peer."""
        peer = await connectProtocol(self._endpoint, Peer(self.tls))
        self._peers.append(peer)
        return peer

    async def close(self):
        """Close every connection in order, so that the other end sees a clean end and not a dying process."""
        for peer in self._peers:
            if not peer.whenLost.called:
                peer.transport.loseConnection()
                await lossOf(peer)

    async def step(self, name, work):
        """Await ``work`` and report it. A failure is remembered and not raised, so that the steps after it run."""
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
    """The exception that ``call`` fails with, which must be of one of exactly these classes."""
    try:
        answer = await call
    except classes as failure:
        if type(failure) in classes:
            return failure
        raise
    raise AssertionError(f"expected {' or '.join(each.__name__ for each in classes)}, got the answer {answer!r}")


async def lossOf(peer):
    """How the connection ended, as text. It must end within two seconds."""
    peer.whenLost.addTimeout(2, reactor)
    try:
        return describe(await peer.whenLost)
    except TimeoutError:
        raise AssertionError("the connection is still open")
