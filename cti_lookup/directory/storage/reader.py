"""
A connection for reading only, which keeps what is read over and over for as long as nobody changes the file.

Who calls differs each time; the organization, the site and the manager are often those of somebody who called before.
"""

import sqlite3
from typing import Any, Final

_VERSION: Final = "PRAGMA data_version"


class Reader(sqlite3.Connection):
    """
    A connection whose transactions begin with `begin`.

    `remembered` is what some work wants to find again in a later transaction. It is empty after any change to the file, and
    None outside such a transaction: nothing that is remembered is then known to be true.
    """

    remembered: dict[Any, Any] | None = None
    _kept: dict[Any, Any] | None = None
    _version = -1

    def begin(self) -> None:
        """Begin a transaction: all that is read in it is of this moment."""
        self.execute("BEGIN")
        try:
            version = int(self.execute(_VERSION).fetchone()[0])  # it also settles which moment this is
        except BaseException:
            self.end()
            raise
        if version != self._version or self._kept is None:
            self._kept, self._version = {}, version
        self.remembered = self._kept

    def end(self) -> None:
        """End the transaction."""
        self.remembered = None
        # SQLite ends a transaction itself when the disk fails.
        if self.in_transaction:
            self.execute("ROLLBACK")
