"""Scenarios of protocol switches."""

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory
from twisted.protocols.basic import LineReceiver

import commands
from call_scenarios import sums
from run import expect, failureOf


class LineAsker(LineReceiver):
    """Sends lines and collects the answers. ``done`` fires when the connection has ended."""

    def __init__(self):
        self.connected = Deferred()
        self.lines = []
        self._wanted = 0
        self._received = None

    def ask(self, lines):
        """Send the lines in one segment. Returns a Deferred with the same number of lines from the peer."""
        self._received = Deferred()
        self._wanted = len(self.lines) + len(lines)
        self.transport.write(b"".join(line + b"\r\n" for line in lines))
        return self._received

    def lineReceived(self, line):
        self.lines.append(line)
        if len(self.lines) == self._wanted:
            self._received.callback(self.lines[:])

    def connectionLost(self, reason):
        if len(self.lines) < self._wanted:
            self._received.errback(reason)


class LineFactory(ClientFactory):
    noisy = False

    def buildProtocol(self, address):
        self.asker = LineAsker()
        return self.asker


async def switch(run):
    """Call a switch that is refused, after which AMP continues, and one that succeeds."""
    peer = await run.connect()
    await run.step("RefuseSwitch", refusedSwitch(peer))
    await run.step("AMP goes on", sums(peer))
    await run.step("SwitchToLine", switched(peer))


async def refusedSwitch(peer):
    call = peer.callRemote(commands.RefuseSwitch, LineFactory())
    expect(str(await failureOf(call, commands.SwitchRefusedError)), "AMP goes on")


async def switched(peer):
    factory = LineFactory()
    await peer.callRemote(commands.SwitchToLine, factory)
    await factory.asker.ask([b"one"])
    await factory.asker.ask([b"two", b"", b"\x00\x16\xff"])
    expect(factory.asker.lines, [b"echo: one", b"echo: two", b"echo: ", b"echo: \x00\x16\xff"])
