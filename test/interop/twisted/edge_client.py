"""
An unmodified Twisted AMP client at an edge of ``ampwire/nats``.

    edge_client.py --port N --cert FILE.pem --ca FILE

It starts TLS with a certificate, calls workers through the edge, answers their calls, and joins a topic. It prints one JSON
object with the results, after it has received three events.
"""

import sys

sys.dont_write_bytecode = True  # these files are run in place, from a source tree

import argparse
import json

from twisted.internet import endpoints, reactor, ssl
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.protocol import Factory
from twisted.protocols import amp

import tls_side


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class ZeroDivision(Exception):
    pass


class Divide(amp.Command):
    arguments = [(b"numerator", amp.Integer()), (b"denominator", amp.Integer())]
    response = [(b"result", amp.Float())]
    errors = {ZeroDivision: b"ZERO_DIVISION"}


class WhoAmI(amp.Command):
    response = [(b"text", amp.Unicode())]


class Secret(amp.Command):
    response = [(b"text", amp.Unicode())]


class Join(amp.Command):
    arguments = [(b"topic", amp.Unicode())]


class YourName(amp.Command):
    response = [(b"name", amp.Unicode())]


class News(amp.Command):
    arguments = [(b"text", amp.Unicode())]
    requiresAnswer = False


class Client(amp.AMP):
    def __init__(self):
        amp.AMP.__init__(self)
        self.events = []
        self.enough = Deferred()

    @YourName.responder
    def yourName(self):
        return {"name": "Twisted"}

    @News.responder
    def news(self, text):
        self.events.append(text)
        if len(self.events) == 3:
            self.enough.callback(None)
        return {}


async def run(options):
    side = tls_side.TLSSide(options)
    factory = Factory.forProtocol(Client)
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", options.port)
    client = await endpoint.connect(factory)
    results = {}
    try:
        await client.callRemote(Secret)
    except amp.UnknownRemoteError as error:
        results["secret in plaintext"] = error.errorCode.decode()
    await client.callRemote(amp.StartTLS, **side.keys())
    sums = [client.callRemote(Sum, a=n, b=1) for n in range(50)]
    results["sums"] = [(await one)["total"] for one in sums]
    try:
        await client.callRemote(Divide, numerator=1, denominator=0)
    except ZeroDivision as error:
        results["division"] = "ZeroDivision: %s" % (error,)
    results["secret in TLS"] = (await client.callRemote(Secret))["text"]
    results["who am I"] = (await client.callRemote(WhoAmI))["text"]
    await client.callRemote(Join, topic="weather")
    print(json.dumps({"joined": True}), flush=True)
    await client.enough
    results["events"] = client.events
    print(json.dumps(results), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=60)
    tls_side.addOptions(parser)
    options = parser.parse_args()
    reactor.callLater(options.timeout, reactor.stop)
    running = ensureDeferred(run(options))
    running.addErrback(lambda failure: print(json.dumps({"error": failure.getTraceback()}), flush=True))
    running.addBoth(lambda _: reactor.stop())
    reactor.run()


main()
