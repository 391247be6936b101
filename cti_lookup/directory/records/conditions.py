"""Conditions on the rows of a table: SQL made of constants, and the values that it compares with."""

from dataclasses import dataclass
from typing import Final, TypeAlias

Value: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression in SQL with a question mark for each value; values are never part of the text."""

    sql: str
    values: tuple[Value, ...] = ()


ALWAYS: Final = Condition("TRUE")
NEVER: Final = Condition("FALSE")


def all_of(*conditions: Condition) -> Condition:
    """Return the condition that holds when all of them hold, in the order of their values."""
    telling = tuple(condition for condition in conditions if condition != ALWAYS)
    return _joined(" AND ", telling) if telling else ALWAYS


def any_of(*conditions: Condition) -> Condition:
    """Return the condition that holds when one of them holds."""
    return _joined(" OR ", conditions) if conditions else NEVER


def negation(condition: Condition) -> Condition:
    """Return the condition that holds when another does not, also when that compares with nothing."""
    return Condition(f"({condition.sql}) IS NOT TRUE", condition.values)


def _joined(word: str, conditions: tuple[Condition, ...]) -> Condition:
    values = tuple(value for condition in conditions for value in condition.values)
    return Condition(word.join(f"({condition.sql})" for condition in conditions), values)
