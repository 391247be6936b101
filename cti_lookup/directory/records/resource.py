"""
What a kind of record is, as data: its fields, and what may be asked of a collection of it.

The functions of `listing`, `reading` and `writing` work for every kind that is described here. Names of fields are those of
the API; a table has columns of the same names, a reference stands in the column `<name>_id`, and everything without a
column of its own is in the JSON object `details`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.records.conditions import Condition
from cti_lookup.directory.records.fields import Rule, boolean, reference, references, required, string

Predefined: TypeAlias = Callable[[Identity], Condition]
"""A filter that is a word of the path."""


class Type(Enum):
    """How the values of a column compare."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """
    A field with a column of its own; without a rule it is read-only.

    `folded` is a column with the same text in which letter case does not matter. `caseless` is what filters compare
    without regard to letter case. `unique` is unique in an account, in its folded form.
    """

    name: str
    type: Type = Type.TEXT
    rule: Rule | None = None
    folded: str = ""
    caseless: bool = False
    unique: bool = False
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """Another record that this one refers to, in the table `table`; a client writes its id as `<name>_id`."""

    name: str
    table: str
    rule: Rule = reference

    @property
    def column(self) -> str:
        """The column, and the name of the field in a body."""
        return f"{self.name}_id"


@dataclass(frozen=True, slots=True)
class Detail:
    """A field in `details`; it is not there while it has its default."""

    name: str
    rule: Rule
    default: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a record, from the table `table`: read-only, as they are edited on their own."""

    table: str
    name: str = "contacts"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a record, from the table `table`: read-only."""

    table: str
    name: str = "addresses"


@dataclass(frozen=True, slots=True)
class Members:
    """The people of a team; a client writes their ids as `member_ids`."""

    name: str = "members"
    column: str = "member_ids"
    rule: Rule = references


@dataclass(frozen=True, slots=True)
class Nothing:
    """A field that is shown and can never be written: nothing, or an empty list."""

    name: str
    value: tuple[()] | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of a person, which can be filtered by and are not shown."""

    name: str = "roles"


Field: TypeAlias = Column | Reference | Detail | Contacts | Addresses | Members | Nothing | Roles

ID: Final = Column("id", Type.NUMBER, nullable=False)
NAME: Final = Column("name", rule=required(string(128)), folded="name_key", nullable=False)
SOURCE: Final = Column("source", rule=string(30))
SOURCE_ID: Final = Column("sourceID", rule=string(128))
DISABLED: Final = Column("disabled", Type.FLAG, boolean, nullable=False)
CREATED_AT: Final = Column("created_at", Type.TIME, nullable=False)
UPDATED_AT: Final = Column("updated_at", Type.TIME, nullable=False)

ALWAYS_SHOWN: Final = frozenset({"account", "nodeID", "archived", "trashed", "formats"})
"""What may stand in an answer besides the fields, and may therefore come back in a body."""

WRITE_ONLY: Final = frozenset({"custom_fields_attachments", "information_attachments", "remarks_attachments"})
"""Fields of the API for files, which the directory does not keep."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """
    A kind of record.

    `model` is its name in scopes and events, `collection` the fields of a list, `writers` the roles of which one is needed to
    create or change a record. `removable` records may be in the archive or the trash, and then are in no list. `announced`
    are those of which webhooks tell.
    """

    model: str
    table: str
    fields: tuple[Field, ...]
    collection: tuple[str, ...]
    filters: tuple[str, ...]
    sorts: tuple[str, ...]
    writers: tuple[Role, ...]
    predefined: Mapping[str, Predefined]
    required: tuple[str, ...] = ("name",)
    removable: bool = False
    announced: bool = False
    by_name: Mapping[str, Field] = field(init=False)
    rules: Mapping[str, Rule] = field(init=False)

    def __post_init__(self) -> None:
        by_name = {one.name: one for one in self.fields}
        object.__setattr__(self, "by_name", MappingProxyType(by_name))
        object.__setattr__(self, "rules", MappingProxyType(_rules(self.fields)))

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields of a single record."""
        return tuple(one.name for one in self.fields if not isinstance(one, Roles))

    @property
    def references(self) -> tuple[Reference, ...]:
        """The fields that refer to other records."""
        return tuple(one for one in self.fields if isinstance(one, Reference))


def _rules(fields: tuple[Field, ...]) -> dict[str, Rule]:
    """Return the rules under the names of a body."""
    rules: dict[str, Rule] = {}
    for one in fields:
        if isinstance(one, (Reference, Members)):
            rules[one.column] = one.rule
        elif isinstance(one, (Column, Detail)) and one.rule is not None:
            rules[one.name] = one.rule
    return rules
