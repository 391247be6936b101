"""
The lines of a file as text: encodings, and what is no text.

Facts (4me developer guide, "Import API"): files are UTF-8 or UTF-16LE. Clients write them with a byte order mark and without.
Without one UTF-16LE is known by the null bytes in its first two characters: the first line of any file is ASCII at its
beginning, and no file of UTF-8 may hold a null byte.
"""

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cti_lookup.directory.transfer.faults import UnreadableFileError

LONGEST_LINE: Final = 1024 * 1024
"""Characters of a line; the longest row the API's fields can make has three texts of 64 KB."""

BLOCK: Final = 128 * 1024

STRICT: Final = "strict"
KEEP_BYTES: Final = "surrogateescape"
"""Bytes that are no UTF-8 stand in the text as halves of surrogate pairs, for formats that name encodings themselves."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_START: Final = 4
"""Bytes that tell the encoding."""

_UNMARKED_UTF_16_LE: Final = re.compile(rb"[^\0]\0[^\0]\0")


class TextLines(Iterable[str]):
    """
    The lines of a file, with their ends as they are; `number` is that of the last one given.

    Reading raises `UnreadableFileError` at bytes that are no text, at null bytes, which are the mark of another encoding, and
    at a line without an end.
    """

    def __init__(self, file: BinaryIO, errors: str = STRICT) -> None:
        self.number = 0
        self._name, encoding = _encoding(file)
        # The file stays open when the last one who has read of it is gone: it is its owner's.
        self._text = open(  # noqa: SIM115 - as above
            file.fileno(), encoding=encoding, errors=errors, newline="", buffering=BLOCK, closefd=False
        )
        self._lines = self._read()

    def __iter__(self) -> Iterator[str]:
        # The generator itself: a method of Python between it and who reads would cost as much as the line.
        return self._lines

    def _read(self) -> Iterator[str]:
        readline = self._text.readline
        try:
            while line := readline(LONGEST_LINE):
                self.number += 1
                if "\0" in line:
                    msg = f"Null byte on line {self.number}"
                    raise UnreadableFileError(msg, self.number)
                if len(line) == LONGEST_LINE:
                    msg = f"Line {self.number} is too long"
                    raise UnreadableFileError(msg, self.number)
                yield line
        except UnicodeDecodeError as error:
            raise self._invalid(error) from None

    def _invalid(self, error: UnicodeDecodeError) -> UnreadableFileError:
        """Say on which line the bytes stand: lines that were read, and those before the bytes in the same block."""
        before = error.object[: error.start].decode(error.encoding, "replace")
        line = self.number + 1 + before.count("\n")
        return UnreadableFileError(f"Invalid byte sequence in {self._name} on line {line}", line)


def _encoding(file: BinaryIO) -> tuple[str, str]:
    """Return the name of a file's encoding, as shown and as Python has it, and pass over its byte order mark."""
    number = file.fileno()
    os.lseek(number, 0, os.SEEK_SET)
    start = os.read(number, _LONGEST_START)
    mark, encoding = _mark(start)
    os.lseek(number, len(mark), os.SEEK_SET)
    return encoding.upper().replace("-LE", "LE").replace("-BE", "BE"), encoding


def _mark(start: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that a file begins with, if any, and the encoding."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return mark, encoding
    return b"", "utf-16-le" if _UNMARKED_UTF_16_LE.match(start) else "utf-8"


def bytes_read(file: BinaryIO) -> int:
    """Return how much of a file has been read as text."""
    return os.lseek(file.fileno(), 0, os.SEEK_CUR)
