/** Python classes for `bigBytes` and `bigUnicode`, which Twisted lacks. The exported module contains them. */

const BIG_BYTES = `class BigBytes(amp.Argument):
    """Bytes of any length, split over several keys of the box."""

    ampwireType = "BigBytes"  # the type for \`ampwire import\`

    def __init__(self, layout="numbered-from-2", maxBytes=16 * 1024 * 1024, optional=False):
        amp.Argument.__init__(self, optional)
        self.layout = layout
        self.maxBytes = maxBytes
        given = {"layout": layout, "maxBytes": maxBytes}
        usual = {"layout": "numbered-from-2", "maxBytes": 16 * 1024 * 1024}
        self.ampwireOptions = {key: value for key, value in given.items() if value != usual[key]}

    def key(self, name, index):
        if self.layout == "numbered-from-0":
            return b"%s.%d" % (name, index)
        return name if index == 0 else b"%s.%d" % (name, index + 1)

    def toBox(self, name, strings, objects, proto):
        value = self.retrieve(objects, amp._wireNameToPythonIdentifier(name), proto)
        if None is value and self.optional:
            return
        whole = self.toString(value)
        if len(whole) > self.maxBytes:
            raise amp.TooLong(False, True, whole, name)
        least = 0 if self.layout == "numbered-from-0" else 1  # that layout has no piece for an empty value
        for index, start in enumerate(range(0, max(len(whole), least), amp.MAX_VALUE_LENGTH)):
            strings[self.key(name, index)] = whole[start : start + amp.MAX_VALUE_LENGTH]

    def fromBox(self, name, strings, objects, proto):
        pieces = []
        while self.key(name, len(pieces)) in strings:
            pieces.append(strings[self.key(name, len(pieces))])
        absent = not pieces and self.optional
        if not pieces and not absent and self.layout != "numbered-from-0":
            raise KeyError(name)
        whole = b"".join(pieces)
        if len(whole) > self.maxBytes:
            raise ValueError("the value is longer than maxBytes")
        objects[amp._wireNameToPythonIdentifier(name)] = None if absent else self.fromString(whole)

    def toString(self, value):
        return value

    def fromString(self, whole):
        return whole`;

const BIG_UNICODE = `class BigUnicode(BigBytes):
    """Text of any length. A split may be inside a character."""

    ampwireType = "BigUnicode"

    def toString(self, value):
        return value.encode("utf-8")

    def fromString(self, whole):
        return whole.decode("utf-8")`;

export function isBig(type: string): boolean {
  return type === "BigBytes" || type === "BigUnicode";
}

/** Returns the Python classes that these types need, base classes first. */
export function bigClasses(types: ReadonlySet<string>): string[] {
  if (types.has("BigUnicode")) return [BIG_BYTES, BIG_UNICODE];
  return types.has("BigBytes") ? [BIG_BYTES] : [];
}
