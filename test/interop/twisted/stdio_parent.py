#!/usr/bin/env python3
"""
Spawn a child that speaks AMP, and make the calls of the scenario ``calls``.

    stdio_parent.py [--input N] [--output N] [--timeout SECONDS] COMMAND...

``--input`` and ``--output`` are the descriptors of the child that carry AMP. The program prints lines of JSON as
``peer.py client`` does. The last step, ``exit``, has the child's exit status as its value.
"""

import argparse
import os
import sys

from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.protocol import ProcessProtocol

from call_scenarios import callsOn
from peer_protocol import Peer, describe
from run import Run
from terminal import Terminal


class Child(ProcessProtocol):
    """The child as the transport of a Peer."""

    def __init__(self, peer, input, output):
        self.exited = Deferred()
        self._peer = peer
        self._input = input
        self._output = output

    def connectionMade(self):
        self._peer.makeConnection(self)

    def getPeer(self):
        return None

    getHost = getPeer

    def write(self, data):
        self.transport.writeToChild(self._input, data)

    def loseConnection(self):
        self.transport.closeChildFD(self._input)

    def childDataReceived(self, descriptor, data):
        if descriptor == self._output:
            self._peer.dataReceived(data)

    def processEnded(self, reason):
        self._peer.connectionLost(reason)
        self.exited.callback(reason.value.exitCode)


def main():
    parser = argparse.ArgumentParser(description="Makes calls to a child over AMP.")
    parser.add_argument("--input", type=int, default=0, metavar="N")
    parser.add_argument("--output", type=int, default=1, metavar="N")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    terminal = Terminal(onClosed=lambda: reactor.running and reactor.stop())
    run = Run(None, None, terminal, options)
    peer = Peer(None)
    child = Child(peer, options.input, options.output)
    descriptors = {0: 0, 2: 2, options.input: "w", options.output: "r"}

    async def perform():
        reactor.spawnProcess(child, options.command[0], options.command, os.environ, childFDs=descriptors)
        await callsOn(run, peer)
        child.loseConnection()
        await run.step("exit", child.exited)

    def over(failure):
        error = run.firstError if failure is None else describe(failure.value)
        terminal.say({"ok": True} if error is None else {"ok": False, "error": error})
        terminal.end()

    def expire():
        if not child.exited.called:
            child.transport.signalProcess("KILL")
        terminal.say({"ok": False, "error": f"TimeoutError: not done after {options.timeout:g} seconds"})
        terminal.end()

    reactor.callLater(options.timeout, expire)
    reactor.callWhenRunning(lambda: ensureDeferred(perform()).addCallbacks(over, over))
    reactor.run()


if __name__ == "__main__":
    sys.exit(main())
