"""
Argument types by name, as in the vectors and in the command Recode.

    integer  bytes  unicode  boolean  float  decimal  dateTime  path
    listOf(<type>)
    ampList(<key>: <type>, <key>?: <type>)      a question mark makes the key optional

The names are ampwire's; ``bytes`` is what Twisted calls String.
"""

import re

from twisted.protocols import amp

PLAIN = {
    "integer": amp.Integer,
    "bytes": amp.String,
    "unicode": amp.Unicode,
    "boolean": amp.Boolean,
    "float": amp.Float,
    "decimal": amp.Decimal,
    "dateTime": amp.DateTime,
    "path": amp.Path,
}

_TOKEN = re.compile(r"\s*([A-Za-z]+|[(),:?])")


def argumentType(text):
    """Return the amp.Argument for the type ``text``. Raises ValueError if ``text`` is not a type."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s+", "", text):
        raise ValueError(f"not an argument type: {text!r}")
    argument = _parse(tokens, optional=False)
    if tokens:
        raise ValueError(f"text after the argument type: {text!r}")
    return argument


def _parse(tokens, optional):
    name = _next(tokens)
    if name in PLAIN:
        return PLAIN[name](optional=optional)
    _expect(tokens, "(")
    if name == "listOf":
        argument = amp.ListOf(_parse(tokens, optional=False), optional=optional)
        _expect(tokens, ")")
        return argument
    if name == "ampList":
        return amp.AmpList(_parseColumns(tokens), optional=optional)
    raise ValueError(f"unknown argument type {name!r}")


def _parseColumns(tokens):
    columns = []
    while True:
        key = _next(tokens)
        separator = _next(tokens)
        optional = separator == "?"
        if optional:
            separator = _next(tokens)
        if separator != ":":
            raise ValueError(f"expected ':' after the key {key!r}")
        columns.append((key.encode("ascii"), _parse(tokens, optional)))
        separator = _next(tokens)
        if separator == ")":
            return columns
        if separator != ",":
            raise ValueError(f"expected ',' or ')' after the type of {key!r}")


def _next(tokens):
    if not tokens:
        raise ValueError("the argument type is cut off")
    return tokens.pop(0)


def _expect(tokens, wanted):
    if _next(tokens) != wanted:
        raise ValueError(f"expected {wanted!r} in an argument type")
