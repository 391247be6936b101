"""What only the file can tell to be wrong with the values of a record: taken addresses, references to nothing."""

# ruff: noqa: S608 - queries are put together from the descriptions of resources, never from what a client sent

import json
from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import Fault, ValidationError
from cti_lookup.directory.records.fields import Stored, Values
from cti_lookup.directory.records.resource import Column, Members, Reference, Resource

TAKEN: Final = "has already been taken"
MISSING: Final = "must exist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where a record is to be created, in an account, or changed: then it has an id."""

    connection: Connection
    resource: Resource
    identity: Identity
    account: str
    record_id: int | None = None

    def raise_faults(self, values: Values, known: tuple[Fault, ...]) -> None:
        """Raise `ValidationError` if some faults are known, or values turn out to have more."""
        faults = (*known, *self._faults(values))
        if faults:
            raise ValidationError(faults)

    def _faults(self, values: Values) -> Iterator[Fault]:
        for one in self.resource.fields:
            match one:
                case Column(name, folded=folded, unique=True) if self._is_taken(folded, values.get(name)):
                    yield name, TAKEN
                case Reference(_, table) if fault := self._reference_fault(table, values.get(one.column)):
                    yield one.column, fault
                case Members() if not self._are_people(values.get(one.column)):
                    yield one.column, MISSING
                case _:
                    pass

    def _is_taken(self, folded: str, value: Stored) -> bool:
        query = f"SELECT 1 FROM {self.resource.table} WHERE {folded} = ? AND account_id = ? AND id IS NOT ?"
        parameters = (str(value).casefold(), self.account, self.record_id)
        return value is not None and self.connection.execute(query, parameters).fetchone() is not None

    def _reference_fault(self, table: str, value: Stored) -> str | None:
        if value is None:
            return None
        if value == self.record_id and table == self.resource.table:
            return f"can't be the {self.resource.model}"
        return None if self._exist(table, [value]) else MISSING

    def _are_people(self, value: Stored) -> bool:
        return not isinstance(value, list) or self._exist("people", value)

    def _exist(self, table: str, ids: list[object]) -> bool:
        """Say whether all of some different ids are of records that the one who asks may see in a list."""
        marks = ", ".join("?" * len(self.identity.accounts))
        query = (
            f"SELECT count(*) FROM {table} WHERE id IN (SELECT value FROM json_each(?)) AND account_id IN ({marks})"
            + (" AND id NOT IN (SELECT person_id FROM removals)" if table == "people" else "")
        )
        (found,) = self.connection.execute(query, (json.dumps(ids), *self.identity.accounts)).fetchone()
        return int(found) == len(ids)
