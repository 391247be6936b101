"""What the shell does with files: imports and exports, while a server may be running on the same database."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from cti_lookup.directory.access.accounts import own_account
from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.records.times import parse_span
from cti_lookup.directory.storage.database import open_reader, open_writer
from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.transfer.exporting import Selection, export
from cti_lookup.directory.transfer.files import make_private
from cti_lookup.directory.transfer.formats import Format, guess_format
from cti_lookup.directory.transfer.importing import Order
from cti_lookup.directory.transfer.mapping import read_mapping

FORMATS: Final = tuple(one.value for one in Format)
TYPES: Final = tuple(one.value for one in Kind)


def plan_import(  # noqa: PLR0913 - one for each option of the command
    database: Path,
    file: Path,
    *,
    file_type: str | None = None,
    mapping: Path | None = None,
    source: str | None = None,
    account: str | None = None,
    skip_rejected: bool = False,
    dry_run: bool = False,
) -> Order:
    """Return the order for a file, in the words of a command line; raise `UnusableValueError` for what cannot be."""
    order = Order(
        database=database.absolute(),
        file=file,
        format=_format(file, file_type),
        source=source,
        account=account,
        skip_rejected=skip_rejected,
        dry_run=dry_run,
    )
    return order if mapping is None else replace(order, mapping=read_mapping(mapping))


def export_file(
    database: Path, path: Path, *, types: tuple[str, ...] = (), account: str | None = None, since: str = ""
) -> None:
    """Write a file of everything, or of some types, and of what changed since a time; a zip file if there are several types."""
    if not database.exists():
        raise UnusableValueError(f"there is no file {database}")
    span = parse_span(since) if since else None
    if since and span is None:
        raise UnusableValueError("the time is not understood; write it as 2026-11-22T08:00:00Z")
    try:
        with closing(open_writer(database)):
            pass  # it brings an older file up to date
        with closing(open_reader(database)) as connection:
            chosen = account or own_account(connection) or ""
            selection = Selection(_kinds(types), chosen, span.start if span else "")
            make_private(path)
            export(connection, selection, path)
    except (sqlite3.Error, OSError) as error:
        raise store_error("the export", error) from error


def _format(file: Path, word: str | None) -> Format:
    if word is not None:
        if word not in FORMATS:
            raise UnusableValueError(f"the type is one of {', '.join(FORMATS)}")
        return Format(word)
    try:
        guessed = guess_format(file)
    except OSError as error:
        raise store_error(f"the file {file}", error) from error
    if guessed is None:
        raise UnusableValueError(f"what the file {file} holds cannot be told; say so with --type")
    return guessed


def _kinds(types: tuple[str, ...]) -> tuple[Kind, ...]:
    if not set(types) <= set(TYPES):
        raise UnusableValueError(f"types are {', '.join(TYPES)}")
    return tuple(Kind(one) for one in types or TYPES)
