"""Why SQLite or the system refused, in an operator's words; their own words hold no person's data."""

import sqlite3
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.errors import DirectoryStoreError

_OF_THE_SYSTEM: Final = MappingProxyType(
    {
        FileNotFoundError: "cannot be made: its folder does not exist",
        PermissionError: "cannot be opened: permission denied",
        IsADirectoryError: "cannot be opened: it is a folder",
    }
)
_OF_SQLITE: Final = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: "is locked by another program",
        sqlite3.SQLITE_LOCKED: "is locked by another program",
        sqlite3.SQLITE_CORRUPT: "is damaged, or no SQLite database",
        sqlite3.SQLITE_NOTADB: "is damaged, or no SQLite database",
        sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    }
)


def store_error(subject: str, error: Exception) -> DirectoryStoreError:
    """Return the error to raise in place of one of SQLite's or the system's; `subject` begins its sentence."""
    return DirectoryStoreError(f"{subject} {_why(error)}")


def _why(error: Exception) -> str:
    for kind, words in _OF_THE_SYSTEM.items():
        if isinstance(error, kind):
            return words
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to be more precise
    return _OF_SQLITE.get(code) or f"cannot be used: {error}"
