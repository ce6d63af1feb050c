"""
Commands with features that few programs use, as a server or as a client.

    special_commands.py serve         prints {"listening": {"port": N}}
    special_commands.py call PORT     prints {"step": NAME, "value": ...} for every call, and for the end of the connection

``Goodbye`` is answered with a QuitBox, as ampoule's Shutdown is. ``Resize`` has an argument type that fills two properties.
"""

import json
import os
import sys

from twisted.internet import defer, endpoints, protocol, reactor, task, threads
from twisted.protocols import amp
from zope.interface import implementer


@implementer(amp.IArgumentType)
class Size:
    """
    The properties ``width`` and ``height``, under one key as ``3x4``. The arguments of a call are one pair: ``callRemote``
    of Twisted refuses properties without a declaration of their own.
    """

    optional = False

    def toBox(self, name, strings, objects, proto):
        pair = objects.get(name.decode()) or (objects["width"], objects["height"])
        strings[name] = b"%dx%d" % pair

    def fromBox(self, name, strings, objects, proto):
        width, height = strings[name].split(b"x")
        objects["width"], objects["height"] = int(width), int(height)


class Resize(amp.Command):
    arguments = [(b"size", Size()), (b"by", amp.Integer())]
    response = [(b"size", Size())]


class Goodbye(amp.Command):
    arguments = response = [(b"status", amp.Integer())]
    responseType = amp.QuitBox


class Peer(amp.AMP):
    def __init__(self):
        super().__init__()
        self.whenLost = defer.Deferred()

    def connectionLost(self, reason):
        super().connectionLost(reason)
        self.whenLost.callback(reason.type.__name__)

    @Resize.responder
    def resize(self, width, height, by):
        return {"width": width * by, "height": height * by}

    @Goodbye.responder
    def goodbye(self, status):
        return {"status": status}


def show(**message):
    print(json.dumps(message), flush=True)


async def serve():
    endpoint = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = await endpoint.listen(protocol.Factory.forProtocol(Peer))
    show(listening={"port": port.getHost().port})
    await threads.deferToThread(sys.stdin.read)  # until the test closes it
    await port.stopListening()


async def call(port):
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(port))
    peer = await endpoints.connectProtocol(endpoint, Peer())
    show(step="Resize", value=await peer.callRemote(Resize, size=(3, 4), by=2))
    show(step="Goodbye", value=await peer.callRemote(Goodbye, status=7))
    show(step="lost", value=await peer.whenLost)


def main(reactor, role, *arguments):
    reactor.callLater(120, os._exit, 1)  # a test that has failed may leave this process
    return defer.ensureDeferred({"serve": serve, "call": call}[role](*arguments))


task.react(main, sys.argv[1:])
