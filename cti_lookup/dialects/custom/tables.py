"""
Tables of a settings file, read with all that is wrong in them said at once.

A fault is `place: what is wrong`, in words. It names what would be right, and never the value that was given: a secret may have been
written into the wrong line.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

_LONGEST: Final = 2000
"""Characters of one setting."""


class DescriptionError(ValueError):
    """A description that cannot be worked by; `faults` are its places with what is wrong there."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Table:
    """
    A table at a place; each setting that is asked for is ticked off, and those that nobody asks for are faults.

    Faults are gathered, and what is wrong is read as if it were missing: no reader needs to stop.
    """

    def __init__(self, fields: Mapping[str, Any], place: str, faults: list[str]) -> None:
        self._fields = fields
        self._place = place
        self.faults = faults
        self._asked: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether a setting is given."""
        return name in self._fields

    def names(self) -> tuple[str, ...]:
        """Give the names of all settings that are written."""
        return tuple(self._fields)

    def place(self, name: str = "") -> str:
        """Give the place of a setting, or of the table."""
        return ".".join(part for part in (self._place, name) if part)

    def fault(self, name: str, what: str) -> None:
        """Note what is wrong with a setting, or with the table as a whole."""
        self.faults.append(f"{self.place(name)}: {what}".removeprefix(": "))

    def given(self, name: str) -> Any:
        """Give a setting as it is written; None if it is not."""
        self._asked[name] = None
        return self._fields.get(name)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Give a text that is not empty."""
        value = self.given(name)
        if value is None:
            return default
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            self.fault(name, f"is a text of 1 to {_LONGEST} characters")
            return default
        return value

    def needed(self, name: str) -> str:
        """Give a text that must be there."""
        if self.given(name) is None:
            self.fault(name, "is needed here")
        return self.text(name) or ""

    def number(self, name: str, default: float, most: float, least: float = 0) -> float:
        """Give a number within its bounds."""
        value = self.given(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.fault(name, f"is a number from {least:g} to {most:g}")
            return default
        return value

    def flag(self, name: str) -> bool:
        """Tell whether something is switched on."""
        value = self.given(name)
        if value is not None and not isinstance(value, bool):
            self.fault(name, "is true or false")
        return value is True

    def word(self, name: str, words: Mapping[str, Value], default: Value) -> Value:
        """Give what one of some words stands for."""
        value = self.given(name)
        if value is None:
            return default
        if not isinstance(value, str) or value not in words:
            self.fault(name, f"is none of {', '.join(words)}")
            return default
        return words[value]

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a text, or a list of texts."""
        value = self.given(name)
        listed = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
            self.fault(name, "is a text or a list of texts")
            return ()
        return tuple(listed)

    def table(self, name: str) -> "Table | None":
        """Give a table inside; None if there is none."""
        value = self.given(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, "is a table")
            return None
        return Table(value, self.place(name), self.faults)

    def tables(self, name: str) -> "Iterator[Table]":
        """Give the tables of a list, each with its place, counted from 1."""
        value = self.given(name)
        listed = [] if value is None else value
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self.fault(name, "is a list of tables")
            return
        for at, one in enumerate(listed, 1):
            yield Table(one, f"{self.place(name)}[{at}]", self.faults)

    def only(self, names: Mapping[str, object]) -> str | None:
        """Give the one name of a table that says by its name what it is; None, and a fault, if there is not one."""
        given = [name for name in self._fields if name in names]
        if len(given) != 1:
            self.fault("", f"holds one of {', '.join(names)}")
            self._asked.update(dict.fromkeys(self._fields))
            return None
        self.given(given[0])
        return given[0]

    def finish(self) -> None:
        """Say which settings nobody asked for."""
        for name in self._fields:
            if name not in self._asked:
                self.fault(name, f"is no setting here; known are {', '.join(filter(None, self._asked))}")
