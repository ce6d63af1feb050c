"""Values that every echo command must return unchanged: pairs of command and arguments."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from math import inf, nan

from twisted.protocols.amp import utc
from twisted.python.filepath import FilePath

import commands


def _at(*fields, hours=0, minutes=0):
    return datetime(*fields, tzinfo=timezone(timedelta(hours=hours, minutes=minutes)))


_VALUES = {
    commands.EchoInteger: [0, 1, -1, 2**31, 2**53 - 1, 1 - 2**53],
    commands.EchoString: [b"", b"\x00", b"\x00\x00", bytes(range(256)), b"\x16\x03\x01", b"x" * 65535],
    commands.EchoUnicode: ["", "\x00", "caf\u00e9", "\ufeffBOM", "\U0001f600", "e\u0301 apart", "\u20ac" * 21845],
    commands.EchoBoolean: [True, False],
    commands.EchoFloat: [
        *(0.0, -0.0, 1.0, 0.1, -1.5, 1e15, 1e16, 1e22, 123456789012345680.0, 0.0001, 1e-5, 1e-7, 5e-324),
        *(1.7976931348623157e308, 2.2250738585072014e-308, 9007199254740993.0, 1 / 3, inf, -inf, nan),
    ],
    commands.EchoDecimal: [
        *map(
            Decimal,
            ["0", "-0", "1", "1.0", "1.50", "1E+2", "1E-7", "0E-10", "-0.00", "Infinity", "-Infinity", "NaN", "-NaN"],
        ),
        Decimal("1234567890123456789012345678901234567890"),
        Decimal("0.1234567890123456789012345678901234567890"),
    ],
    commands.EchoDateTime: [
        datetime(2012, 1, 23, 12, 34, 56, 54321, tzinfo=utc),
        _at(2012, 1, 23, 12, 34, 56, 54321, hours=-1, minutes=-23),
        _at(2012, 1, 23, 12, 34, 56, hours=5, minutes=45),
        _at(2012, 2, 29, hours=14),
        _at(1, 1, 1, minutes=1),
        _at(9999, 12, 31, 23, 59, 59, 999999, hours=-23, minutes=-59),
    ],
    commands.EchoPath: [FilePath("/"), FilePath("/tmp/caf\u00e9"), FilePath("/a b/c")],
    commands.EchoListOfInteger: [[], [0], [1, -2, 3], list(range(1000))],
    commands.EchoListOfListOfUnicode: [[], [[]], [["a", ""], [], ["\U0001f600"]]],
    commands.EchoAmpList: [
        [],
        [{"id": 1, "name": "one"}],
        [{"id": 1, "name": "one", "score": 0.5}, {"id": -2, "name": ""}, {"id": 3, "name": "\u4e09", "score": inf}],
    ],
}

_FIELDS = {
    commands.EchoOptional: [{}, {"a": 1}, {"b": ""}, {"a": -1, "b": "both"}],
    commands.EchoBig: [
        {"text": "", "data": b""},
        {"text": "x" * 65535, "data": b"y" * 65536},
        {"text": "\u20ac" * 70000, "data": bytes(range(256)) * 1000},
    ],
}

ECHOES = [(command, {"value": value}) for command, values in _VALUES.items() for value in values]
ECHOES += [(command, fields) for command, rows in _FIELDS.items() for fields in rows]
