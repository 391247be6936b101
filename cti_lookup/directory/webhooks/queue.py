"""What waits to be sent: found when it is due, and settled when it was tried."""

# ruff: noqa: S608 - names of tables are ours

import json
import logging
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.event_names import TABLES, VERIFICATION, noun_of
from cti_lookup.directory.webhooks.messages import Delivery, Policy, Receiver, Verification
from cti_lookup.directory.webhooks.verification import drop_waiting

INTERVALS: Final = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800)
"""
Seconds before each repetition of a delivery; after the last of them it is given up.

Facts (4me help, "Webhook fields"): at most 10 repetitions, at growing intervals.
"""

MOST_FAILURES: Final = 20
"""
Facts (4me help, "Webhook fields"): so many failures in a row, of whichever deliveries, disable a webhook.

The developer pages add "over a period longer than a week". Here that is not waited for.
"""

LONGEST_REST: Final = 300
"""Seconds for which a webhook that failed is left alone at most, whatever waits for it."""

_DUE: Final = f"""
    SELECT deliveries.*, webhooks.account_id, webhooks.name, webhooks.uri, webhooks.failures, who.name AS person_name,
        jwt_alg, jwt_audience, jwt_claim_expires_in, secret
    FROM webhooks
    JOIN deliveries ON deliveries.id = (
        SELECT id FROM deliveries
        WHERE webhook_id = webhooks.id AND due_at <= ? AND (verified_at IS NOT NULL OR event = '{VERIFICATION}')
        ORDER BY due_at, id LIMIT 1
    )
    LEFT JOIN webhook_policies ON webhook_policies.id = webhook_policy_id
    LEFT JOIN people AS who ON who.id = person_id
    ORDER BY due_at, deliveries.id
"""

_log = logging.getLogger(__name__)


def is_waiting(connection: Connection) -> bool:
    """Tell whether anything waits, due or not."""
    return connection.execute("SELECT 1 FROM deliveries LIMIT 1").fetchone() is not None


def due(connection: Connection, now: datetime) -> tuple[Delivery, ...]:
    """
    Return what each webhook is to be sent next; one that is not verified gets nothing but its verification.

    Disabled ones have nothing waiting but tests and verifications: whoever disables a webhook drops the rest.
    """
    return tuple(
        _delivery(connection, row) for row in connection.execute(_DUE, (now.timestamp(),)).fetchall()
    )


def succeeded(connection: Connection, delivery: Delivery) -> None:
    """Settle a delivery that arrived."""
    connection.execute("DELETE FROM deliveries WHERE id = ?", (delivery.id,))
    connection.execute(
        "UPDATE webhooks SET failures = 0, last_error = NULL"
        " WHERE id = ? AND (failures > 0 OR last_error IS NOT NULL)",
        (delivery.receiver.id,),
    )


def failed(connection: Connection, delivery: Delivery, error: str, now: datetime) -> float:
    """
    Settle an attempt that failed, and return for how many seconds its webhook is to be left alone.

    One that was dropped meanwhile, as the webhook was moved, disabled or deleted, says nothing any more.
    """
    if connection.execute("SELECT 1 FROM deliveries WHERE id = ?", (delivery.id,)).fetchone() is None:
        return 0.0
    _postpone(connection, delivery, now)
    (failures,) = connection.execute(
        "UPDATE webhooks SET failures = failures + 1, last_error = ? WHERE id = ? RETURNING failures",
        (error, delivery.receiver.id),
    ).fetchone()
    if failures >= MOST_FAILURES:
        _disable(connection, delivery.receiver.id, now)
    return min(LONGEST_REST, INTERVALS[min(failures, len(INTERVALS)) - 1])


def _postpone(connection: Connection, delivery: Delivery, now: datetime) -> None:
    """Have a delivery repeated, or give it up."""
    if delivery.attempts >= len(INTERVALS):
        _log.warning("webhook %d: a delivery is given up", delivery.receiver.id)
        connection.execute("DELETE FROM deliveries WHERE id = ?", (delivery.id,))
        return
    connection.execute(
        "UPDATE deliveries SET attempts = attempts + 1, due_at = ? WHERE id = ?",
        (now.timestamp() + INTERVALS[delivery.attempts], delivery.id),
    )


def _disable(connection: Connection, webhook_id: int, now: datetime) -> None:
    _log.warning("webhook %d is disabled: %d failures in a row", webhook_id, MOST_FAILURES)
    connection.execute(
        "UPDATE webhooks SET disabled = 1, updated_at = ? WHERE id = ?", (timestamp(now), webhook_id)
    )
    drop_waiting(connection, webhook_id)


def _delivery(connection: Connection, row: Row) -> Delivery:
    source, source_id = _origin(connection, row["event"], row["object_id"])
    return Delivery(
        id=row["id"],
        origin=row["delivery"],
        event=row["event"],
        object_id=row["object_id"],
        person_id=row["person_id"],
        person_name=row["person_name"],
        source=source,
        source_id=source_id,
        verification=_verification(row),
        attempts=row["attempts"],
        receiver=_receiver(row),
    )


def _origin(connection: Connection, event: str, object_id: int) -> tuple[str | None, str | None]:
    """Return where a record comes from, as it is now: what waits keeps nothing of a record but its id."""
    table = TABLES.get(noun_of(event))
    if table is None:
        return None, None
    found = connection.execute(f"SELECT source, sourceID FROM {table} WHERE id = ?", (object_id,)).fetchone()
    return (None, None) if found is None else (found["source"], found["sourceID"])


def _verification(row: Row) -> Verification | None:
    if row["event"] != VERIFICATION:
        return None
    payload = json.loads(row["payload"])
    return Verification(payload["code"], payload["expires_at"])


def _receiver(row: Row) -> Receiver:
    policy = None
    if row["jwt_alg"] is not None:
        policy = Policy(row["jwt_alg"], row["secret"], row["jwt_audience"], row["jwt_claim_expires_in"])
    return Receiver(row["webhook_id"], row["account_id"], row["name"], row["uri"], row["failures"], policy)
