"""
Rows of CSV and TSV files: the delimiter and the columns from the first row, then a row at a time.

Every malformation the `csv` module finds ends the reading, as nobody can say what the rest of the file means. A row with more or
fewer cells than there are columns is a fault of that row alone.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Final

import msgspec

from cti_lookup.directory.transfer.entries import BLOCK_ENTRIES, Entry, Sheet
from cti_lookup.directory.transfer.faults import UnreadableFileError
from cti_lookup.directory.transfer.texts import TextLines

DELIMITERS: Final = (",", "\t", ";")
OTHER_LENGTH: Final = "does not have as many cells as the first row"

_TYPE_LINE: Final = "#TYPE "  # PowerShell writes it before the titles
_PROTECTED: Final = ("\t=", "\t+", "\t-", "\t@")

FieldOf = Callable[[str], str | None]
"""Tells the field a column's title stands for."""


class Table:
    """
    A file of rows: `columns` holds the field of each column, None for those that are nobody's.

    Raise `UnreadableFileError` when there is no row of titles.
    """

    def __init__(self, file: BinaryIO, field_of: FieldOf) -> None:
        self._lines = TextLines(file)
        titles, self._delimiter = self._titles(field_of)
        self.columns = _without_repeats([field_of(title) for title in titles])

    @property
    def fields(self) -> frozenset[str]:
        """The fields the file has columns of."""
        return frozenset(filter(None, self.columns))

    @property
    def unknown(self) -> tuple[int, ...]:
        """The columns that are passed over, counted from one."""
        return tuple(number for number, field in enumerate(self.columns, start=1) if field is None)

    def entries(self) -> Iterator[Entry]:
        """Read the rows; raise `UnreadableFileError` where they cannot be read on."""
        for block in self.blocks():
            yield from block.entries()

    def blocks(self) -> Iterator["Rows"]:
        """Read the rows in blocks; raise as `entries` does."""
        rows = self._rows()
        while some := tuple(islice(rows, BLOCK_ENTRIES)):
            yield Rows(self.columns, some)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines
        rows = csv.reader(lines, delimiter=self._delimiter, strict=True)
        line = lines.number + 1
        try:
            for row in rows:
                if any(row):
                    yield line, row
                line = lines.number + 1
        except csv.Error:
            msg = f"Malformed CSV on line {line}"
            raise UnreadableFileError(msg, line) from None

    def _titles(self, field_of: FieldOf) -> tuple[Sequence[str], str]:
        for line in self._lines:
            if line.strip() and not line.startswith(_TYPE_LINE):
                return max(
                    ((_split(line, delimiter), delimiter) for delimiter in DELIMITERS),
                    key=lambda read: sum(field_of(title) is not None for title in read[0]),
                )
        msg = "The file is empty"
        raise UnreadableFileError(msg, 1)


class Rows(msgspec.Struct, frozen=True):
    """A block of rows, each with the line it begins on; `columns` are those of the table."""

    columns: tuple[str | None, ...]
    all: tuple[tuple[int, list[str]], ...]

    def __len__(self) -> int:
        return len(self.all)

    def entries(self) -> Iterator[Entry]:
        """Give them one by one."""
        columns, width = self.columns, len(self.columns)
        for line, row in self.all:
            if (len(row) != width and any(row[width:])) or len(row) < width:
                yield Entry(line, {}, fault=OTHER_LENGTH)
                continue
            cells = dict(zip(columns, map(_unprotected, row), strict=False))
            cells.pop(None, None)
            yield Entry(line, cells)  # type: ignore[arg-type]  # None is gone

    def sheet(self) -> Sheet | None:
        """Return them as columns, if all are as long as the first row."""
        lines, rows = zip(*self.all, strict=True)
        if set(map(len, rows)) != {len(self.columns)}:
            return None
        columns = dict(zip(self.columns, zip(*rows, strict=True), strict=True))
        columns.pop(None, None)
        return Sheet(lines, {field: _all_unprotected(cells) for field, cells in columns.items()})  # type: ignore[misc]  # None is gone

    def after(self, many: int) -> "Rows":
        """Return the block without its first rows."""
        return Rows(self.columns, self.all[many:])


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _without_repeats(columns: list[str | None]) -> tuple[str | None, ...]:
    """Return the columns, with a second one of the same field being nobody's."""
    seen: set[str | None] = set()
    return tuple(None if field in seen or seen.add(field) else field for field in columns)  # type: ignore[func-returns-value]


def _unprotected(cell: str) -> str:
    """
    Return a cell without the tab that protects spreadsheets from formulas.

    Facts (R-Service developer guide, "Export"): a value that begins with one of `= + - @` is exported after a tab.
    """
    return cell[1:] if cell.startswith(_PROTECTED) else cell


def _all_unprotected(cells: Sequence[str]) -> Sequence[str]:
    return tuple(map(_unprotected, cells)) if "\t" in "".join(cells) else cells
