"""A webhook that was verified, and what is to be sent to it: nobody answers there, so that it all stays."""

import sqlite3
from typing import Any

NOBODY = "http://127.0.0.1:9/"
LONG_AGO = "2016-03-14T09:09:55Z"


def listen(connection: sqlite3.Connection, *events: str) -> None:
    """Add a webhook for each event."""
    connection.executemany(
        "INSERT INTO webhooks (account_id, event, uri, verified_at, created_at, updated_at)"
        " VALUES ('widget', ?, ?, ?, ?, ?)",
        [(event, NOBODY, LONG_AGO, LONG_AGO, LONG_AGO) for event in events],
    )
    connection.commit()


def announced(connection: sqlite3.Connection) -> list[Any]:
    """Return the events that are to be sent, each with the id of its record."""
    return connection.execute("SELECT event, object_id FROM deliveries ORDER BY id").fetchall()
