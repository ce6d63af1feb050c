"""Golden values of every argument type: bytes, and the value that Twisted decodes from them."""

import random
import struct

from argument_types import argumentType
from golden_boxes import box
from json_values import toJSON

WHITE_SPACE = {
    "space": b" ",
    "tab": b"\t",
    "newline": b"\n",
    "carriage-return": b"\r",
    "vertical-tab": b"\x0b",
    "form-feed": b"\x0c",
    "file-separator": b"\x1c",
    "group-separator": b"\x1d",
    "record-separator": b"\x1e",
    "unit-separator": b"\x1f",
    "nul": b"\x00",
    "latin-1-next-line": b"\x85",
    "latin-1-no-break-space": b"\xa0",
    "utf-8-next-line": "\u0085".encode(),
    "utf-8-no-break-space": "\u00a0".encode(),
    "utf-8-em-space": "\u2003".encode(),
    "utf-8-ideographic-space": "\u3000".encode(),
    "utf-8-zero-width-space": "\u200b".encode(),
    "utf-8-byte-order-mark": "\ufeff".encode(),
}


def _around(text):
    """Return ``text`` surrounded by each kind of white space, and by a mixture of the common kinds."""
    cases = {f"{name}-around": space + text + space for name, space in WHITE_SPACE.items()}
    cases["mixed-white-space-around"] = b" \t\n" + text + b"\r\x0b\x0c"
    cases["white-space-inside"] = text[:1] + b" " + text[1:]
    return cases


def _named(*texts):
    """Return cases that are named by their own text."""
    return {text: text.encode() for text in texts}


INTEGER = {
    **_named("0", "1", "-1", "13", "94", "255", "256", "65535", "-65536", "2147483648", "-2147483649", "4294967296"),
    "largest-safe": b"9007199254740991",
    "smallest-safe": b"-9007199254740991",
    "largest-safe-plus-1": b"9007199254740992",
    "largest-safe-plus-2": b"9007199254740993",
    "smallest-safe-minus-1": b"-9007199254740992",
    "64-bit-largest": b"18446744073709551615",
    "64-bit-smallest-signed": b"-9223372036854775808",
    "128-bit": b"340282366920938463463374607431768211456",
    "128-bit-negative": b"-340282366920938463463374607431768211456",
    "4300-digits": b"7" * 4300,
    "4301-digits": b"7" * 4301,
    "4301-digits-with-leading-zeros": b"0" * 4300 + b"1",
    "4300-digits-with-underscores": b"_".join([b"7"] * 4300),
    **_named("+5", "+0", "-0", "007", "-007", "+007", "00", "0_0", "1_000", "-1_0_0", "1_2_3"),
    **_named("1__0", "_1", "1_", "-_1", "0_", "+", "-", "--5", "+-5", "0x10", "0b1", "0o7", "1.0", "1.", "1e3"),
    **_named("1,000", "inf", "nan", "None", "True", "1L", "1n"),
    "empty": b"",
    "only-space": b" ",
    "nul-after": b"13\x00",
    "arabic-digits": "\u0661\u0663".encode(),
    "fullwidth-digits": "\uff11\uff13".encode(),
    "unicode-minus": "\u22125".encode(),
    "not-utf-8": b"\xff",
    **_around(b"13"),
}

_random = random.Random("ampwire")  # seeded by text, so that every Python 3 gives the same numbers

