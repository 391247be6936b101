"""
What can be wrong with a file: all of it, or a line.

::

    DirectoryError
    └── TransferError
        ├── UnreadableFileError   nothing of the file is used
        ├── RefusedFileError      it was read, and some of its lines are not acceptable
        └── MappingError          the mapping file is not understood
"""

from typing import NamedTuple

from cti_lookup.directory.errors import DirectoryError


class Rejection(NamedTuple):
    """A line that cannot be used, the column, and why; never what stands in it."""

    line: int
    field: str
    reason: str


class TransferError(DirectoryError):
    """A file cannot be taken in; its text never holds anything the file says."""


class UnreadableFileError(TransferError):
    """A file cannot be read on from a line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class RefusedFileError(TransferError):
    """Some lines were rejected, and therefore none was used."""

    def __init__(self, rejected: int) -> None:
        lines = "1 line was" if rejected == 1 else f"{rejected} lines were"
        super().__init__(f"{lines} rejected, nothing was changed")
        self.rejected = rejected


class MappingError(TransferError):
    """A mapping file is not understood."""
