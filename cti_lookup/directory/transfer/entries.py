"""What all formats of files become: entries about people, and entries about the contacts of somebody."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Protocol, Self

import msgspec

Cells = Mapping[str, str]
"""Texts of a file under the names of the fields they are for; one that is missing says nothing about its field."""


class Entry(msgspec.Struct, frozen=True):
    """
    One record of a file, and the line it begins on.

    `cells` are fields of the record. `contacts` are the rows of contact details that stand in it, each as `CONTACT_TITLES`
    names them. A `fault` says why the record cannot be read; it then holds nothing. `name` is what other records of the file
    may call this one, and `manager` what this one calls its manager: distinguished names, which begin with `NAMED`.
    """

    line: int
    cells: Cells
    contacts: tuple[Cells, ...] = ()
    name: str = ""
    manager: str = ""
    fault: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """
    Rows of a table, column by column: the line each begins on, and the texts of all of them under the name of each field.

    There is at least one row, and all columns are as long as `lines`.
    """

    lines: Sequence[int]
    cells: Mapping[str, Sequence[str]]


class Block(Protocol):
    """Entries that follow each other in a file; there is at least one."""

    def __len__(self) -> int:
        """Return how many there are."""

    def entries(self) -> Iterator[Entry]:
        """Give them one by one."""

    def sheet(self) -> Sheet | None:
        """Return them as a sheet, if they are rows of a table and none has a fault."""

    def after(self, many: int) -> Self:
        """Return the block without its first entries, of which at least one is left."""


BLOCK_ENTRIES: Final = 250
"""Entries of a block: so many that what is done once for each costs nothing, so few that one with a fault spoils little."""


class Entries(msgspec.Struct, frozen=True):
    """A block of entries that are no rows of a table."""

    all: tuple[Entry, ...]

    def __len__(self) -> int:
        return len(self.all)

    def entries(self) -> Iterator[Entry]:
        """Give them one by one."""
        return iter(self.all)

    def sheet(self) -> None:
        """Return nothing: there are no columns."""

    def after(self, many: int) -> "Entries":
        """Return the block without its first entries."""
        return Entries(self.all[many:])


def in_blocks(entries: Iterator[Entry]) -> Iterator[Block]:
    """Give entries in blocks."""
    while some := tuple(islice(entries, BLOCK_ENTRIES)):
        yield Entries(some)


NAMED: Final = " dn:"
"""Begins a distinguished name; no checked name or address begins with a blank, so that no cell can be taken for one."""
