"""Twisted's AMP, server or client, with the control protocol of child/control.mjs."""

import datetime
import decimal
import gc
import itertools
import json
import resource
import sys
import time

from twisted.internet import defer, endpoints, protocol, reactor, ssl, stdio, task
from twisted.protocols import amp, basic

setup = json.loads(sys.argv[1])


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Echo(amp.Command):
    arguments = [(b"data", amp.String())]
    response = [(b"data", amp.String())]


TYPES = {
    "integer": amp.Integer,
    "float": amp.Float,
    "boolean": amp.Boolean,
    "unicode": amp.Unicode,
    "bytes": amp.String,
    "decimal": amp.Decimal,
    "dateTime": amp.DateTime,
}

# Functions that make a value from its JSON; other types are JSON values already.
MAKERS = {"bytes": str.encode, "decimal": decimal.Decimal, "dateTime": datetime.datetime.fromisoformat}


def types_of(fields):
    return [(field["name"].encode(), type_of(field)) for field in fields]


def type_of(field):
    optional = field.get("optional", False)
    if field["type"] == "integers":
        return amp.ListOf(amp.Integer(), optional=optional)
    if field["type"] == "rows":
        return amp.AmpList(types_of(field["of"]), optional=optional)
    return TYPES[field["type"]](optional=optional)


def command_of(specification):
    types = types_of(specification["fields"])
    return type(amp.Command)(specification["name"], (amp.Command,), {"arguments": types, "response": types})


COMMANDS = [(command_of(specification), specification) for specification in setup["work"].get("commands", [])]


def value_of(field):
    return MAKERS.get(field["type"], lambda value: value)(field["value"])


def requests_of(work):
    """The calls that a client makes in turn: command, arguments and expected response."""
    if work["kind"] == "sum":
        return [(Sum, {"a": 13, "b": 81}, {"total": 94})]
    if work["kind"] == "echo":
        arguments = {"data": b"a" * work["bytes"]}
        return [(Echo, arguments, arguments)]
    requests = []
    for command, specification in COMMANDS:
        for absent in specification.get("absences", [[]]):
            fields = [field for field in specification["fields"] if field["name"] not in absent]
            arguments = {field["name"]: value_of(field) for field in fields}
            requests.append((command, arguments, arguments))
    return requests


class Responders(amp.AMP):
    certificate = None

    def makeConnection(self, transport):
        transport.setTcpNoDelay(True)
        super().makeConnection(transport)

    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}

    @Echo.responder
    def echo(self, data):
        return {"data": data}

    def same(self, **arguments):
        return arguments

    for command, _ in COMMANDS:
        command.responder(same)

    @amp.StartTLS.responder
    def startTLS(self):
        return {"tls_localCertificate": self.certificate}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"user": used.ru_utime * 1e6, "system": used.ru_stime * 1e6}


def memory():
    gc.collect()
    with open("/proc/self/statm") as statm:
        resident = int(statm.read().split()[1]) * resource.getpagesize()
    return {"held": resident, "resident": resident}


