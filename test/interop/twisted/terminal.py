"""Standard input as lines, and standard output as lines of JSON, for the parent process."""

import json

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver
from zope.interface import implementer


@implementer(IHalfCloseableProtocol)
class Terminal(LineOnlyReceiver):
    """
    Reads lines of input and writes lines of JSON. Input is queued until ``listen`` is called. ``onClosed`` is called
    once all output before ``end`` has been read, or when the reader of the output is gone.
    """

    delimiter = b"\n"
    MAX_LENGTH = 16 * 1024 * 1024

    def __init__(self, onClosed):
        self._onClosed = onClosed
        self._lines = []
        self._ended = False
        self._onLine = self._lines.append
        self._onEnd = lambda: None
        StandardIO(self)

    def listen(self, onLine, onEnd):
        """Call ``onLine`` with the bytes of each line, queued lines first, and ``onEnd`` after the last."""
        self._onLine, self._onEnd = onLine, onEnd
        kept, self._lines = self._lines, []
        for line in kept:
            onLine(line)
        if self._ended:
            onEnd()

    def say(self, message):
        self.transport.write(json.dumps(message).encode("ascii") + b"\n")

    def end(self):
        self.transport.loseConnection()

    def lineReceived(self, line):
        self._onLine(line)

    def readConnectionLost(self):
        self._ended = True
        self._onEnd()

    def writeConnectionLost(self):
        self.end()

    def connectionLost(self, reason):
        self._onClosed()
