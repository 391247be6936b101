"""
Rows of CSV and TSV files: the delimiter and the columns from the first row, then a row at a time.

Every malformation the `csv` module finds ends the reading, as nobody can say what the rest of the file means. A row with more or
fewer cells than there are columns is a fault of that row alone.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

from cti_lookup.directory.transfer.entries import Entry
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
        columns, width = self.columns, len(self.columns)
        known = None not in columns
        for line, row in self._rows():
            if (len(row) != width and any(row[width:])) or len(row) < width:
                yield Entry(line, {}, fault=OTHER_LENGTH)
                continue
            cells = dict(zip(columns, row, strict=False))
            if not known:
                cells.pop(None, None)
            yield Entry(line, cells)  # type: ignore[arg-type]  # None is gone

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        rows = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        lines = self._lines
        while True:
            line = lines.number + 1
            try:
                row = next(rows, None)
            except csv.Error:
                msg = f"Malformed CSV on line {line}"
                raise UnreadableFileError(msg, line) from None
            if row is None:
                return
            if any(row):
                yield line, _unprotected(row)

    def _titles(self, field_of: FieldOf) -> tuple[Sequence[str], str]:
        for line in self._lines:
            if line.strip() and not line.startswith(_TYPE_LINE):
                return max(
                    ((_split(line, delimiter), delimiter) for delimiter in DELIMITERS),
                    key=lambda read: sum(field_of(title) is not None for title in read[0]),
                )
        msg = "The file is empty"
        raise UnreadableFileError(msg, 1)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _without_repeats(columns: list[str | None]) -> tuple[str | None, ...]:
    """Return the columns, with a second one of the same field being nobody's."""
    seen: set[str | None] = set()
    return tuple(None if field in seen or seen.add(field) else field for field in columns)  # type: ignore[func-returns-value]


def _unprotected(row: list[str]) -> list[str]:
    """
    Return a row without the tabs that protect spreadsheets from formulas.

    Facts (R-Service developer guide, "Export"): a value that begins with one of `= + - @` is exported after a tab.
    """
    if "\t" not in "".join(row):
        return row
    return [cell[1:] if cell.startswith(_PROTECTED) else cell for cell in row]
