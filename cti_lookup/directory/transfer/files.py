"""The files of imports and exports that clients asked for: in a private folder beside the database, for a day."""

import os
import time
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Final

KEPT_SECONDS: Final = 24 * 3600.0

UPLOAD: Final = "upload"
LOG: Final = "log.csv"
EXPORT: Final = "export"
PART: Final = ".part"
"""Ends the name of an export that is being written."""

_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600


def folder_of(database: Path) -> Path:
    """Return the folder of a database's files."""
    return database.with_name(f"{database.name}.files")


def open_folder(database: Path) -> Path:
    """Return the folder of a database's files, which nobody else may look into, making it where it is missing."""
    folder = folder_of(database)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    return folder


def file_of(database: Path, token: str, purpose: str) -> Path:
    """Return a file of a job."""
    return folder_of(database) / f"{token}.{purpose}"


def make_private(path: Path) -> None:
    """Make an empty file that only its owner reads."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _PRIVATE_FILE))


def remove(path: Path) -> None:
    """Delete a file; one that is not there is none to delete."""
    with suppress(FileNotFoundError):
        path.unlink()


def sweep(database: Path, unfinished: Container[str], now: float | None = None) -> None:
    """
    Delete the files that have been kept for a day, but for those of jobs that are not finished, given by their tokens.

    What was uploaded goes when its import is over; of an upload during which the directory was killed there is no job.
    """
    for path in _files(database):
        if path.name.partition(".")[0] in unfinished:
            continue
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (time.time() if now is None else now) - KEPT_SECONDS:
                path.unlink()


def forget_exports(database: Path) -> None:
    """
    Delete all exports at once: somebody who stands in them is to be forgotten.

    One that is being written is deleted too; its process finds that out in the end, and is started again.
    """
    for path in _files(database):
        if path.name.endswith((f".{EXPORT}", f".{EXPORT}{PART}")):
            remove(path)


def _files(database: Path) -> list[Path]:
    folder = folder_of(database)
    return [*folder.iterdir()] if folder.is_dir() else []
