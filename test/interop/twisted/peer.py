#!/usr/bin/python3
"""
A live Twisted AMP peer in either role, controlled by arguments and standard input.

    peer.py server [--port N | --unix PATH] [--haproxy] [--events] [TLS options]
    peer.py client (--port N | --unix PATH) SCENARIO [TLS options]
    peer.py clients

The server prints one line when it is ready: ``{"listening": {"port": N}}`` or ``{"listening": {"path": PATH}}``. It
exits when its standard input ends. With ``--events`` it also prints a line for every connection made and lost.

The client runs one scenario (``scenarios.py``) and prints a line for every step:
``{"step": NAME, "ok": true, "value": ...}`` or ``{"step": NAME, "ok": false, "error": "ClassName: message"}``. The last
line is ``{"ok": true}``, or ``{"ok": false, "error": ...}`` with the first error. The exit status is 0 or 1.

``clients`` runs one scenario for each line of standard input, which is a JSON list of the arguments of ``client``. It
saves the time to start a process for each scenario.

Each role exits with status 1 after ``--timeout`` seconds (default 30).
"""

import sys

sys.dont_write_bytecode = True  # these files are run in place, from a source tree

import argparse
import json

from twisted.internet import reactor
from twisted.internet.defer import DeferredQueue, ensureDeferred
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
    serverFromString,
)
from twisted.internet.protocol import Factory

import tls_side
from peer_protocol import Peer, describe
from run import Run
from scenarios import SCENARIOS
from terminal import Terminal

HOST = "127.0.0.1"


def parseOptions(arguments):
    parser = argparse.ArgumentParser(description="A Twisted AMP peer for interoperability tests.")
    roles = parser.add_subparsers(dest="role", required=True)
    server = roles.add_parser("server")
    server.add_argument("--events", action="store_true", help="print connections made and lost")
    server.add_argument("--haproxy", action="store_true", help="require a PROXY header, as the endpoint haproxy: does")
    client = roles.add_parser("client")
    client.add_argument("scenario", choices=SCENARIOS)
    client.add_argument("--request", action="store_true", help="be-asked-for-tls: call StartTLSNow first")
    client.add_argument("--starttls", action="store_true", help="echo-stdin: make the calls inside TLS")
    client.add_argument(
        "--hello-delay",
        type=int,
        default=0,
        metavar="MILLISECONDS",
        help="wait between the answer to StartTLS and the ClientHello (default: one segment for both)",
    )
    for role in (server, client):
        role.add_argument("--port", type=int, default=0)
        role.add_argument("--unix", metavar="PATH")
        tls_side.addOptions(role)
    for role in (server, client, roles.add_parser("clients")):
        role.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
    return parser.parse_args(arguments)


class Server(Factory):
    noisy = False

    def __init__(self, tls, events, say):
        self._tls = tls
        self._events = events
        self._say = say
        self._connections = {}

    def buildProtocol(self, address):
        return Peer(self._tls, self._observe if self._events else None)

    def _observe(self, event, peer, reason=None):
        number = self._connections.setdefault(peer, len(self._connections) + 1)
        message = {"event": event, "connection": number}
        if reason is not None:
            message["reason"] = describe(reason.value)
        self._say(message)


def runServer(options, terminal, finish):
    tls = tls_side.TLSSide(options)
    if options.haproxy:
        endpoint = serverFromString(reactor, f"haproxy:tcp:{options.port}:interface={HOST}")
    elif options.unix:
        endpoint = UNIXServerEndpoint(reactor, options.unix)
    else:
        endpoint = TCP4ServerEndpoint(reactor, options.port, interface=HOST)

    def listening(port):
        address = {"path": options.unix} if options.unix else {"port": port.getHost().port}
        terminal.say({"listening": address})

    def failed(failure):
        terminal.say({"ok": False, "error": describe(failure.value)})
        finish(1)

    terminal.listen(lambda line: None, lambda: finish(0))
    endpoint.listen(Server(tls, options.events, terminal.say)).addCallbacks(listening, failed)


async def perform(options, terminal):
    """Run a scenario, print its result and return the exit status."""
    if options.unix:
        endpoint = UNIXClientEndpoint(reactor, options.unix)
    else:
        endpoint = TCP4ClientEndpoint(reactor, HOST, options.port)
    run = Run(endpoint, tls_side.TLSSide(options), terminal, options)
    error = None
    try:
        try:
            await SCENARIOS[options.scenario](run)
        finally:
            await run.close()
    except Exception as failure:
        error = describe(failure)
    error = run.firstError or error
    terminal.say({"ok": True} if error is None else {"ok": False, "error": error})
    return 0 if error is None else 1


def runClient(options, terminal, finish):
    ensureDeferred(perform(options, terminal)).addCallback(finish)


def runClients(options, terminal, finish):
    lines = DeferredQueue()

    async def performEach():
        while (line := await lines.get()) is not None:
            await perform(parseOptions(["client", *json.loads(line)]), terminal)
        finish(0)

    terminal.listen(lines.put, lambda: lines.put(None))
    ensureDeferred(performEach())


ROLES = {"server": runServer, "client": runClient, "clients": runClients}


def main(options):
    status = [1]

    def finish(code):
        status[0] = code
        terminal.end()

    def expire():
        terminal.say({"ok": False, "error": f"TimeoutError: not done after {options.timeout:g} seconds"})
        finish(1)
        # Exit as well if the reader of the output is gone.
        reactor.callLater(1, stop)

    def stop():
        if reactor.running:
            reactor.stop()

    terminal = Terminal(onClosed=stop)
    reactor.callLater(options.timeout, expire)
    reactor.callWhenRunning(ROLES[options.role], options, terminal, finish)
    reactor.run()
    sys.exit(status[0])


if __name__ == "__main__":
    main(parseOptions(sys.argv[1:]))