FLOATS = [
    *(0.0, -0.0, 1.0, -1.0, 2.0, 10.0, 100.0, 0.5, 0.1, 0.2, 0.3, 0.1 + 0.2, 1.5, -1.5, 3.14, 1 / 3, 2 / 3, 100.5),
    *(1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 123456789012345.0, 1234567890123456.0, 123456789012345680.0),
    *(9999999999999998.0, 999999999999999.9, 9007199254740991.0, 9007199254740992.0, 9007199254740994.0),
    *(0.001, 0.0001, 0.00011, 0.00001, 1.5e-5, 0.000001, 1e-6, 1e-7, 1.25e-7, 9.999e-5, 0.00012345678901234567),
    *(5e-324, 1e-323, 2.225073858507201e-308, 2.2250738585072014e-308, 1.7976931348623157e308, 8.98846567431158e307),
    *(4.35, 0.000244140625, 1.1920928955078125e-07, 2.220446049250313e-16, 4.9406564584124654e-324, 1e100, 1e-100),
    *(1e300, 1.2345e300, -1e16, -1e-5, -5e-324, -1.7976931348623157e308, 5e15, 5e16, 2.5e-5),
    *(299792458.0, 6.02214076e23),
    *(struct.unpack("!d", _random.randbytes(8))[0] for _ in range(40)),
    *(_random.uniform(-1000, 1000) for _ in range(10)),
    *(_random.uniform(1e14, 1e18) for _ in range(10)),
    *(_random.uniform(1e-6, 1e-3) for _ in range(10)),
]

FLOAT = {
    **_named(*dict.fromkeys(map(repr, FLOATS)), "inf", "-inf", "nan"),
    **_named("1", "-1", "+1.5", "-0", "+0", "1.50", "01.5", "00", "1.", ".5", "-.5", "+.5", "5."),
    **_named("0.10000000000000001"),
    **_named("1E5", "1e5", "1e+5", "1e05", "1E-5", "1e0", "1.e3", ".5e1", "1e16", "1e-5", "10000000000000000.0"),
    **_named("0.00001", "123456789012345678901234567890", "9007199254740993", "1_0.5", "1_0", "1.0_1", "1e1_0"),
    **_named("Infinity", "infinity", "INF", "iNf", "+inf", "-Infinity", "NaN", "NAN", "-nan", "+nan"),
    **_named("1e400", "-1e400", "1e-400", "-1e-400", "1.7976931348623158e308", "1.7976931348623159e308", "2e308"),
    **_named("2.4703282292062327e-324", "2.4703282292062328e-324", "1e99999999999999999999", "1e-99999999999999999999"),
    **_named("0x1p3", "0x10", "1,5", ".", "e5", "1e", "1e+", "1.5.5", "--1.5", "+-1", "1__0.5", "_1.5", "1_.5", "1._5"),
    **_named("1_e5", "1e_5", "1.5_", "1d5", "1.5f", "infinit", "in", "nan(1)", "nano", "None", "True", "1/3"),
    "400-digits": b"1" * 400,
    "800-digits-exactly-half-way": b"9007199254740993." + b"0" * 800,
    "800-digits-just-over-half-way": b"9007199254740993." + b"0" * 799 + b"1",
    "empty": b"",
    "only-space": b" ",
    "arabic-digits": "\u0661.\u0665".encode(),
    "not-utf-8": b"\xff",
    **_around(b"1.5"),
}

BOOLEAN = _named("True", "False", "true", "false", "TRUE", "1", "0", "yes", "T", "None", "Truee")
BOOLEAN.update({"empty": b"", "nul-after": b"True\x00", "space-before": b" True", "space-after": b"True "})

