"""The commands `directory import` and `directory export`."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cti_lookup.directory import (
    IMPORT_FORMATS,
    ImportOrder,
    RefusedFileError,
    Rejection,
    export_file,
    import_file,
    plan_import,
)
from cti_lookup.terminal import err, out

DEFAULT_FILE: Final = Path("cti-directory.sqlite3")

_NICENESS: Final = 10
"""How much an import steps back behind a server of the same machine that answers calls."""

Database = Annotated[Path, typer.Option("--db", help="The directory's file, made if it is not there.")]
Account = Annotated[str | None, typer.Option("--account", help="Whose records; else the file's own account.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to those of the directory."""
    app.command("import")(import_files)
    app.command("export")(export_to_file)


def import_files(  # noqa: PLR0913, PLR0917 - one for each option
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV, vCard or LDIF files.")
    ],
    db: Database = DEFAULT_FILE,
    file_type: Annotated[
        str | None, typer.Option("--type", help=f"{', '.join(IMPORT_FORMATS)}; guessed if not given.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="TOML: which attribute is which field, for ldif and ad-csv.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The source of people who have a source id and no source.")
    ] = None,
    account: Account = None,
    skip_rejected: Annotated[
        bool, typer.Option(help="Leave lines out that are not acceptable; else they keep the whole file out.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what is not acceptable.")] = False,
) -> None:
    """Import people or their contacts: each file as a whole or not at all; a server may be running meanwhile."""
    os.nice(_NICENESS)
    orders = [
        plan_import(
            db,
            file,
            file_type=file_type,
            mapping=mapping,
            source=source,
            account=account,
            skip_rejected=skip_rejected,
            dry_run=dry_run,
        )
        for file in files
    ]
    refused = [order for order in orders if not _import(order)]
    if refused:
        sys.exit(1)


def export_to_file(
    file: Annotated[Path, typer.Argument(help="The file to write: CSV for one type, zip for several.")],
    db: Database = DEFAULT_FILE,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="A type; several may be given, none means all.")
    ] = None,
    account: Account = None,
    since: Annotated[str, typer.Option("--from", help="Only what changed since this time.")] = "",
) -> None:
    """Export people and contacts as files that can be imported again."""
    export_file(db, file, types=tuple(types or ()), account=account, since=since)


def _import(order: ImportOrder) -> bool:
    """Import one file and say what came of it; tell whether it was taken in."""
    with _progress() as progress:
        task = progress.add_task(order.file.name, total=order.file.stat().st_size)
        try:
            report = import_file(
                order,
                now=datetime.now(UTC),
                progress=lambda read: progress.update(task, completed=read),
                reject=_say,
            )
        except RefusedFileError as error:
            err.print(f"✗ {order.file}: {error}")
            return False
    applied = report.applied
    if report.unknown:
        err.print(f"! {order.file}: columns passed over: {', '.join(map(str, report.unknown))}")
    out.print(
        f"{order.file}: {applied.created} created, {applied.updated} updated, {applied.deleted} deleted,"
        f" {applied.unchanged} unchanged, {report.rejected} rejected"
    )
    return True


def _progress() -> Progress:
    """Return a bar on the terminal; nothing in a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _say(rejection: Rejection) -> None:
    field = f" {rejection.field}" if rejection.field else ""
    err.print(f"✗ line {rejection.line}:{field} {rejection.reason}")
