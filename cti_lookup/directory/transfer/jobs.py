"""The table of imports and exports that clients asked for, and how one is shown to them."""

import secrets
from datetime import datetime, timedelta
from sqlite3 import Connection, Row
from typing import Final

import msgspec

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import NotFoundError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.transfer.applying_people import Applied
from cti_lookup.directory.transfer.columns import Kind

KEPT_DAYS: Final = 30
TOKEN_BYTES: Final = 16
MOST_ATTEMPTS: Final = 3
INTERRUPTED: Final = "The job was interrupted"

_OPEN: Final = "state IN ('queued', 'processing')"


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client asked for, and the secret part of the address of the file that comes of it."""

    key: str
    kinds: tuple[Kind, ...]
    since: str = ""
    line_end: str = "\n"
    directory: str | None = None
    home: str = ""
    attempts: int = 0


class Results(msgspec.Struct, frozen=True):
    """How many records an import created and so on; `failures` are rejected lines, `errors` what ended it."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    failures: int = 0
    errors: int = 0

    @classmethod
    def of(cls, applied: Applied, failures: int) -> "Results":
        """Return the results of an import that reached its end."""
        return cls(applied.created, applied.updated, applied.deleted, applied.unchanged, failures)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An import or an export."""

    token: str
    direction: str
    account: str
    person_id: int
    type: str
    state: str
    options: Options
    results: Results | None
    message: str | None
    line: int | None
    created_at: str

    @property
    def identity(self) -> Identity:
        """Who asked for it, as far as it matters for what is done."""
        return Identity(self.person_id, self.options.home, self.account, self.options.directory)

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self.state in {"done", "error"}


def new_key() -> str:
    """Return a text that nobody can guess, for tokens and addresses."""
    return secrets.token_hex(TOKEN_BYTES)


def add_job(  # noqa: PLR0913, PLR0917 - one for each column
    connection: Connection, token: str, direction: str, options: Options, identity: Identity, now: datetime
) -> None:
    """Put a job down; whoever works them off comes to it in its turn."""
    connection.execute(
        "INSERT INTO jobs (token, direction, account_id, person_id, type, state, options, created_at)"
        " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
        (
            token,
            direction,
            identity.account,
            identity.person_id,
            ",".join(options.kinds),
            msgspec.json.encode(options).decode(),
            timestamp(now),
        ),
    )


def read_job(
    connection: Connection, token: str, direction: str | None = None, account: str | None = None
) -> Job:
    """Return a job, or raise `NotFoundError`; of a direction and an account, if they are given."""
    row = connection.execute("SELECT * FROM jobs WHERE token = ?", (token,)).fetchone()
    if row is None or direction not in (None, row["direction"]) or account not in (None, row["account_id"]):
        raise NotFoundError
    return _job(row)


def list_jobs(connection: Connection, direction: str, account: str, most: int) -> tuple[Job, ...]:
    """Return the last jobs of an account, the newest first."""
    rows = connection.execute(
        "SELECT * FROM jobs WHERE direction = ? AND account_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?",
        (direction, account, most),
    )
    return tuple(map(_job, rows))


def next_job(connection: Connection) -> Job | None:
    """Return the oldest job that is not over, counting the attempt; one that was attempted often enough is an error."""
    query = f"SELECT * FROM jobs WHERE {_OPEN} ORDER BY created_at, rowid LIMIT 1"  # noqa: S608 - a constant
    while row := connection.execute(query).fetchone():
        job = _job(row)
        if job.options.attempts < MOST_ATTEMPTS:
            options = msgspec.structs.replace(job.options, attempts=job.options.attempts + 1)
            connection.execute(
                "UPDATE jobs SET options = ? WHERE token = ?",
                (msgspec.json.encode(options).decode(), job.token),
            )
            return job
        finish_job(connection, job.token, Results(errors=1), row["created_at"], message=INTERRUPTED)
    return None


def unfinished_jobs(connection: Connection) -> frozenset[str]:
    """Return the tokens of the jobs that are not over."""
    query = f"SELECT token FROM jobs WHERE {_OPEN}"  # noqa: S608 - a constant
    return frozenset(row["token"] for row in connection.execute(query))


def begin_job(connection: Connection, token: str) -> None:
    """Note that a job is being done."""
    connection.execute("UPDATE jobs SET state = 'processing' WHERE token = ?", (token,))


def give_back_attempt(connection: Connection, token: str) -> None:
    """Do not count an attempt that ended because the directory was stopped."""
    connection.execute(
        "UPDATE jobs SET options = json_set(options, '$.attempts', max(0, options ->> '$.attempts' - 1))"
        " WHERE token = ? AND options ->> '$.attempts' IS NOT NULL",
        (token,),
    )


def finish_job(  # noqa: PLR0913, PLR0917 - one for each column
    connection: Connection,
    token: str,
    results: Results | None,
    finished_at: str,
    message: str | None = None,
    line: int | None = None,
) -> None:
    """Note what came of a job; one with a message is an error."""
    connection.execute(
        "UPDATE jobs SET state = ?, results = ?, message = ?, line = ?, finished_at = ? WHERE token = ?",
        (
            "done" if message is None else "error",
            None if results is None else msgspec.json.encode(results).decode(),
            message,
            line,
            finished_at,
            token,
        ),
    )


def forget_old_jobs(connection: Connection, now: datetime) -> None:
    """Delete the jobs that nobody will ask for any more."""
    before = timestamp(now - timedelta(days=KEPT_DAYS))
    connection.execute(f"DELETE FROM jobs WHERE created_at < ? AND NOT {_OPEN}", (before,))  # noqa: S608 - a constant


def _job(row: Row) -> Job:
    return Job(
        token=row["token"],
        direction=row["direction"],
        account=row["account_id"],
        person_id=row["person_id"],
        type=row["type"],
        state=row["state"],
        options=msgspec.json.decode(row["options"], type=Options),
        results=None if row["results"] is None else msgspec.json.decode(row["results"], type=Results),
        message=row["message"],
        line=row["line"],
        created_at=row["created_at"],
    )