DECIMAL = {
    **_named("0", "-0", "1", "-1", "10", "100", "1.0", "1.50", "-1.50", "0.1", "0.00", "-0.00", "1E+2", "1.0E+2"),
    **_named("1E+1000000000", "1E-1000000000", "-1.5E+1000000000", "1E+999999999999999999", "0E-10", "0E+3", "-0E+3"),
    **_named("0.000001", "1E-7", "1.23E-7", "0.00000123", "1.23E+5", "123456.789", "12345678901234567890", "1E+28"),
    **_named("0E-7", "0.000000", "0E-1999999999999999997", "1E-1999999999999999997", "9.99E+999999999999999999"),
    **_named("NaN", "-NaN", "sNaN", "-sNaN", "NaN123", "-NaN123", "sNaN5", "Infinity", "-Infinity"),
    "40-digits": b"1234567890123456789012345678901234567890",
    "40-decimals": b"0.1234567890123456789012345678901234567890",
    "40-digits-with-exponent": b"1.234567890123456789012345678901234567890E+100",
    "1000-digits": b"1." + b"23" * 500,
    "nan-with-40-digits": b"NaN" + b"9" * 40,
    **_named("1e2", "1e+2", "1E2", "1e-7", "+1", "+0", ".5", "5.", "-.5", "007", "000.10", "12.3E-20", "123456789E-12"),
    **_named("0.0000001", "10E+1", "100E-2", "1E+0", "1E-0", "0E+0", "1e007", "0.0E-6", "-0E-10", "+1E+2"),
    **_named("nan", "NAN", "+NaN", "snan", "SNAN", "NaN0", "NaN007", "nan000", "sNaN0", "inf", "-inf", "INF", "+inf"),
    **_named("infinity", "+Infinity", "iNFINITY"),
    **_named("1_000", "1__0", "_1", "1_", "_1_", "1_e_2", "1.0_0", "1_.5", "N_aN", "_"),
    **_named("1E+1000000000000000000", "1E-1999999999999999998", "0E+99999999999999999999", "1E+99999999999999999999"),
    **_named("abc", ".", "-", "+", "e5", "1e", "1e+", "1E2.5", "1,5", "--1", "+-1", "1.2.3", "0x10", "Infinit"),
    **_named("NaNx", "NaN-1", "NaN1.5", "Inf1", "1f", "1/3", "None"),
    "empty": b"",
    "only-space": b" ",
    "nul-after": b"1\x00",
    "arabic-digits": "\u0661".encode(),
    "unicode-minus": "\u22125".encode(),
    "not-utf-8": b"\xff",
    **_around(b"1.5"),
}

UNICODE = {
    "empty": b"",
    "ascii": b"hello",
    "nul": b"\x00",
    "nul-inside": b"a\x00b",
    "all-ascii-controls": bytes(range(32)) + b"\x7f",
    "line-ends": b"\r\n\n\r",
    "two-byte": "caf\u00e9".encode(),
    "three-byte": "\u20ac\u4e09".encode(),
    "astral": "\U0001f600".encode(),
    "last-code-point": "\U0010ffff".encode(),
    "non-characters": "\ufffe\uffff\ufdd0".encode(),
    "replacement-character": "\ufffd".encode(),
    "byte-order-mark-kept": "\ufeffa".encode(),
    "byte-order-mark-alone": "\ufeff".encode(),
    "byte-order-mark-twice": "\ufeff\ufeff".encode(),
    "not-normalised": "e\u0301 \u00e9".encode(),
    "line-separators": "\u2028\u2029\u0085".encode(),
    "highest-of-each-length": "\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000".encode(),
    "lone-continuation": b"\x80",
    "lone-lead": b"\xc3",
    "cut-three-byte": b"a\xe2\x82",
    "cut-four-byte": b"\xf0\x9f\x98",
    "byte-ff": b"a\xff",
    "byte-fe": b"\xfe",
    "overlong-nul": b"\xc0\x80",
    "overlong-slash": b"\xc0\xaf",
    "overlong-three-byte": b"\xe0\x80\xaf",
    "overlong-four-byte": b"\xf0\x80\x80\xaf",
    "high-surrogate": b"\xed\xa0\x80",
    "low-surrogate": b"\xed\xb0\x80",
    "surrogate-pair-cesu-8": b"\xed\xa0\xbd\xed\xb8\x80",
    "over-last-code-point": b"\xf4\x90\x80\x80",
    "five-byte": b"\xf8\x88\x80\x80\x80",
    "latin-1": "caf\u00e9".encode("latin-1"),
    "utf-16": "\ufeffa".encode("utf-16-le"),
}

BYTES = {
    "empty": b"",
    "text": b"hello",
    "nul": b"\x00",
    "all-bytes": bytes(range(256)),
    "end-of-box": b"\x00\x00",
    "not-utf-8": b"\xff\xfe\x80",
}

_DATE = b"2012-01-23T12:34:56.054321"

