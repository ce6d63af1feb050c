#!/usr/bin/env python3
"""
The connection of epoptes' user interface to its daemon, without the windows.

    epoptes_gui.py PATH

Asks for the clients, sends the command `echo hello` to each, and waits until one client connects and one disconnects. Prints
one line of JSON for each event.
"""

import json
import sys

from epoptes.daemon import uiconnection
from twisted.internet import reactor
from twisted.internet.protocol import ClientCreator


def say(*event):
    print(json.dumps(event), flush=True)


class Interface:
    """Has the methods of epoptes' EpoptesGui that the connection calls."""

    def connected(self, daemon):
        self.daemon = daemon
        daemon.enumerate_clients().addCallbacks(self.amp_got_clients, self.failed)

    def disconnected(self, daemon):
        say("disconnected")
        reactor.stop()

    def failed(self, failure):
        say("failed", failure.getErrorMessage())

    def amp_got_clients(self, handles):
        say("clients", handles)
        for handle in handles:
            self.daemon.command(handle, "echo hello").addCallbacks(self.answered, self.failed)

    def answered(self, result):
        say("result", result.decode())

    def amp_client_connected(self, handle):
        say("connected", handle)

    def amp_client_disconnected(self, handle):
        say("gone", handle)


ClientCreator(reactor, uiconnection.Daemon, Interface()).connectUNIX(sys.argv[1])
reactor.callLater(60, reactor.stop)
reactor.run()
