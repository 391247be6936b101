"""JSON that cannot be read in two ways, and at what price."""

import json
import time
from collections.abc import Callable

import pytest

from cti_lookup.strict_json import read_json
from tests.servers.fake_directory import ASHOK


@pytest.mark.parametrize(
    "text",
    [
        "0", "-0", "1.5e3", '"a"', "null", "[]", "{}", ' {"a" : [1, {"b": "\\""}]} ',
        '"\\ud83d\\ude00"', '"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 32 + "]" * 32, '"\\\\ud800"',
    ],
)  # fmt: skip
def test_what_is_json_is_read_as_json_reads_it(text: str) -> None:
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"-1e999", b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}',
        b'{"a":1,"\\u0061":2}', b'"\\ud800"', b'"\\uDFFF x"', b'"\\ude00\\ud83d"', b'{"\\ud800":1}', b'"\xff"',
        b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"[" * 33 + b"]" * 33, b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 200_000, b'"' + b'\\"' * 100_000, b"9" * 5000, b"01", b"[1,]", b"{} {}", b'"\x01"', b"\\", b'"\\',
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_or_in_none_is_no_json(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"."):
        read_json(body)
    assert time.perf_counter() - started < 1  # no text takes time that grows faster than the text


def quickest(work: Callable[[bytes], object], body: bytes) -> float:
    times = []
    for _ in range(100):
        started = time.perf_counter()
        work(body)
        times.append(time.perf_counter() - started)
    return min(times)


def test_strictness_costs_ten_people_less_than_five_times_a_plain_reading() -> None:
    """Some 0.1 ms more here; a ratio, as machines differ."""
    body = json.dumps([{**ASHOK, "id": number, "addresses": [], "x": None} for number in range(10)]).encode()
    assert quickest(read_json, body) < 5 * quickest(json.loads, body)