DATE_TIME = {
    "negative-offset": _DATE + b"-01:23",
    "positive-offset": _DATE + b"+01:23",
    "utc": _DATE + b"-00:00",
    "utc-with-plus": _DATE + b"+00:00",
    "one-minute-east": _DATE + b"+00:01",
    "one-minute-west": _DATE + b"-00:01",
    "45-minutes": _DATE + b"+05:45",
    "largest-offset": _DATE + b"+23:59",
    "smallest-offset": _DATE + b"-23:59",
    "no-microseconds": b"2012-01-23T12:34:56.000000+01:00",
    "one-microsecond": b"2012-01-23T12:34:56.000001+01:00",
    "last-microsecond": b"2012-12-31T23:59:59.999999-00:00",
    "midnight": b"2012-01-01T00:00:00.000000-00:00",
    "leap-day": b"2012-02-29T12:00:00.000000-00:00",
    "leap-day-of-2000": b"2000-02-29T12:00:00.000000-00:00",
    "epoch": b"1970-01-01T00:00:00.000000-00:00",
    "before-epoch": b"1969-12-31T23:59:59.999999-00:00",
    "year-1": b"0001-01-01T00:00:00.000000-00:00",
    "year-1-east-of-utc": b"0001-01-01T00:00:00.000000+01:00",
    "year-9999": b"9999-12-31T23:59:59.999999-00:00",
    "year-9999-west-of-utc": b"9999-12-31T23:59:59.999999-23:59",
    "gregorian-day-skipped-in-1582": b"1582-10-10T00:00:00.000000-00:00",
    "empty": b"",
    "31-characters": _DATE + b"+01:2",
    "33-characters": _DATE + b"+01:233",
    "iso-text-without-fraction": b"2012-01-23T12:34:56+01:00",
    "no-offset": _DATE + b"      ",
    "z-for-utc": _DATE + b"Z     ",
    "sign-is-space": _DATE + b" 01:30",
    "sign-is-z": _DATE + b"Z00:00",
    "february-30": b"2012-02-30T12:34:56.054321-01:23",
    "february-29-in-2011": b"2011-02-29T12:34:56.054321-01:23",
    "february-29-in-1900": b"1900-02-29T12:34:56.054321-01:23",
    "april-31": b"2012-04-31T12:34:56.054321-01:23",
    "month-0": b"2012-00-23T12:34:56.054321-01:23",
    "month-13": b"2012-13-23T12:34:56.054321-01:23",
    "day-0": b"2012-01-00T12:34:56.054321-01:23",
    "hour-24": b"2012-01-23T24:00:00.000000-01:23",
    "minute-60": b"2012-01-23T12:60:00.000000-01:23",
    "second-60": b"2012-01-23T23:59:60.000000-01:23",
    "year-0": b"0000-01-01T00:00:00.000000-00:00",
    "year-negative": b"-001-01-01T00:00:00.000000-00:00",
    "offset-24-hours": _DATE + b"+24:00",
    "offset-minus-24-hours": _DATE + b"-24:00",
    "offset-99-hours": _DATE + b"+99:99",
    "offset-23-60": _DATE + b"+23:60",
    "letters": b"YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM",
    "microsecond-cut-short": b"2012-01-23T12:34:56.05432 -x1:23",
    "fraction-negative": b"2012-01-23T12:34:56.-54321-01:23",
    "utf-8-digits": "2012-01-23T12:34:56.\u0661\u0662\u0663-01:23".encode(),
    "not-utf-8": b"\xff" * 32,
    "nul-as-digit": b"201\x00-01-23T12:34:56.054321-01:23",
    # Twisted accepts the following values, because it reads digits by position and ignores separators.
    "lenient-separators": b"2012/01/23 12.34.56,054321+01.23",
    "lenient-lower-case-t": b"2012-01-23t12:34:56.054321+01:23",
    "lenient-separators-are-digits": b"20129019239129349569054321+01923",
    "lenient-offset-minutes-60": _DATE + b"+05:60",
    "lenient-offset-minutes-99": _DATE + b"+05:99",
    "lenient-offset-hours-signed": _DATE + b"+-1:30",
    "lenient-offset-minutes-negative": _DATE + b"+01:-1",
    "lenient-offset-hours-plus": _DATE + b"-+1:30",
    "lenient-year-with-space": b" 999-01-01T00:00:00.000000-00:00",
    "lenient-year-with-plus": b"+999-01-01T00:00:00.000000-00:00",
    "lenient-year-with-underscore": b"1_99-01-01T00:00:00.000000-00:00",
    "lenient-month-with-space": b"2012- 1-23T12:34:56.054321-01:23",
    "lenient-microsecond-with-spaces": b"2012-01-23T12:34:56. 543  -01:23",
    "lenient-microsecond-with-underscore": b"2012-01-23T12:34:56.05_321-01:23",
}