class Client:
    def __init__(self, port, work, tls):
        self.port, self.work = port, work
        self.authority = ssl.Certificate.loadPEM(tls["cert"]) if tls else None
        self.connections = []
        self.requests = itertools.cycle(requests_of(work))

    def actions(self):
        return {"sample": self.sample, "count": self.count, "open": self.open, "shut": self.shut}

    @defer.inlineCallbacks
    def connect(self, port):
        endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        connection = yield endpoints.connectProtocol(endpoint, amp.AMP())
        connection.transport.setTcpNoDelay(True)
        if self.authority is not None:
            yield connection.callRemote(amp.StartTLS, tls_verifyAuthorities=[self.authority])
        return connection

    @defer.inlineCallbacks
    def sample(self, request):
        connects = self.work["program"] == "connects"
        if not connects and not self.connections:
            for _ in range(self.work.get("connections", 1)):
                connection = yield self.connect(self.port)
                self.connections.append(connection)
            yield self.check(self.connections[0])
        latencies = [] if self.work["inFlight"] == 1 else None
        counted = {"running": True, "calls": 0}
        before, begun = cpu(), time.perf_counter()
        reactor.callLater(request["ms"] / 1000, counted.update, running=False)
        if connects:
            yield defer.gatherResults([self.connecting(counted) for _ in range(self.work["inFlight"])])
        else:
            yield defer.gatherResults(
                [
                    self.calling(self.connections[worker % len(self.connections)], counted, latencies)
                    for worker in range(self.work["inFlight"])
                ]
            )
        seconds, after = time.perf_counter() - begun, cpu()
        result = {
            "calls": counted["calls"],
            "seconds": seconds,
            "cpu": after["user"] + after["system"] - before["user"] - before["system"],
        }
        if latencies:
            latencies.sort()
            result["p50"] = latencies[len(latencies) // 2] * 1e6
            result["p99"] = latencies[len(latencies) * 99 // 100] * 1e6
        return result

    @defer.inlineCallbacks
    def check(self, connection):
        """Makes each call once and compares its response with the expected one."""
        for command, arguments, expected in requests_of(self.work):
            response = yield connection.callRemote(command, **arguments)
            present = {name: value for name, value in response.items() if value is not None}
            if present != expected:
                raise ValueError(f"{response} is not {expected}")

    def call_once(self, connection):
        command, arguments, _ = next(self.requests)
        return connection.callRemote(command, **arguments)

    def calling(self, connection, counted, latencies):
        """Keeps one call in flight. Uses callbacks because they are faster than a coroutine in Twisted."""
        done = defer.Deferred()
        begun = time.perf_counter()

        def answered(_):
            nonlocal begun
            counted["calls"] += 1
            if latencies is not None:
                now = time.perf_counter()
                latencies.append(now - begun)
                begun = now
            if counted["running"]:
                call()
            else:
                done.callback(None)

        def call():
            self.call_once(connection).addCallbacks(answered, done.errback)

        call()
        return done

    @defer.inlineCallbacks
    def connecting(self, counted):
        while counted["running"]:
            connection = yield self.connect(self.port)
            yield self.call_once(connection)
            counted["calls"] += 1
            connection.transport.loseConnection()

    @defer.inlineCallbacks
    def count(self, request):
        connection = yield self.connect(request["port"])
        self.requests = itertools.cycle(requests_of(self.work))
        for _ in range(request["calls"]):
            yield self.call_once(connection)
        connection.transport.loseConnection()
        yield task.deferLater(reactor, 0.02)

    @defer.inlineCallbacks
    def open(self, request):
        while len(self.connections) < request["connections"]:
            connection = yield self.connect(self.port)
            yield self.call_once(connection)
            self.connections.append(connection)

    @defer.inlineCallbacks
    def shut(self, request):
        for connection in self.connections:
            connection.transport.loseConnection()
        self.connections = []
        yield task.deferLater(reactor, 0.1)


class Control(basic.LineOnlyReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def __init__(self, actions, greeting):
        self.actions, self.greeting = actions, greeting

    def connectionMade(self):
        self.say(self.greeting)

    def say(self, message):
        self.sendLine(json.dumps(message).encode())

    def lineReceived(self, line):
        request = json.loads(line)
        answer = defer.maybeDeferred(self.actions[request["do"]], request)
        answer.addErrback(lambda failure: {"error": failure.getTraceback()})
        answer.addCallback(lambda result: self.say(result or {}))

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


class Server(protocol.Factory):
    def buildProtocol(self, addr):
        return Responders()


def main():
    tls = setup.get("tls")
    if setup["role"] == "server":
        if tls:
            Responders.certificate = ssl.PrivateCertificate.loadPEM(tls["key"] + tls["cert"])
        port = reactor.listenTCP(0, Server(), backlog=1024, interface="127.0.0.1")
        actions = {"usage": lambda _: cpu(), "memory": lambda _: memory()}
        control = Control(actions, {"port": port.getHost().port})
    else:
        control = Control(Client(setup["port"], setup["work"], tls).actions(), {})
    stdio.StandardIO(control)
    reactor.run()


main()
