"""Golden boxes: bytes, and the boxes that Twisted's parser reads from them."""

from struct import pack

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.protocols import amp
from twisted.python.failure import Failure


def pair(key, value):
    """Return a key and its value as on the wire, without the length limits of Twisted's encoder."""
    return pack("!H", len(key)) + key + pack("!H", len(value)) + value


END = b"\x00\x00"


def box(*pairs):
    """Return one box as on the wire, with its pairs in the given order."""
    return b"".join(pair(key, value) for key, value in pairs) + END


SUM_ASK = box((b"_ask", b"1"), (b"_command", b"Sum"), (b"a", b"13"), (b"b", b"81"))

CASES = {
    "one-pair": box((b"a", b"1")),
    "empty-value": box((b"a", b"")),
    "all-values-empty": box((b"a", b""), (b"b", b"")),
    "sum-ask": SUM_ASK,
    "sum-answer": box((b"_answer", b"1"), (b"total", b"94")),
    "two-boxes": box((b"a", b"1")) + box((b"b", b"2")),
    "three-boxes-alike": SUM_ASK * 3,
    "keys-not-sorted": box((b"b", b"2"), (b"a", b"1")),
    "upper-case-before-underscore-before-lower-case": box((b"Z", b"1"), (b"_ask", b"2"), (b"a", b"3")),
    "prefix-before-longer-key": box((b"a", b"1"), (b"a.2", b"2"), (b"aa", b"3")),
    "high-bytes-last": box((b"a", b"1"), (b"z", b"2"), (b"\x80", b"3"), (b"\xff", b"4")),
    "duplicate-key-last-wins": box((b"a", b"1"), (b"b", b"2"), (b"a", b"3")),
    "duplicate-key-last-is-empty": box((b"a", b"1"), (b"a", b"")),
    "key-of-one-nul": box((b"\x00", b"1")),
    "key-of-two-nuls": box((b"\x00\x00", b"1")),
    "key-not-utf-8": box((b"\xff\xfe", b"1")),
    "key-utf-8": box(("schl\u00fcssel".encode(), b"1")),
    "key-with-space-and-dash": box((b"a key-name", b"1")),
    "key-of-255-bytes": box((b"k" * 255, b"1")),
    "value-of-nuls": box((b"a", bytes(8))),
    "value-of-all-bytes": box((b"a", bytes(range(256)))),
    "value-of-255-bytes": box((b"a", b"v" * 255)),
    "value-of-256-bytes": box((b"a", b"v" * 256)),
    "value-of-257-bytes": box((b"a", b"v" * 257)),
    "value-is-a-box": box((b"a", SUM_ASK)),
    "value-begins-like-tls": box((b"a", b"\x16\x03\x01\x00")),
    "no-box": b"",
    "empty-box": END,
    "two-empty-boxes": END * 2,
    "empty-box-between": box((b"a", b"1")) + END + box((b"b", b"2")),
    "cut-in-first-key-length": b"\x00",
    "cut-after-key-length": b"\x00\x01",
    "cut-in-key": b"\x00\x03ab",
    "cut-after-key": b"\x00\x01a",
    "cut-in-value-length": b"\x00\x01a\x00",
    "cut-after-value-length": b"\x00\x01a\x00\x05",
    "cut-in-value": b"\x00\x01a\x00\x05hell",
    "cut-after-value": pair(b"a", b"1"),
    "cut-in-end": pair(b"a", b"1") + b"\x00",
    "cut-in-second-box": box((b"a", b"1")) + pair(b"b", b"2"),
    "key-length-256": pack("!H", 256) + b"k" * 256 + pack("!H", 1) + b"1" + END,
    "key-length-256-prefix-alone": pack("!H", 256),
    "key-length-65535-prefix-alone": b"\xff\xff",
    "key-length-256-after-a-pair": pair(b"a", b"1") + b"\x01\x00",
    "key-length-256-after-a-box": box((b"a", b"1")) + b"\x01\x00",
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls-client-hello": bytes.fromhex("1603010200010001fc0303"),
    "line-of-text": b"hello\r\n",
}


class _Collector:
    """A box receiver that stores the boxes and the reason of the end."""

    def __init__(self):
        self.boxes = []
        self.reason = None

    def startReceivingBoxes(self, boxSender):
        pass

    def ampBoxReceived(self, received):
        self.boxes.append(received)

    def stopReceivingBoxes(self, reason):
        self.reason = reason.value


def keyToJSON(key):
    """Return the key as text if it is printable ASCII, otherwise ``{"hex": ...}``."""
    if all(0x20 <= byte < 0x7F for byte in key):
        return key.decode("ascii")
    return {"hex": key.hex()}


def boxesToJSON(boxes):
    return [[[keyToJSON(key), value.hex()] for key, value in each.items()] for each in boxes]


def parse(wire):
    """Return the boxes in ``wire``, the length of an incomplete box after them, and Twisted's error or None."""
    collector = _Collector()
    parser = amp.BinaryBoxProtocol(collector)
    transport = StringTransport()
    parser.makeConnection(transport)
    consumed = 0
    for index in range(len(wire)):
        parser.dataReceived(wire[index : index + 1])
        if parser.state == "init" and not parser._unprocessed:
            consumed = index + 1
        if transport.disconnecting:
            break
    parser.connectionLost(Failure(ConnectionDone()))
    error = None if isinstance(collector.reason, ConnectionDone) else type(collector.reason).__name__
    return collector.boxes, len(wire) - consumed, error


def vectors():
    """
    Return the vectors. ``boxes`` has every complete box with its pairs in the order of the wire. A repeated key has its
    first position and its last value. ``direction`` is ``both`` if Twisted encodes these boxes to these bytes,
    otherwise ``decode``. ``truncated`` is the number of bytes of an incomplete last box. ``error`` is the exception
    that ends the connection.
    """
    for name, wire in CASES.items():
        boxes, rest, error = parse(wire)
        vector = {"name": name, "hex": wire.hex(), "boxes": boxesToJSON(boxes)}
        if error is not None:
            vector["error"] = error
        elif rest:
            vector["truncated"] = rest
        else:
            again = b"".join(amp.AmpBox(each).serialize() for each in boxes)
            vector["direction"] = "both" if again == wire else "decode"
        yield vector