# Absolute paths only: Twisted resolves a relative path against its working directory.
PATH = {
    "root": b"/",
    "plain": b"/usr/bin",
    "space": b"/a b/c",
    "utf-8": "/caf\u00e9/\U0001f600".encode(),
    "two-slashes-in-front": b"//a",
    "tilde": b"/~",
    "backslash": b"/a\\b",
    "nul": b"/a\x00b",
    "dots-in-name": b"/a..b/.c/d.",
    "three-slashes-in-front": b"///a",
    "slash-at-end": b"/a/",
    "slashes-inside": b"/a//b///c",
    "dot": b"/a/./b/.",
    "dot-dot": b"/a/../b",
    "dot-dot-over-root": b"/../../a",
    "dot-dot-over-two-slashes": b"//../a",
    "not-utf-8": b"/\xff",
}


def _list(*elements):
    return b"".join(struct.pack("!H", len(element)) + element for element in elements)


LISTS = {
    "listOf(integer)": {
        "empty": b"",
        "one": _list(b"5"),
        "three": _list(b"1", b"-2", b"340282366920938463463374607431768211456"),
        "lenient-elements": _list(b" 1 ", b"+2", b"0_0"),
        "empty-element": _list(b""),
        "bad-element": _list(b"1", b"x"),
        "one-byte-after": _list(b"5") + b"\x00",
        "length-without-element-after": _list(b"5") + b"\x00\x02",
        "cut-element": _list(b"5") + b"\x00\x05ab",
        "one-byte": b"\x00",
        "cut-first-element": b"\x00\x05ab",
    },
    "listOf(bytes)": {
        "empty": b"",
        "one-empty-element": _list(b""),
        "empty-elements": _list(b"", b"", b""),
        "binary": _list(b"\x00\x00", bytes(range(256)), b"\xff"),
        "element-of-300-bytes": _list(b"x" * 300),
    },
    "listOf(unicode)": {
        "texts": _list(b"hello", b"", "\U0001f600".encode()),
        "bad-element": _list(b"a", b"\xff"),
    },
    "listOf(boolean)": {"both": _list(b"True", b"False"), "bad-element": _list(b"true")},
    "listOf(float)": {
        "floats": _list(b"1.0", b"1e-05", b"-0.0", b"nan", b"inf"),
        "lenient-elements": _list(b"1", b"1E5"),
        "bad-element": _list(b"1,5"),
    },
    "listOf(decimal)": {"decimals": _list(b"1.0", b"1E+2", b"NaN", b"-0"), "bad-element": _list(b"1", b"")},
    "listOf(dateTime)": {
        "dates": _list(_DATE + b"-01:23", _DATE + b"-00:00"),
        "utc-with-plus": _list(_DATE + b"+00:00"),
        "bad-element": _list(_DATE),
    },
    "listOf(path)": {"paths": _list(b"/", b"/a b"), "not-normalised": _list(b"/a/../b")},
    "listOf(listOf(unicode))": {
        "empty": b"",
        "one-empty-list": _list(b""),
        "nested": _list(_list(b"a", b""), _list(), _list("\U0001f600".encode())),
        "bad-element": _list(_list(b"\xff")),
        "inner-cut": _list(_list(b"a") + b"\x00\x09x"),
    },
    "listOf(listOf(listOf(integer)))": {"nested": _list(_list(_list(b"1", b"2"), b""), b"", _list(_list(b"3")))},
}

