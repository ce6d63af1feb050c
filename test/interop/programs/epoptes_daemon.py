#!/usr/bin/env python3
"""
The two servers of epoptes' daemon, as its plugin for twistd starts them: for clients on TCP, and for user interfaces on a
UNIX socket. The plugin itself uses fixed ports, certificates and folders of the system.

    epoptes_daemon.py PATH

Prints the port for clients, and exits when its standard input ends.
"""

import sys

from epoptes.daemon import bashplex, guiplex
from twisted.internet import reactor
from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO


class UntilEnd(Protocol):
    def connectionLost(self, reason):
        reactor.stop()


clients = bashplex.DelimitedBashReceiverFactory()
port = reactor.listenTCP(0, clients, interface="127.0.0.1")
reactor.listenUNIX(sys.argv[1], guiplex.GUIFactory())
print(port.getHost().port, flush=True)
StandardIO(UntilEnd())
reactor.callLater(60, reactor.stop)
reactor.run()
