"""
Arguments whose value may be longer than the 65535 bytes that one AMP value holds.

The value is cut into pieces of at most 65535 bytes under the keys ``name``, ``name.2``, ``name.3`` and so on, all in
one box; the reader joins them until the next number is missing. This is the convention of Evennia (which compresses
each piece as well; here nothing is compressed) and of the "mediumbox" recipe it came from.
"""

from itertools import count

from twisted.protocols import amp


class BigBytes(amp.Argument):
    """Bytes of any length. A piece always starts under the plain name, even when the value is empty."""

    def fromBox(self, name, strings, objects, proto):
        pythonName = amp._wireNameToPythonIdentifier(name)
        if self.optional and name not in strings:
            objects[pythonName] = None
            return
        pieces = [strings[name]]
        for number in count(2):
            piece = strings.get(b"%s.%d" % (name, number))
            if piece is None:
                break
            pieces.append(piece)
        objects[pythonName] = self.fromString(b"".join(pieces))

    def toBox(self, name, strings, objects, proto):
        value = objects.get(amp._wireNameToPythonIdentifier(name))
        if self.optional and value is None:
            return
        encoded = self.toString(value)
        size = amp.MAX_VALUE_LENGTH
        strings[name] = encoded[:size]
        for number, start in enumerate(range(size, len(encoded), size), 2):
            strings[b"%s.%d" % (name, number)] = encoded[start : start + size]

    def fromString(self, inString):
        return inString

    def toString(self, inObject):
        return inObject


class BigUnicode(BigBytes):
    """Text of any length. The cut may fall inside a character: the pieces are joined before they are decoded."""

    def fromString(self, inString):
        return inString.decode("utf-8")

    def toString(self, inObject):
        return inObject.encode("utf-8")
