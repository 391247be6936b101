"""
A sample day: 2,000 calls as a service desk might have them, always the same.

Facts: 020 7946 0xxx, 0113 496 0xxx, 0121 496 0xxx and 0161 496 0xxx are numbers that Ofcom keeps for drama and gives to nobody
(https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama).
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final, TextIO

from cti_lookup.times import rfc3339

CALLS: Final = 2000
_BEGIN: Final = 1_795_392_000.0
"""Monday, 23 November 2026, 00:00 UTC."""

_HOUR: Final = 3600
_BY_HOUR: Final = (1, 1, 1, 1, 1, 2, 6, 30, 90, 130, 120, 100, 70, 95, 115, 100, 80, 50, 25, 12, 8, 5, 3, 2)
_PREFIXES: Final = ("+442079460", "+441134960", "+441214960", "+441614960")
_CALLERS: Final = 900
_PART_KNOWN: Final = 0.72
_PART_AGAIN: Final = 0.3
"""Calls of somebody who has just called: who was not served calls again."""

_LATELY: Final = 30
_STRANGE: Final = (("anonymous", 0.04), ("1002", 0.03), ("+44 20", 0.01))


def write_sample(file: TextIO) -> None:
    """Write the sample day as CSV."""
    writer = csv.writer(file)
    writer.writerow(("at", "number", "source", "region", "known"))
    writer.writerows(_rows(Random(20261123)))  # noqa: S311  # the same day each time; it guards no secret


def _rows(random: Random) -> Iterator[tuple[str, str, str, str, str]]:
    callers = _callers(random)
    weights = list(
        accumulate(1 / (rank + 8) for rank in range(len(callers)))
    )  # few call often, most call once
    lately: deque[tuple[str, str]] = deque(maxlen=_LATELY)
    for moment in sorted(_moments(random)):
        again = lately and random.random() < _PART_AGAIN
        number, known = random.choice(lately) if again else random.choices(callers, cum_weights=weights)[0]
        lately.append((number, known))
        source = random.choice(("front-desk", "front-desk", "hotline"))
        strange = _strange(random)
        yield rfc3339(moment), strange or number, source, "GB", "" if strange else known


def _callers(random: Random) -> list[tuple[str, str]]:
    tails = random.sample(range(1000 * len(_PREFIXES)), _CALLERS)
    return [
        (f"{_PREFIXES[tail // 1000]}{tail % 1000:03}", "yes" if random.random() < _PART_KNOWN else "no")
        for tail in tails
    ]


def _moments(random: Random) -> Iterator[float]:
    hours = random.choices(range(len(_BY_HOUR)), weights=_BY_HOUR, k=CALLS)
    for hour in hours:
        yield _BEGIN + hour * _HOUR + random.random() * _HOUR


def _strange(random: Random) -> str | None:
    """Give what some calls show instead of a number."""
    drawn = random.random()
    for text, share in _STRANGE:
        if drawn < share:
            return text
        drawn -= share
    return None
