"""Webhooks as clients register them: made, read, changed, tested and deleted."""

# ruff: noqa: S608 - names of columns are ours, never what a client sent

import uuid
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import Fault, NotFoundError, ValidationError
from cti_lookup.directory.records.fields import Values
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.drafts import Draft
from cti_lookup.directory.webhooks.verification import ask, drop_waiting

TEST_OBJECT: Final = 12345
"""Facts (R-Service, "Webhooks API"): the `object_id` of what is sent as a test."""

MISSING: Final = "must exist"
NO_LONGER: Final = "is disabled"

Shown = dict[str, object]

_COLUMNS: Final = (
    "event", "uri", "name", "description", "mail_exceptions_to", "webhook_policy_id", "source", "sourceID",
)  # fmt: skip
_TEST: Final = """
    INSERT INTO deliveries (webhook_id, delivery, event, object_id, person_id, due_at, created_at)
    SELECT id, ?, event, ?, ?, ?, ? FROM webhooks WHERE id = ?
"""


def read_webhook(connection: Connection, webhook_id: int, identity: Identity) -> Shown:
    """Return a webhook of the addressed account, or raise `NotFoundError`."""
    return _shown(_row(connection, webhook_id, identity))


def create_webhook(connection: Connection, draft: Draft, identity: Identity, now: datetime) -> Shown:
    """Register a webhook and have it verified; raise `ValidationError` with all faults."""
    _raise_faults(connection, draft, identity)
    values = draft.values
    columns = {name: values.get(name) for name in _COLUMNS} | {
        "name": values.get("name") or values.get("event"),
        "disabled": bool(values.get("disabled")),
        "account_id": identity.account,
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
    }
    (webhook_id,) = connection.execute(
        f"INSERT INTO webhooks ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)}) RETURNING id",
        columns,
    ).fetchone()
    ask(connection, webhook_id, identity.person_id, now)
    return read_webhook(connection, webhook_id, identity)


def change_webhook(
    connection: Connection, webhook_id: int, draft: Draft, identity: Identity, now: datetime
) -> Shown:
    """
    Change the named fields of a webhook.

    Another URI has to be verified, and so has a webhook that is not verified yet. What waits for one that is disabled is
    dropped; one that is enabled again begins to count its failures anew.
    """
    row = _row(connection, webhook_id, identity)
    _raise_faults(connection, draft, identity, keeps=row["webhook_policy_id"])
    values = draft.values
    if "name" in values and values["name"] is None:
        values = {**values, "name": values.get("event", row["event"])}
    changes = {name: value for name, value in values.items() if value != row[name]}
    if changes:
        _update(connection, webhook_id, changes, now)
    if "uri" in changes or row["verified_at"] is None:
        ask(connection, webhook_id, identity.person_id, now)
    elif changes.get("disabled"):
        drop_waiting(connection, webhook_id)
    return read_webhook(connection, webhook_id, identity)


def delete_webhook(connection: Connection, webhook_id: int, identity: Identity) -> None:
    """Delete a webhook, and what waits for it."""
    _row(connection, webhook_id, identity)
    connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))


def send_test(connection: Connection, webhook_id: int, identity: Identity, now: datetime) -> None:
    """Put down a test for a webhook, also for a disabled one; it waits for the verification as all else does."""
    _row(connection, webhook_id, identity)
    connection.execute(
        _TEST,
        (str(uuid.uuid4()), TEST_OBJECT, identity.person_id, now.timestamp(), timestamp(now), webhook_id),
    )


def _update(connection: Connection, webhook_id: int, changes: Values, now: datetime) -> None:
    columns: Values = {**changes, "updated_at": timestamp(now)}
    if changes.get("disabled") is not None or "uri" in changes:
        columns["failures"] = 0
    settings = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(f"UPDATE webhooks SET {settings} WHERE id = :id", columns | {"id": webhook_id})


def _raise_faults(connection: Connection, draft: Draft, identity: Identity, keeps: int | None = None) -> None:
    """Raise `ValidationError` with the faults of a draft and of the policy it names; one it `keeps` may be disabled."""
    policy_id = draft.values.get("webhook_policy_id")
    fault = None if policy_id == keeps else _policy_fault(connection, policy_id, identity)
    faults = draft.faults if fault is None else (*draft.faults, fault)
    if faults:
        raise ValidationError(faults)


def _policy_fault(connection: Connection, policy_id: object, identity: Identity) -> Fault | None:
    if policy_id is None:
        return None
    row = connection.execute(
        "SELECT disabled FROM webhook_policies WHERE id = ? AND account_id = ?", (policy_id, identity.account)
    ).fetchone()
    if row is None:
        return ("webhook_policy_id", MISSING)
    return ("webhook_policy_id", NO_LONGER) if row["disabled"] else None


def _row(connection: Connection, webhook_id: int, identity: Identity) -> Row:
    row: Row | None = connection.execute(
        "SELECT webhooks.*, policy.name AS policy_name, policy.disabled AS policy_disabled"
        " FROM webhooks LEFT JOIN webhook_policies AS policy ON policy.id = webhooks.webhook_policy_id"
        " WHERE webhooks.id = ? AND webhooks.account_id = ?",
        (webhook_id, identity.account),
    ).fetchone()
    if row is None:
        raise NotFoundError
    return row


def _shown(row: Row) -> Shown:
    return {
        "id": row["id"],
        "name": row["name"],
        "event": row["event"],
        "uri": row["uri"],
        "description": row["description"],
        "disabled": bool(row["disabled"]),
        "verified": row["verified_at"] is not None,
        "last_error": row["last_error"],
        "mail_exceptions_to": row["mail_exceptions_to"],
        "webhook_policy": _policy(row),
        "source": row["source"],
        "sourceID": row["sourceID"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _policy(row: Row) -> Shown | None:
    if row["webhook_policy_id"] is None:
        return None
    policy: Shown = {"id": row["webhook_policy_id"], "name": row["policy_name"]}
    return policy | {"disabled": True} if row["policy_disabled"] else policy
