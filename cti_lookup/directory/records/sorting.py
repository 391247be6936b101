"""
The order of a collection, and the place of a record in it.

Facts (R-Service developer guide, "Ordering"): `?sort=-updated_at,name` is a list of fields, `-` for descending. The guide is silent
on ties and on missing values: here ties are in the order of ids, in the direction of the last field, and what is missing stands
before everything else, or after it in descending order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cti_lookup.directory.records.conditions import ALWAYS, NEVER, Condition, Value, all_of, any_of
from cti_lookup.directory.records.pages import Cursor
from cti_lookup.directory.records.refusals import refusal
from cti_lookup.directory.records.resource import Column, Field, Reference, Resource, Type

DEFAULT: Final = "name"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One expression that a collection is sorted by, and its direction; the only numbers are ids."""

    expression: str
    descending: bool = False
    nullable: bool = False
    type: Type = Type.TEXT


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order of a collection; the last key is always the id, so that no two records stand in the same place."""

    keys: tuple[SortKey, ...]
    references: tuple[Reference, ...] = ()

    def reversed(self) -> "Ordering":
        """Return the order of the same records from the last to the first."""
        turned = (replace(key, descending=not key.descending) for key in self.keys)
        return Ordering(tuple(turned), self.references)

    @property
    def is_of_times(self) -> bool:
        """Whether the place of a record tells nothing of it but times and its id."""
        return all(key.type in {Type.TIME, Type.NUMBER} for key in self.keys)

    def times_of(self, place: Sequence[Value]) -> tuple[str, ...]:
        """Return what a place holds besides the id, for a cursor; nothing where that is not only times."""
        pairs = zip(self.keys, place, strict=True)
        return tuple(str(value) for key, value in pairs if key.type is Type.TIME) if self.is_of_times else ()

    def place_at(self, cursor: Cursor) -> Sequence[Value] | None:
        """Return the place that a cursor holds, None where the record itself has to tell it."""
        times = iter(cursor.times)
        place = [cursor.id if key.type is Type.NUMBER else next(times, None) for key in self.keys]
        return place if self.is_of_times and None not in place else None

    @property
    def sql(self) -> str:
        """What stands behind ORDER BY."""
        return ", ".join(key.expression + (" DESC" if key.descending else "") for key in self.keys)

    @property
    def expressions(self) -> str:
        """What tells the place of a record, as columns to select."""
        return ", ".join(key.expression for key in self.keys)

    def beyond(self, place: Sequence[Value]) -> Condition:
        """Return the condition on records that stand behind a place, the values of the keys there."""
        options = [
            all_of(*_same(self.keys[:depth], place), _behind(key, place[depth]))
            for depth, key in enumerate(self.keys)
        ]
        # The first alone would do no harm, and lets an index begin where the place is.
        return all_of(_from(self.keys[0], place[0]), any_of(*options))


def ordering_of(resource: Resource, text: str) -> Ordering:
    """Read the value of `sort=`, blank for the default; raise `BadRequestError` on fields not to be sorted by."""
    words = [word for part in text.split(",") if (word := part.strip())] or [DEFAULT]
    refused = [word.removeprefix("-") for word in words if word.removeprefix("-") not in resource.sorts]
    if refused:
        raise refusal("Sorting not allowed on fields", refused)
    directions = {word.removeprefix("-"): word.startswith("-") for word in reversed(words)}  # the first wins
    names = list(dict.fromkeys(word.removeprefix("-") for word in words))
    fields = [resource.by_name[name] for name in names]
    keys = [_key(resource, one, descending=directions[one.name]) for one in fields]
    if "id" not in names:
        keys.append(SortKey(f"{resource.table}.id", keys[-1].descending, type=Type.NUMBER))
    return Ordering(tuple(keys), tuple(one for one in fields if isinstance(one, Reference)))


def _key(resource: Resource, one: Field, *, descending: bool) -> SortKey:
    if isinstance(one, Reference):
        return SortKey(f"{one.name}.name_key", descending, nullable=True)
    folded = one.folded if isinstance(one, Column) else ""
    nullable = not isinstance(one, Column) or one.nullable
    type_ = one.type if isinstance(one, Column) else Type.TEXT
    return SortKey(f"{resource.table}.{folded or one.name}", descending, nullable, type_)


def _same(keys: Sequence[SortKey], place: Sequence[Value]) -> list[Condition]:
    return [Condition(f"{key.expression} IS ?", (value,)) for key, value in zip(keys, place, strict=False)]


def _behind(key: SortKey, value: Value) -> Condition:
    if not key.descending:
        return (
            Condition(f"{key.expression} IS NOT NULL")
            if value is None
            else Condition(f"{key.expression} > ?", (value,))
        )
    if value is None:
        return NEVER
    less = Condition(f"{key.expression} < ?", (value,))
    return any_of(less, Condition(f"{key.expression} IS NULL")) if key.nullable else less


def _from(key: SortKey, value: Value) -> Condition:
    """Return what holds for a record behind a place as far as its first key is concerned."""
    if key.nullable:
        return ALWAYS
    return Condition(f"{key.expression} {'<=' if key.descending else '>='} ?", (value,))
