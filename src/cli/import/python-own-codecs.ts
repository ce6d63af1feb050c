/**
 * Part of the Python program: finds the codec of a class with conversions of its own. It writes sample values with the class,
 * and compares the keys and bytes with those of known codecs.
 */

export const PYTHON_OWN_CODECS: string = `
def digits(length, seed=0):
    """Return hexadecimal digits that do not repeat, so that compressed bytes stay long."""
    made = [hashlib.sha512(b"%d %d" % (seed, number)).hexdigest() for number in range(length // 128 + 1)]
    return "".join(made)[:length]


def sampleRow(fields, seed):
    """Return a row of sample values, or None for a type without a sample."""
    text = digits(1000, seed)
    samples = {"Integer": int(text[:50], 16), "Unicode": text, "String": text.encode(), "Boolean": True, "Float": seed + 0.5}
    row = {}
    for name, field in fields:
        sample = samples.get(typeName(field))
        if None is sample and not field.optional:
            return None
        row[amp._wireNameToPythonIdentifier(name)] = sample
    return row


def samplesOf(argument, small):
    """Return pairs of a sample value and its plain bytes: short ones, or ones that need several keys."""
    if isinstance(argument, amp.AmpList):
        if None is sampleRow(argument.subargs, 0):
            return []
        rows, plain = [], b""
        while len(plain) < (1 if small else 200000):
            row = sampleRow(argument.subargs, len(rows))
            rows.append(row)
            plain += amp.AmpList(argument.subargs).toStringProto([dict(row)], None)
        return [("AmpList", rows, plain)]
    text = "\\u00e9" + digits(9 if small else 200000)
    return [("BigUnicode", text, text.encode("utf-8")), ("BigBytes", text.encode("utf-8"), text.encode("utf-8"))]


def layoutOf(keys):
    """Return the layout of keys, and the keys in order."""
    several = len(keys) > 1
    for layout, made in [
        ("numbered-from-2", [b"value"] + [b"value.%d" % each for each in range(2, len(keys) + 1)]),
        ("numbered-from-0", [b"value.%d" % each for each in range(len(keys))]),
    ]:
        if set(made) == keys:
            return layout, made, several
    return None, [], several


def compressionOf(pieces, plain):
    """Return how pieces became from plain bytes; None if it is unknown."""
    if b"".join(pieces) == plain:
        return "none"
    try:
        if zlib.decompress(b"".join(pieces)) == plain:
            return "whole"
    except zlib.error:
        pass
    try:
        return "pieces" if b"".join(zlib.decompress(each) for each in pieces) == plain else None
    except zlib.error:
        return None


def written(argument, value, plain):
    """Return layout, compression and the number of keys with which an argument writes a value and reads it again."""
    strings = amp.Box()
    objects = {"value": value}
    argument.toBox(b"value", strings, objects, None)
    strings = dict(strings)
    layout, keys, several = layoutOf(set(strings))
    compression = compressionOf([strings[each] for each in keys], plain) if keys else None
    back = {}
    argument.fromBox(b"value", amp.Box(strings), back, None)
    if None is compression or back.get("value") != value:
        return None
    return layout, compression, several


def codecOf(argument):
    """Find the codec of a class with conversions of its own by writing sample values. Return None if it is unknown."""
    for index in range(len(samplesOf(argument, True))):
        try:
            found = []
            for small in (True, False):
                kind, value, plain = samplesOf(argument, small)[index]
                found.append(written(argument, value, plain))
        except Exception:
            continue
        short, long = found
        if None in (short, long) or short[0] != long[0] or short[2]:
            continue
        layout, compression, several = long
        # A short value has one piece, so its compression fits both kinds.
        if short[1] != compression and not (short[1] == "whole" and compression == "pieces"):
            continue
        return kind, layout if several or layout == "numbered-from-0" else None, compression
    return None
`;
