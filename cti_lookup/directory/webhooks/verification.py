"""
Whether who is told of changes wants to be: a code is sent to a webhook's URI, and comes back.

Facts (R-Service, "Webhooks", Verification): the first thing a webhook is sent is `webhook.verify`, with an address to fetch within 24
hours; until then nothing else is. A change of the URI begins anew, and so does any change of a webhook that is not verified yet:
the former code is then worth nothing. Where another webhook of the account has the same URI and is verified, nothing is asked.
"""

import hmac
import json
import secrets
import sqlite3
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cti_lookup.directory.errors import NotFoundError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.event_names import VERIFICATION

VALID_FOR: Final = timedelta(hours=24)
_RANDOM_BYTES: Final = 24

_SAME_URI: Final = """
    SELECT 1 FROM webhooks AS other JOIN webhooks AS own
        ON other.account_id = own.account_id AND other.uri = own.uri AND other.id <> own.id
    WHERE own.id = ? AND other.verified_at IS NOT NULL
"""
_INSERT: Final = """
    INSERT INTO deliveries (webhook_id, delivery, event, object_id, person_id, payload, due_at, created_at)
    VALUES (?1, ?2, ?3, ?1, ?4, ?5, ?6, ?7)
"""


def ask(connection: sqlite3.Connection, webhook_id: int, person_id: int, now: datetime) -> None:
    """Have a webhook prove anew that its receiver wants to be told; what waits for it is dropped."""
    drop_waiting(connection, webhook_id)
    if connection.execute(_SAME_URI, (webhook_id,)).fetchone():
        _set_verified(connection, webhook_id, now)
        return
    code, ends = secrets.token_urlsafe(_RANDOM_BYTES), now + VALID_FOR
    connection.execute(
        "UPDATE webhooks SET verified_at = NULL, verification_hash = ?, verification_ends = ? WHERE id = ?",
        (_hash(code), timestamp(ends), webhook_id),
    )
    payload = json.dumps({"code": code, "expires_at": int(ends.timestamp())})
    name, due = str(uuid.uuid4()), now.timestamp()
    connection.execute(_INSERT, (webhook_id, name, VERIFICATION, person_id, payload, due, timestamp(now)))


def verify(connection: sqlite3.Connection, webhook_id: int, code: str, now: datetime) -> None:
    """
    Let a webhook be sent events, or raise `NotFoundError` unless this is its code and still good.

    The same code is good again, as a receiver that misses the answer repeats its call.
    """
    row = connection.execute(
        "SELECT verification_hash, verification_ends FROM webhooks WHERE id = ?", (webhook_id,)
    ).fetchone()
    known = b"" if row is None or row["verification_hash"] is None else row["verification_hash"]
    if not hmac.compare_digest(_hash(code), known) or timestamp(now) > row["verification_ends"]:
        raise NotFoundError
    _set_verified(connection, webhook_id, now)


def drop_waiting(connection: sqlite3.Connection, webhook_id: int) -> None:
    """Drop what waits to be sent to a webhook."""
    connection.execute("DELETE FROM deliveries WHERE webhook_id = ?", (webhook_id,))


def _set_verified(connection: sqlite3.Connection, webhook_id: int, now: datetime) -> None:
    connection.execute(
        "UPDATE webhooks SET verified_at = coalesce(verified_at, ?) WHERE id = ?",
        (timestamp(now), webhook_id),
    )
    connection.execute(
        "DELETE FROM deliveries WHERE webhook_id = ? AND event = ?", (webhook_id, VERIFICATION)
    )


def _hash(code: str) -> bytes:
    return sha256(code.encode("utf-8", "surrogateescape")).digest()
