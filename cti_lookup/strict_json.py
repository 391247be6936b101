"""
JSON read strictly, without I/O: what two readers could read differently is no JSON here.

Facts: `json` takes NaN, Infinity, 1e999 and half surrogates, and of two equal keys the last; msgspec takes equal keys,
and passes over nonsense in fields that it was not asked for. RFC 8259 section 4 and 8.2, RFC 7493 (I-JSON) section 2.
A mebibyte of brackets raises `RecursionError`, so depth is counted before anything is built.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

DEEPEST: Final = 32
"""Nesting of lists and objects; a person needs four."""

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A string to its end, or to the end of everything: so each byte is looked at once."""
_BRACKETS: Final = b"[]{}"
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> Any:
    """Read one JSON value. Raises `ValueError`."""
    may_be_deep = body.count(b"[") + body.count(b"{") > DEEPEST  # one person is not worth a closer look
    if may_be_deep and _depth(body) > DEEPEST:
        raise ValueError("nested too deeply")
    text = body.decode()
    value = _READER.decode(text)
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # raises where one half came without the other
    return value


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in _outside_strings(body).translate(None, _NO_BRACKETS):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _outside_strings(body: bytes) -> bytes:
    if b"\\" in body:
        return _STRING.sub(b"", body)
    return b"".join(
        body.split(b'"')[::2]
    )  # without escapes each quote begins or ends a string; ten times as fast


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def _constant(_: str) -> NoReturn:
    raise ValueError("no number of JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


_READER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
