#!/usr/bin/env python3
"""
A Twisted AMP peer over inherited descriptors: a child of any parent.

    stdio_peer.py [--input N] [--output N] [--timeout SECONDS]

It serves every command of ``commands.py``, as ``peer.py`` does. The exit status is 0 if the connection ended properly,
and 1 if it was lost or has not ended within the timeout.
"""

import argparse
import sys

from twisted.internet import reactor
from twisted.internet.error import ConnectionDone
from twisted.internet.stdio import StandardIO

from peer_protocol import Peer


def main():
    parser = argparse.ArgumentParser(description="A Twisted AMP peer over standard input and output.")
    parser.add_argument("--input", type=int, default=0, metavar="N")
    parser.add_argument("--output", type=int, default=1, metavar="N")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
    options = parser.parse_args()
    status = [1]
    peer = Peer(None)

    def over(reason):
        status[0] = 0 if isinstance(reason, ConnectionDone) else 1
        reactor.stop()

    peer.whenLost.addCallback(over)
    reactor.callLater(options.timeout, reactor.stop)
    reactor.callWhenRunning(StandardIO, peer, options.input, options.output)
    reactor.run()
    sys.exit(status[0])


if __name__ == "__main__":
    main()