_ONE = box((b"id", b"1"), (b"name", b"one"))
_SCORED = box((b"id", b"2"), (b"name", b""), (b"score", b"0.5"))

AMP_LISTS = {
    "ampList(id: integer, name: unicode, score?: float)": {
        "empty": b"",
        "one": _ONE,
        "optional-present": _SCORED,
        "two": _ONE + _SCORED,
        "keys-not-sorted": box((b"name", b"one"), (b"id", b"1")),
        "unknown-key-ignored": box((b"extra", b"x"), (b"id", b"1"), (b"name", b"one")),
        "duplicate-key-last-wins": box((b"id", b"1"), (b"id", b"2"), (b"name", b"one")),
        "lenient-value": box((b"id", b" +1 "), (b"name", b"one")),
        "missing-required-key": box((b"id", b"1")),
        "empty-box": b"\x00\x00",
        "bad-value": box((b"id", b"x"), (b"name", b"one")),
        "bad-optional-value": box((b"id", b"1"), (b"name", b"one"), (b"score", b"")),
        "last-box-cut": _ONE + _SCORED[:-1],
        "last-box-without-end": _ONE + _SCORED[:-2],
        "only-box-cut": _ONE[:-1],
        "one-byte-after": _ONE + b"\x00",
        "key-too-long": _ONE + b"\x01\x00",
    },
    "ampList(a?: integer, b?: unicode)": {
        "empty-box": b"\x00\x00",
        "two-empty-boxes": b"\x00\x00" * 2,
        "first-only": box((b"a", b"1")),
        "empty-text-is-present": box((b"b", b"")),
    },
    "ampList(ids: listOf(integer), when: dateTime)": {
        "composed": box((b"ids", _list(b"1", b"2")), (b"when", _DATE + b"-01:23")),
    },
    "ampList(name: unicode, rows: ampList(id: integer))": {
        "nested": box((b"name", b"x"), (b"rows", box((b"id", b"1")) + box((b"id", b"2")))),
        "nested-empty": box((b"name", b"x"), (b"rows", b"")),
    },
}

CASES = {
    "integer": INTEGER,
    "float": FLOAT,
    "boolean": BOOLEAN,
    "decimal": DECIMAL,
    "unicode": UNICODE,
    "bytes": BYTES,
    "dateTime": DATE_TIME,
    "path": PATH,
    **LISTS,
    **AMP_LISTS,
}

# Twisted silently drops a partial element at the end; ampwire rejects it.
CUT_OFF = {
    "listOf(integer)": {
        *("one-byte-after", "length-without-element-after", "cut-element", "one-byte", "cut-first-element"),
    },
    "listOf(listOf(unicode))": {"inner-cut"},
    "ampList(id: integer, name: unicode, score?: float)": {
        *("last-box-cut", "last-box-without-end", "only-box-cut", "one-byte-after"),
    },
}


def _slug(type, name):
    for punctuation in "():,":
        type = type.replace(punctuation, " ")
    return "-".join(type.replace("?", " optional").split()) + " " + name


def vectors():
    """
    Return the vectors. ``direction`` is ``both`` if Twisted encodes the value to exactly these bytes, and ``decode`` if
    it only accepts them. ``error`` replaces the value if Twisted raises an exception of this class, either for the
    bytes or when the decoded value is used (an offset of a day). ``ours`` is ``refuse`` if ampwire is stricter on
    purpose.
    """
    for type, cases in CASES.items():
        argument = argumentType(type)
        for name, wire in cases.items():
            vector = {"name": _slug(type, name), "type": type, "hex": wire.hex()}
            try:
                value = argument.fromStringProto(wire, None)
                vector["value"] = toJSON(argument, value)
                again = argument.toStringProto(value, None)
            except Exception as error:
                vector.pop("value", None)
                vector["error"] = error.__class__.__name__
            else:
                vector["direction"] = "both" if again == wire else "decode"
            if name in CUT_OFF.get(type, ()):
                vector["ours"] = "refuse"
            yield vector
