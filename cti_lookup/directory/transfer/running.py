"""One job, done in a process of its own: the directory goes on answering, and on another processor if there is one."""

import csv
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from cti_lookup.directory.errors import DirectoryStoreError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.storage.database import Trace, change, open_reader, open_writer
from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.transfer.exporting import Selection, export
from cti_lookup.directory.transfer.faults import Rejection, TransferError, UnreadableFileError
from cti_lookup.directory.transfer.files import (
    EXPORT,
    LOG,
    PART,
    UPLOAD,
    file_of,
    make_private,
    open_folder,
    remove,
)
from cti_lookup.directory.transfer.formats import Format
from cti_lookup.directory.transfer.importing import Order, import_file
from cti_lookup.directory.transfer.jobs import Job, Results, begin_job, finish_job, read_job

NICENESS: Final = 10
"""How much this process steps back behind those that answer calls."""

_TITLES: Final = ("Line", "Field", "Reason")


def run_job(database: Path, token: str, clock: Callable[[], datetime]) -> None:
    """Do a job, unless it is done already; killed, it goes on where it was when it is run again."""
    os.nice(NICENESS)
    open_folder(database)
    with _alone(database, token):
        job = _read(database, token)
        if job.is_over:
            return
        _note(database, lambda connection: begin_job(connection, token))
        if job.direction == "import":
            _run_import(database, job, clock())
        else:
            _run_export(database, job, clock())


def _run_import(database: Path, job: Job, now: datetime) -> None:
    upload = file_of(database, job.token, UPLOAD)
    results, message, line = Results(errors=1), None, None
    try:
        results = _import(database, job, now)
    except UnreadableFileError as error:
        results, message, line = Results(failures=1, errors=1), str(error), error.line
    except TransferError as error:
        message = str(error)
    except DirectoryStoreError:
        # The text names files of this machine.
        message = "The directory could not be written" if upload.exists() else "The file is gone"
    finished = timestamp(now)
    _note(database, lambda connection: finish_job(connection, job.token, results, finished, message, line))
    remove(upload)


def _import(database: Path, job: Job, now: datetime) -> Results:
    order = Order(
        database=database,
        file=file_of(database, job.token, UPLOAD),
        format=Format(job.type),
        identity=job.identity,
        skip_rejected=True,
    )
    log = file_of(database, job.token, LOG)
    make_private(log)
    with log.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_TITLES)

        def reject(rejection: Rejection) -> None:
            rows.writerow(rejection)

        report = import_file(order, now=now, progress=_unheard, reject=reject)
    return Results.of(report.applied, report.rejected)


def _run_export(database: Path, job: Job, now: datetime) -> None:
    options = job.options
    selection = Selection(options.kinds, job.account, options.since, options.line_end)
    path = file_of(database, job.token, EXPORT)
    part = path.with_name(f"{path.name}{PART}")
    try:
        make_private(part)
        with closing(open_reader(database)) as connection:
            export(connection, selection, part)
        part.replace(path)
    except (sqlite3.Error, OSError) as error:  # a full disk, or somebody was erased meanwhile
        raise store_error("the export", error) from error
    _note(database, lambda connection: finish_job(connection, job.token, None, timestamp(now)))


@contextmanager
def _alone(database: Path, token: str) -> Iterator[None]:
    """Wait for another process that does the same job: its directory may have been killed and started again meanwhile."""
    path = file_of(database, token, "lock")
    make_private(path)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        remove(path)


def _read(database: Path, token: str) -> Job:
    with closing(open_reader(database)) as connection:
        return read_job(connection, token)


def _note(database: Path, work: Callable[..., None]) -> None:
    with closing(open_writer(database)) as connection:
        change(work, connection, trace=Trace.KEPT)


def _unheard(_: int) -> None:
    """Show nobody how far the file is read."""
