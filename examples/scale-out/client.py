"""A Twisted client: client.py PORT PORT. It calls the edges until its input ends, and prints the number of right answers."""

import sys
from itertools import cycle

from twisted.internet import reactor, stdio
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.protocols import amp


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer()), (b"worker", amp.Unicode())]


class Input(Protocol):
    ended = False

    def connectionLost(self, reason):
        self.ended = True


async def count(ports, source):
    right = 0
    connection = None
    while not source.ended:
        try:
            if connection is None:
                endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", next(ports))
                connection = await connectProtocol(endpoint, amp.AMP())
            answer = await connection.callRemote(Sum, a=right, b=1)
            assert answer["total"] == right + 1
            right += 1
        except AssertionError:
            raise
        except Exception:
            # The edge is being restarted. Sum may be executed twice, so the call is simply made again at the other edge.
            connection = None
            await deferLater(reactor, 0.01, lambda: None)
    print("the Twisted client has got %d right answers" % right)


def main():
    source = Input()
    stdio.StandardIO(source)
    counting = ensureDeferred(count(cycle(map(int, sys.argv[1:])), source))
    counting.addErrback(lambda failure: failure.printTraceback())
    counting.addBoth(lambda _: reactor.stop())
    reactor.run()


main()
