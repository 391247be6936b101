"""Who hears of what: announcements put down in the transaction of a change, and nothing else."""

import sqlite3
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.storage.database import change, open_writer, transaction
from cti_lookup.directory.webhooks.events import MOST_WAITING, announce, announce_all
from cti_lookup.directory.webhooks.queue import due, failed, is_waiting

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
HERE = Identity(person_id=1, home="here", account="here", directory_account="above")

# `above` is the directory account behind `here` and `beside`; `apart` has nothing to do with them.
ACCOUNTS = {"above": None, "here": "above", "beside": "above", "apart": None}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_writer(tmp_path / "directory.sqlite3")
    with transaction(connection):
        connection.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?)", [(one, one, None) for one in ACCOUNTS]
        )
        connection.executemany(
            "UPDATE accounts SET directory_id = ? WHERE id = ?",
            [(behind, one) for one, behind in ACCOUNTS.items()],
        )
    yield connection
    connection.close()


def person(file: sqlite3.Connection, account: str) -> int:
    row = file.execute(
        "INSERT INTO people (account_id, name, name_key, primary_email, email_key, created_at, updated_at)"
        " VALUES (?, 'Ada', 'ada', hex(randomblob(8)), hex(randomblob(8)), '', '') RETURNING id",
        (account,),
    ).fetchone()
    return int(row[0])


def webhook(
    file: sqlite3.Connection, account: str = "here", *, event: str = "person.update", disabled: int = 0,
    verified_at: str | None = "2026-11-21T20:00:00Z",
) -> int:  # fmt: skip
    row = file.execute(
        "INSERT INTO webhooks (account_id, name, event, uri, disabled, verified_at, created_at, updated_at)"
        " VALUES (?, 'w', ?, 'http://receiver.example', ?, ?, '', '') RETURNING id",
        (account, event, disabled, verified_at),
    ).fetchone()
    return int(row[0])


def waiting(file: sqlite3.Connection) -> list[tuple[int, str, int]]:
    rows = file.execute("SELECT webhook_id, event, object_id FROM deliveries ORDER BY id")
    return [tuple(row) for row in rows]


def test_only_webhooks_of_the_event_that_are_enabled_and_verified_hear_of_it(
    file: sqlite3.Connection,
) -> None:
    listening = webhook(file)
    webhook(file, event="person.create")
    webhook(file, disabled=1)
    webhook(file, verified_at=None)
    changed = person(file, "here")
    announce(file, "person.update", changed, HERE, NOW)
    assert waiting(file) == [(listening, "person.update", changed)]


@pytest.mark.parametrize(
    ("account", "hear"),
    [
        ("above", {"above", "here", "beside"}),
        ("here", {"here"}),
        ("beside", {"beside"}),
        ("apart", {"apart"}),
    ],
)
def test_an_account_hears_of_the_records_it_shows(
    file: sqlite3.Connection, account: str, hear: set[str]
) -> None:
    listening = {webhook(file, one): one for one in ACCOUNTS}
    announce(file, "person.update", person(file, account), HERE, NOW)
    assert {listening[webhook_id] for webhook_id, _, _ in waiting(file)} == hear


def test_organizations_and_teams_are_announced_too(file: sqlite3.Connection) -> None:
    for table, event in (("organizations", "organization.update"), ("teams", "team.create")):
        webhook(file, event=event)
        file.execute(
            f"INSERT INTO {table} (id, account_id, name, name_key, created_at, updated_at)"  # noqa: S608 - ours
            " VALUES (7, 'here', 'x', 'x', '', '')"
        )
        announce(file, event, 7, HERE, NOW)
    assert [row[1:] for row in waiting(file)] == [("organization.update", 7), ("team.create", 7)]


def test_a_change_that_is_rolled_back_is_not_announced(file: sqlite3.Connection) -> None:
    webhook(file)
    changed = person(file, "here")

    def fail(connection: sqlite3.Connection) -> None:
        announce(connection, "person.update", changed, HERE, NOW)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        change(fail, file)
    assert not is_waiting(file)


def test_where_nobody_listens_the_many_are_not_even_read(file: sqlite3.Connection) -> None:
    def ids() -> Iterator[int]:
        raise AssertionError
        yield 1

    announce_all(file, "person.update", ids(), HERE, NOW)


def test_each_change_is_put_down_until_very_many_wait(file: sqlite3.Connection) -> None:
    webhook(file)
    changed, other = person(file, "here"), person(file, "here")
    with transaction(file):
        announce_all(file, "person.update", [changed] * MOST_WAITING, HERE, NOW)
    assert len(waiting(file)) == MOST_WAITING
    for _ in range(3):
        announce(file, "person.update", changed, HERE, NOW)
        announce(file, "person.update", other, HERE, NOW)
    assert len(waiting(file)) == MOST_WAITING + 1


def test_a_change_after_a_failed_attempt_is_put_down_all_the_same(file: sqlite3.Connection) -> None:
    webhook(file)
    changed = person(file, "here")
    with transaction(file):
        announce_all(file, "person.update", [changed] * MOST_WAITING, HERE, NOW)
    file.execute("UPDATE deliveries SET attempts = 1")
    announce(file, "person.update", changed, HERE, NOW)
    assert len(waiting(file)) == MOST_WAITING + 1


def test_a_delivery_that_was_dropped_while_it_was_under_way_counts_for_nothing(
    file: sqlite3.Connection,
) -> None:
    webhook_id = webhook(file)
    announce(file, "person.update", person(file, "here"), HERE, NOW)
    (delivery,) = due(file, NOW)
    file.execute("DELETE FROM deliveries")
    assert failed(file, delivery, "timeout", NOW) == 0.0
    row = file.execute("SELECT failures, last_error FROM webhooks WHERE id = ?", (webhook_id,)).fetchone()
    assert tuple(row) == (0, None)


def test_what_waits_holds_nothing_of_anybody_but_ids(file: sqlite3.Connection) -> None:
    webhook(file)
    changed = person(file, "here")
    announce(file, "person.update", changed, HERE, NOW)
    row = dict(file.execute("SELECT * FROM deliveries").fetchone())
    assert uuid.UUID(row.pop("delivery")).version == 4
    assert row == {
        "id": 1,
        "webhook_id": 1,
        "event": "person.update",
        "object_id": changed,
        "person_id": 1,
        "payload": "{}",
        "attempts": 0,
        "due_at": NOW.timestamp(),
        "created_at": timestamp(NOW),
    }


def test_no_secret_prints(file: sqlite3.Connection) -> None:
    webhook_id = webhook(file)
    file.execute(
        "INSERT INTO webhook_policies (account_id, name, jwt_alg, secret, created_at, updated_at)"
        " VALUES ('here', 'p', 'hs256', 'a-key-that-is-secret', '', '')"
    )
    file.execute(
        "UPDATE webhooks SET webhook_policy_id = 1, uri = 'http://receiver.example/secret' WHERE id = ?",
        (webhook_id,),
    )
    announce(file, "person.update", person(file, "here"), HERE, NOW)
    assert "secret" not in repr(due(file, NOW))
