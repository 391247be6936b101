"""
What has happened, put down as deliveries for the webhooks that want to hear of it.

Facts (Xurrent developer pages, "Webhooks"): a webhook is called once each time its event happens to a record that its account
shows. What is sent names the record and who did it, and holds none of the record's values.
"""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.event_names import TABLES, noun_of

MOST_WAITING: Final = 1000
"""Deliveries that wait for a webhook, from which on one that says the same of the same record is not added."""

_LISTENERS: Final = "SELECT id FROM webhooks WHERE event = ? AND disabled = 0 AND verified_at IS NOT NULL"
_NAME: Final = """
    lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
        || substr('89AB', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )
"""
"""A random UUID (RFC 9562, 5.4), made by SQLite: an import may announce a million changes in one statement."""

_ANNOUNCE: Final = """
    INSERT INTO deliveries (webhook_id, delivery, event, object_id, person_id, due_at, created_at)
    SELECT :webhook, {name}, :event, {table}.id, :person, :due, :created
    FROM json_each(:ids) AS changed CROSS JOIN {table} ON {table}.id = changed.value
    WHERE account_id IN (
        SELECT account_id FROM webhooks WHERE id = :webhook
        UNION SELECT directory_id FROM accounts JOIN webhooks ON accounts.id = account_id WHERE webhooks.id = :webhook
    )
"""
_UNLESS_WAITING: Final = """
    AND {table}.id NOT IN (
        SELECT object_id FROM deliveries
        WHERE webhook_id = :webhook AND event = :event AND attempts = 0
            AND object_id IN (SELECT value FROM json_each(:ids))
    )
"""


def announce(
    connection: sqlite3.Connection, event: str, object_id: int, identity: Identity, now: datetime
) -> None:
    """Put down that something happened to a record, inside the transaction in which it happens."""
    announce_all(connection, event, (object_id,), identity, now)


def announce_all(
    connection: sqlite3.Connection, event: str, object_ids: Iterable[int], identity: Identity, now: datetime
) -> None:
    """
    Put down that the same happened to many records; `object_ids` is not even read where nobody listens.

    A webhook hears of the records of its account, and of the directory account behind it.
    """
    listeners = connection.execute(_LISTENERS, (event,)).fetchall()
    if not listeners:
        return
    ids = tuple(object_ids)
    values = {
        "ids": json.dumps(ids),
        "event": event,
        "person": identity.person_id,
        "due": now.timestamp(),
        "created": timestamp(now),
    }
    for (webhook_id,) in listeners:
        collapsing = _waiting(connection, webhook_id) + len(ids) > MOST_WAITING
        connection.execute(_statement(event, collapsing=collapsing), values | {"webhook": webhook_id})


def _waiting(connection: sqlite3.Connection, webhook_id: int) -> int:
    """Count what waits for a webhook, no further than matters."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE webhook_id = ? LIMIT ?)",
        (webhook_id, MOST_WAITING),
    ).fetchone()
    return int(row[0])


def _statement(event: str, *, collapsing: bool) -> str:
    table = TABLES[noun_of(event)]
    statement = _ANNOUNCE.format(table=table, name=_NAME)
    return statement + _UNLESS_WAITING.format(table=table) if collapsing else statement
