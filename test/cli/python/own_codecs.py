"""
Argument classes with conversions of their own, as real programs have them: Evennia compresses each piece, MAAS the whole,
flocker numbers pieces from 0.
"""

import json
import zlib
from io import StringIO
from itertools import count
from twisted.protocols import amp
AMP_MAXLEN = amp.MAX_VALUE_LENGTH

def to_str(b): return b.decode("utf-8") if isinstance(b, bytes) else b
def to_bytes(b): return b.encode("utf-8") if isinstance(b, str) else b

class Compressed(amp.String):
    def fromBox(self, name, strings, objects, proto):
        value = StringIO()
        value.write(to_str(self.fromStringProto(strings.get(name), proto)))
        for counter in count(2):
            chunk = strings.get(b"%s.%d" % (name, counter))
            if chunk is None:
                break
            value.write(to_str(self.fromStringProto(chunk, proto)))
        objects[str(name, "utf-8")] = value.getvalue()

    def toBox(self, name, strings, objects, proto):
        value = StringIO(objects[str(name, "utf-8")])
        strings[name] = self.toStringProto(value.read(AMP_MAXLEN), proto)
        for counter in count(2):
            chunk = value.read(AMP_MAXLEN)
            if not chunk:
                break
            strings[b"%s.%d" % (name, counter)] = self.toStringProto(chunk, proto)

    def toString(self, inObject):
        return zlib.compress(super().toString(to_bytes(inObject)), 9)

    def fromString(self, inString):
        return to_str(zlib.decompress(inString))

class CompressedAmpList(amp.AmpList):
    def fromStringProto(self, inString, proto):
        return super().fromStringProto(zlib.decompress(inString), proto)
    def toStringProto(self, inObject, proto):
        return zlib.compress(super().toStringProto(inObject, proto))

class Json(amp.Argument):
    def toString(self, o): return json.dumps(o).encode()
    def fromString(self, s): return json.loads(s)

class Big0(amp.Argument):
    def toBox(self, name, strings, objects, proto):
        v = objects.pop(name.decode())
        for i, at in enumerate(range(0, len(v), 65535)):
            strings[b"%s.%d" % (name, i)] = v[at:at+65535]
    def fromBox(self, name, strings, objects, proto):
        out = b""
        for i in count():
            k = b"%s.%d" % (name, i)
            if k not in strings: break
            out += strings[k]
        objects[name.decode()] = out

class BigRows(amp.AmpList):
    def toBox(self, name, strings, objects, proto):
        v = zlib.compress(self.toStringProto(objects.pop(name.decode()), proto))
        strings[name] = v[:65535]
        for i, at in enumerate(range(65535, len(v), 65535), 2):
            strings[b"%s.%d" % (name, i)] = v[at:at+65535]
    def fromBox(self, name, strings, objects, proto):
        out = strings[name]
        for i in count(2):
            k = b"%s.%d" % (name, i)
            if k not in strings: break
            out += strings[k]
        objects[name.decode()] = self.fromStringProto(zlib.decompress(out), proto)

class Odd(amp.Argument):
    def toBox(self, name, strings, objects, proto):
        strings[name + b"_len"] = b"1"
    def fromBox(self, name, strings, objects, proto):
        objects[name.decode()] = None

class OddRows(amp.AmpList):
    def fromStringProto(self, inString, proto):
        return {r["id"]: r for r in super().fromStringProto(inString, proto)}

class Quota(Exception):
    pass


class Narrow(Quota):
    pass


ROWS = [(b"id", amp.Integer()), (b"name", amp.Unicode(optional=True))]
class Put(amp.Command):
    """Puts."""
    arguments = [(b"packed", Compressed()), (b"rows", CompressedAmpList(ROWS)), (b"json", Json()), (b"big", Big0(optional=True)),
      (b"big_rows", BigRows(ROWS, optional=True)), (b"odd", Odd()), (b"odd_rows", OddRows(ROWS))]
    errors = {Quota: b"QUOTA", Narrow: b"NARROW"}
class Quit(amp.Command):
    responseType = amp.QuitBox
