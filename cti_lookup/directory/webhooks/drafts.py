"""
The bodies of webhooks and of their policies: each field checked, and what is no field refused.

Facts (Xurrent developer pages, "Webhooks API" and "Webhook policies API", Fields): `event` and `uri` are required, and of a policy
`jwt_alg`. The name of a webhook is by default its event, the name of a policy is made up by the service.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from cti_lookup.directory.errors import Fault
from cti_lookup.directory.records.fields import (
    BLANK,
    INVALID,
    NOT_A_NUMBER,
    Body,
    FieldFault,
    Rule,
    Stored,
    Values,
    boolean,
    check_fields,
    choice,
    long_text,
    reference,
    required,
    string,
)
from cti_lookup.directory.records.refusals import refusal
from cti_lookup.directory.webhooks.event_names import EVENTS
from cti_lookup.directory.webhooks.signing import ALGORITHMS, SHORTEST_SECRETS

LONGEST_URI: Final = 2048
AUDIENCE_BYTES: Final = 2048
LONGEST_SECRET: Final = 256
MOST_MINUTES: Final = 7 * 24 * 60

NOT_A_URI: Final = "is not an http or https URL"
WITH_CREDENTIALS: Final = "must not hold a user name or a password"
NOT_SUPPORTED: Final = "is not supported"
AUDIENCE_TOO_LONG: Final = "is too long (maximum is 2 KB)"
NOT_MINUTES: Final = f"must be from 1 to {MOST_MINUTES}"

# What a header of HTTP can carry as it is; no blank, no control character, nothing that needs to be encoded first.
_PLAIN: Final = re.compile(r"[!-~]+")
_ADDRESS: Final = re.compile(r"[^\s@,]+@[^\s@,]+")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body says: the acceptable values, and what is wrong with the others."""

    values: Values
    faults: tuple[Fault, ...]


def uri(value: object) -> Stored:
    """Check an address that can be called: http or https, a host, no user, no fragment."""
    text = string(LONGEST_URI)(value)
    if text is None:
        return None
    if not isinstance(text, str) or _PLAIN.fullmatch(text) is None:
        raise FieldFault(NOT_A_URI)
    return _checked_uri(text)


def _checked_uri(text: str) -> str:
    try:
        parts = urlsplit(text)
        callable_ = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # its text holds the address
        raise FieldFault(NOT_A_URI) from None
    if not callable_ or "#" in text or "\\" in text:
        raise FieldFault(NOT_A_URI)
    if "@" in parts.netloc:
        raise FieldFault(WITH_CREDENTIALS)
    return text


def addresses(value: object) -> Stored:
    """Check a list of e-mail addresses with commas between them."""
    text = string(1024)(value)
    if not isinstance(text, str):
        return None
    listed = [one.strip() for one in text.split(",")]
    if not all(_ADDRESS.fullmatch(one) for one in listed):
        raise FieldFault(INVALID)
    return ",".join(listed)


def audience(value: object) -> Stored:
    """Check a text of at most 2 KB."""
    text = long_text(value)
    if isinstance(text, str) and len(text.encode()) > AUDIENCE_BYTES:
        raise FieldFault(AUDIENCE_TOO_LONG)
    return text


def minutes(value: object) -> Stored:
    """Check a duration, a number of minutes or its digits."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise FieldFault(NOT_A_NUMBER)
    if _DIGITS.fullmatch(str(value).strip()) is None:
        raise FieldFault(NOT_A_NUMBER)
    number = int(value)
    if not 1 <= number <= MOST_MINUTES:
        raise FieldFault(NOT_MINUTES)
    return number


def discovery(value: object) -> Stored:
    """Refuse the discovery of keys, which there is none of here."""
    if boolean(value):
        raise FieldFault(NOT_SUPPORTED)
    return None


_WEBHOOK_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "event": required(choice(EVENTS)),
        "uri": required(uri),
        "name": string(128),
        "description": long_text,
        "disabled": boolean,
        "mail_exceptions_to": addresses,
        "webhook_policy_id": reference,
        "source": string(30),
        "sourceID": string(128),
        "openid_connect_discovery": discovery,
    }
)
_WEBHOOK_READ_ONLY: Final = frozenset(
    {
        "id", "nodeID", "account", "webhook_policy", "verified", "last_error", "created_at", "updated_at",
        "attachments", "description_attachments", "app_offering_references",
    }
)  # fmt: skip
_POLICY_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "jwt_alg": required(choice(ALGORITHMS)),
        "jwt_audience": audience,
        "jwt_claim_expires_in": minutes,
        "disabled": boolean,
        "secret": string(LONGEST_SECRET),
    }
)
_POLICY_READ_ONLY: Final = frozenset(
    {"id", "nodeID", "account", "name", "public_key_pem", "created_at", "updated_at"}
)


def webhook_draft(body: Body, *, new: bool) -> Draft:
    """
    Check the body of a webhook.

    A policy is written as `webhook_policy_id`, or as `webhook_policy` with an id, or with an object that has one: to pass over the
    name of a field that asks for signatures would be to send without.
    """
    if "webhook_policy" in body and "webhook_policy_id" not in body:
        policy = body["webhook_policy"]
        body = {**body, "webhook_policy_id": policy.get("id") if isinstance(policy, dict) else policy}
    draft = _draft(body, _WEBHOOK_RULES, _WEBHOOK_READ_ONLY, ("event", "uri") if new else ())
    values = {name: value for name, value in draft.values.items() if name != "openid_connect_discovery"}
    return Draft(values, draft.faults)


def policy_draft(body: Body, *, new: bool) -> Draft:
    """Check the body of a policy; a secret is given at the beginning, and never changed."""
    draft = _draft(body, _POLICY_RULES, _POLICY_READ_ONLY, ("jwt_alg",) if new else ())
    if not new:
        return Draft({name: value for name, value in draft.values.items() if name != "secret"}, draft.faults)
    return Draft(draft.values, draft.faults + _secret_faults(draft.values))


def _secret_faults(values: Values) -> tuple[Fault, ...]:
    secret, algorithm = values.get("secret"), str(values.get("jwt_alg"))
    if not isinstance(secret, str):
        return ()
    shortest = SHORTEST_SECRETS.get(algorithm)
    if shortest is None:
        return (("secret", f"is not for {algorithm}, whose key is made here"),) if "jwt_alg" in values else ()
    if len(secret.encode()) < shortest:
        return (("secret", f"is too short (minimum is {shortest} bytes)"),)
    return ()


def _draft(
    body: Body, rules: Mapping[str, Rule], read_only: frozenset[str], needed: tuple[str, ...]
) -> Draft:
    """Check a body; what is read-only is passed over, as clients send back what they have read."""
    if unknown := [name for name in body if name not in rules and name not in read_only]:
        raise refusal("Unknown fields", unknown)
    values, faults = check_fields(body, rules)
    missing = tuple((name, BLANK) for name in needed if name not in body)
    return Draft(values, missing + faults)
