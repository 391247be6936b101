"""What the tests of imports and exports share: files written, taken in, and what the directory then holds."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cti_lookup.directory.transfer.commands import plan_import
from cti_lookup.directory.transfer.faults import Rejection
from cti_lookup.directory.transfer.importing import Report, import_file

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def rows(*lines: Sequence[str], delimiter: str = ",") -> str:
    """Return lines of cells as the text of a file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return text.getvalue()


@dataclass
class Directory:
    """A directory's file, and the folder with the files that are imported into it."""

    folder: Path
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "directory.sqlite3"

    def take_in(
        self, content: str | bytes, name: str = "people.csv", now: datetime = NOW, **options: Any
    ) -> Report:
        """Import a file with some content; what is rejected is noted."""
        file = self.folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        order = plan_import(self.database, file, **options)
        self.rejected = []
        return import_file(order, now=now, progress=lambda _: None, reject=self.rejected.append)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a statement finds."""
        with closing(sqlite3.connect(self.database)) as connection:
            return [tuple(row) for row in connection.execute(statement, values)]

    def people(self, *fields: str) -> list[tuple[Any, ...]]:
        """Return some columns of the people, in the order in which they were made."""
        return self.query(
            f"SELECT {', '.join(fields)} FROM people WHERE account_id = 'widget' ORDER BY id"  # noqa: S608
        )

    def details(self, email: str) -> dict[str, Any]:
        """Return the fields of a person that have no column."""
        ((text,),) = self.query("SELECT details FROM people WHERE primary_email = ?", email)
        return dict(json.loads(text))

    def contacts(self, email: str) -> list[tuple[Any, ...]]:
        """Return the contacts of a person."""
        return self.query(
            "SELECT label, protocol, uri, contacts.integration FROM contacts JOIN people ON people.id = owner_id"
            " WHERE primary_email = ? ORDER BY contacts.id",
            email,
        )

    def staged(self, staging: Path) -> int:
        """Return how many entries of a file a staging file has."""
        with closing(sqlite3.connect(staging)) as connection:
            return int(connection.execute("SELECT entries FROM progress").fetchone()[0])

    def staging_files(self) -> list[str]:
        """Return the names of what an import left beside the database."""
        return sorted(path.name for path in self.folder.glob("*.import-*"))


def faults(database: Path) -> Iterable[object]:
    """Return what SQLite finds wrong with a file, and rows that refer to others that are not there."""
    with closing(sqlite3.connect(database)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
        return [*([] if integrity == "ok" else [integrity]), *connection.execute("PRAGMA foreign_key_check")]
