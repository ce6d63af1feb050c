"""
Arguments whose value may be longer than the 65535 bytes that one AMP value holds.

The value is cut into pieces of at most 65535 bytes under the keys ``name``, ``name.2``, ``name.3`` and so on, all in
one box. The reader joins them until the next number is missing. This is the convention of Evennia and of the
"mediumbox" recipe from which it is derived. Evennia also compresses each piece; these classes do not.
"""

from itertools import count

from twisted.protocols import amp


class BigBytes(amp.Argument):
    """Bytes of any length. The first piece always has the plain name, even if the value is empty."""

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
    """Text of any length. A piece may end inside a character: the pieces are joined before they are decoded."""

    def fromString(self, inString):
        return inString.decode("utf-8")

    def toString(self, inObject):
        return inObject.encode("utf-8")
