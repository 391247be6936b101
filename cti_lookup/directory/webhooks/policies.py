"""The policies by which webhooks sign what they send: made, read, changed and deleted."""

import secrets
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import NotFoundError, ValidationError
from cti_lookup.directory.records.fields import Values
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.drafts import Draft
from cti_lookup.directory.webhooks.signing import SHORTEST_SECRETS, Key, fits

IN_USE: Final = "is used by webhooks, which would send without a signature"
ANOTHER_KEY: Final = "needs another key: make another policy"

Shown = dict[str, object]

_COLUMNS: Final = ("jwt_alg", "jwt_audience", "jwt_claim_expires_in", "disabled")
_NAME_BYTES: Final = 28


def read_policy(connection: Connection, policy_id: int, identity: Identity) -> Shown:
    """Return a policy of the addressed account, or raise `NotFoundError`."""
    return _shown(_row(connection, policy_id, identity))


def create_policy(
    connection: Connection, values: Values, key: Key, identity: Identity, now: datetime
) -> Shown:
    """
    Make a policy from values without faults, and return it with what is never shown again.

    That is `public_key_pem`, or where the key is a shared secret, the `secret`.
    """
    columns = {name: values.get(name) for name in _COLUMNS} | {
        "disabled": bool(values.get("disabled")),
        "account_id": identity.account,
        "name": secrets.token_hex(_NAME_BYTES),
        "secret": key.secret,
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
    }
    marks = ", ".join(f":{name}" for name in columns)
    row = connection.execute(
        f"INSERT INTO webhook_policies ({', '.join(columns)}) VALUES ({marks}) RETURNING *",  # noqa: S608 - our columns
        columns,
    ).fetchone()
    return _shown(row) | _shown_once(row["jwt_alg"], key)


def change_policy(
    connection: Connection, policy_id: int, draft: Draft, identity: Identity, now: datetime
) -> Shown:
    """Change the named fields of a policy; its key stays, so that only algorithms it fits are accepted."""
    row = _row(connection, policy_id, identity)
    algorithm = str(draft.values.get("jwt_alg", row["jwt_alg"]))
    unfit = not fits(algorithm, row["jwt_alg"], row["secret"])
    faults = (*draft.faults, ("jwt_alg", ANOTHER_KEY)) if unfit else draft.faults
    if faults:
        raise ValidationError(faults)
    changes = {name: value for name, value in draft.values.items() if value != row[name]}
    if changes:
        settings = ", ".join(f"{name} = :{name}" for name in changes)
        connection.execute(
            f"UPDATE webhook_policies SET {settings}, updated_at = :now WHERE id = :id",  # noqa: S608 - our columns
            changes | {"now": timestamp(now), "id": policy_id},
        )
    return read_policy(connection, policy_id, identity)


def delete_policy(connection: Connection, policy_id: int, identity: Identity) -> None:
    """Delete a policy that no webhook has, or raise `ValidationError`."""
    _row(connection, policy_id, identity)
    if connection.execute("SELECT 1 FROM webhooks WHERE webhook_policy_id = ?", (policy_id,)).fetchone():
        raise ValidationError((("base", IN_USE),))
    connection.execute("DELETE FROM webhook_policies WHERE id = ?", (policy_id,))


def _row(connection: Connection, policy_id: int, identity: Identity) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM webhook_policies WHERE id = ? AND account_id = ?", (policy_id, identity.account)
    ).fetchone()
    if row is None:
        raise NotFoundError
    return row


def _shown(row: Row) -> Shown:
    return {
        "id": row["id"],
        "name": row["name"],
        "disabled": bool(row["disabled"]),
        "jwt_alg": row["jwt_alg"],
        "jwt_audience": row["jwt_audience"],
        "jwt_claim_expires_in": row["jwt_claim_expires_in"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _shown_once(algorithm: str, key: Key) -> Shown:
    if algorithm in SHORTEST_SECRETS:
        return {"secret": key.secret}
    return {"public_key_pem": key.public_pem}
