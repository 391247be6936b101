"""Predefined filters: the words of a path that stand for a condition on a collection."""

from collections.abc import Mapping
from types import MappingProxyType

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.conditions import ALWAYS, NEVER, Condition
from cti_lookup.directory.records.resource import Predefined


def enabled_and_disabled(table: str) -> Mapping[str, Predefined]:
    """Return the filters that every kind of record has."""
    return MappingProxyType(
        {
            "enabled": lambda _: Condition(f"{table}.disabled = 0"),
            "disabled": lambda _: Condition(f"{table}.disabled = 1"),
        }
    )


def by_account(table: str) -> Mapping[str, Predefined]:
    """Return the filters by account: the addressed one, and the directory account behind it."""

    def of_directory(identity: Identity) -> Condition:
        if identity.directory_account is None:
            return NEVER
        return Condition(f"{table}.account_id = ?", (identity.directory_account,))

    def of_support_domain(identity: Identity) -> Condition:
        return Condition(f"{table}.account_id = ?", (identity.account,))

    return MappingProxyType({"directory": of_directory, "support_domain": of_support_domain})


def everything(_: Identity) -> Condition:
    """Leave all records."""
    return ALWAYS


def nothing(_: Identity) -> Condition:
    """Leave no record."""
    return NEVER


def having_roles(identity: Identity) -> Condition:
    """Leave the people who have a role in the addressed account."""
    return Condition("people.id IN (SELECT person_id FROM roles WHERE account_id = ?)", (identity.account,))
