"""
As many people as a test wants, always the same ones: invented names, two numbers each, from many regions and in many writings.

One number in a hundred ends in the same seven digits, with many others before them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SHARED_TAIL: Final = "5550100"

_FIRST_NAMES: Final = """
    Ada Ben Chloé Dmitri Elif Fatma Grace Hüseyin Ingrid João Kira Łukasz Mehmet Nora Olivia Peter Quentin Rosa Søren Tomoko
    Uwe Véra Wei Xenia Yusuf Zoë
"""
_LAST_NAMES: Final = """
    Andersson Brandt Cole Dubois Eriksen Fletcher Garnier Hale Iyer Jansen Kumar Lindqvist Müller Novak Öberg Petrova Quist
    Ruiz Shah Tanner Ueda Vogt Walsh Xu Yılmaz Żak
"""


@dataclass(frozen=True, slots=True)
class Region:
    """How the numbers of a country are made: its code, what stands before a national number, area and line lengths."""

    code: str
    trunk: str
    area: int
    line: int


_REGIONS: Final = (
    Region("1", "1", 3, 7),
    Region("44", "0", 2, 8),
    Region("49", "0", 3, 8),
    Region("33", "0", 1, 8),
    Region("31", "0", 2, 7),
    Region("90", "0", 3, 7),
    Region("81", "0", 1, 8),
    Region("55", "0", 2, 9),
    Region("61", "0", 1, 8),
    Region("91", "0", 2, 8),
    Region("46", "0", 2, 7),
    Region("34", "", 3, 6),
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the way it is written."""

    region: Region
    area: str
    line: str
    writing: str

    @property
    def international(self) -> str:
        """The digits with the code of the country."""
        return f"{self.region.code}{self.area}{self.line}"

    @property
    def national(self) -> str:
        """The digits as they are dialled inside the country."""
        return f"{self.region.trunk}{self.area}{self.line}"

    @property
    def text(self) -> str:
        """The number as somebody wrote it."""
        return self.writing.format(
            code=self.region.code,
            trunk=self.region.trunk,
            area=self.area,
            line=self.line,
            cut=_cut(self.line),
        )


_WRITINGS: Final = (
    "+{code} {area} {cut}",
    "+{code} ({area}) {cut}",
    "+{code}{area}{line}",
    "00{code} {area} {cut}",
    "({trunk}{area}) {cut}",
    "{trunk}{area}-{line}",
    "{trunk}{area}/{line}",
    "+{code}.{area}.{line}",
    "tel:+{code}-{area}-{line}",
    "+{code} {area} {cut} x12",
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of a directory; the first number is the one at work."""

    position: int
    name: str
    email: str
    organization: str
    job_title: str
    employee_id: str
    support_id: str
    work: Number
    mobile: Number


def many_people(count: int, *, seed: int = 7) -> Iterator[Somebody]:
    """Give so many people; the first ones are the same however many there are."""
    dice = random.Random(seed)  # noqa: S311 - the same people each time
    first_names, last_names = _FIRST_NAMES.split(), _LAST_NAMES.split()
    for position in range(count):
        name = f"{dice.choice(first_names)} {dice.choice(last_names)}"
        yield Somebody(
            position,
            name,
            f"person.{position}@people.example",
            f"Department {position % 997}",
            "Engineer",
            f"E-{position:07}",
            f"S-{position:07}",
            _number(dice, shared=position % 50 == 0),
            _number(dice),
        )


def _number(dice: random.Random, *, shared: bool = False) -> Number:
    region = dice.choice(_REGIONS)
    area = str(dice.randrange(10 ** (region.area - 1), 10**region.area))
    line = str(dice.randrange(2 * 10 ** (region.line - 1), 10**region.line))
    if shared:
        area, line = str(dice.randrange(1000, 10_000)), SHARED_TAIL
    return Number(region, area, line, dice.choice(_WRITINGS))


def _cut(line: str) -> str:
    return f"{line[:-4]} {line[-4:]}"
