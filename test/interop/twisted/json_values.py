"""
Values of AMP arguments as JSON, without loss. The type of the argument determines how its JSON is read.

    Integer   text of the decimal digits (a JSON number is accepted)      "13"
    Float     text of Python's repr (a JSON number is accepted)           "1e-05", "-0.0", "inf", "nan"
    String    text of hexadecimal digits                                 "00ff"
    Unicode   text
    Boolean   true, false
    Decimal   text of Python's str                                       "1E+2", "sNaN"
    DateTime  text of Python's isoformat                                 "2012-01-23T12:34:56.054321-01:23"
    Path      text
    ListOf    array
    AmpList   array of objects; an absent optional value has no key
    Big*      as Unicode and String
"""

import datetime
import decimal

from twisted.protocols import amp
from twisted.python.filepath import FilePath

from big_values import BigBytes, BigUnicode

_SCALARS = {
    amp.Integer: (str, int),
    amp.Float: (repr, float),
    amp.String: (bytes.hex, bytes.fromhex),
    amp.Unicode: (str, str),
    amp.Boolean: (bool, bool),
    amp.Decimal: (str, decimal.Decimal),
    amp.DateTime: (datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    amp.Path: (lambda path: path.asTextMode().path, FilePath),
    BigBytes: (bytes.hex, bytes.fromhex),
    BigUnicode: (str, str),
}


def toJSON(argument, value):
    """Return the JSON form of one value of the type ``argument``."""
    if isinstance(argument, amp.ListOf):
        return [toJSON(argument.elementType, element) for element in value]
    if isinstance(argument, amp.AmpList):
        return [fieldsToJSON(argument.subargs, row) for row in value]
    return _SCALARS[type(argument)][0](value)


def fromJSON(argument, value):
    """Return the Python value of the JSON ``value``."""
    if isinstance(argument, amp.ListOf):
        return [fromJSON(argument.elementType, element) for element in value]
    if isinstance(argument, amp.AmpList):
        return [fieldsFromJSON(argument.subargs, row) for row in value]
    return _SCALARS[type(argument)][1](value)


def fieldsToJSON(schema, objects):
    """Return the JSON object of a box, by a command's ``arguments`` or ``response``."""
    return {
        name.decode("ascii"): toJSON(argument, value)
        for name, argument, value in _fields(schema, objects)
        if value is not None
    }


def fieldsFromJSON(schema, values):
    """Return keyword arguments for callRemote from a JSON object. Raises KeyError for a key outside the schema."""
    arguments = {name.decode("ascii"): argument for name, argument in schema}
    return {name: fromJSON(arguments[name], value) for name, value in values.items()}


def _fields(schema, objects):
    for name, argument in schema:
        yield name, argument, objects.get(amp._wireNameToPythonIdentifier(name))
