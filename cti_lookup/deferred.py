"""
What is imported by name when it is first needed, so that a start costs only what its settings ask for.

A place is written `cti_lookup.module:name`, in full: the test of the layers reads it as the import that it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Deferred(Generic[T_co]):
    """Something that is known by its place."""

    place: str

    def get(self) -> T_co:
        """Give it; its module is imported the first time."""
        module, _, name = self.place.partition(":")
        found: T_co = getattr(import_module(module), name)
        return found


class Shelf(Mapping[str, T_co]):
    """Things by their names, of which only those that are taken are imported."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._things: Mapping[str, Deferred[T_co]] = {name: Deferred(place) for name, place in places.items()}

    def __getitem__(self, name: str) -> T_co:
        """Give one."""
        return self._things[name].get()

    def __contains__(self, name: object) -> bool:
        """Tell whether there is one, without importing it."""
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return iter(self._things)

    def __len__(self) -> int:
        """Count them."""
        return len(self._things)
