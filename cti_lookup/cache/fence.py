"""
A fence between forgetting and remembering: what was asked before a forgetting is not remembered after it.

The race it stands in: a lookup asks the directory; the person changes; the change is heard and forgotten everywhere;
then the lookup's answer, which is the old one, arrives and is put into the cache. A plain deletion leaves the old value
there in a third of adversarial interleavings.
"""

import math
from collections.abc import Callable, Iterable
from typing import Final

from cachetools import LRUCache

_MOST_MARKS: Final = 20_000


class Fence:
    """
    Counts forgettings, and remembers which mark was forgotten at which `count`, and when.

    The count is noted before something is asked that is to be remembered.

    Marks that are forgotten themselves, as there are too many, count as forgotten by everything that was asked before:
    the fence then refuses too much, never too little. To distrust everything is another matter: nobody has said that
    it is untrue.
    """

    def __init__(self, most: int = _MOST_MARKS) -> None:
        self.count = 0
        self.latest = -math.inf
        """When anything was forgotten last, in steady seconds; what was asked since outlives all forgettings."""
        self._distrusted = 0
        self._floor = 0
        self._floor_at = -math.inf
        self._forgotten: _Dropping = _Dropping(most, self._dropped)

    def forget(self, marks: Iterable[str], at: float = -math.inf) -> None:
        """Refuse what was asked until now under one of the marks; `at` is the time, in steady seconds."""
        self.count += 1
        self.latest = max(self.latest, at)
        for mark in marks:
            self._forgotten[mark] = (self.count, at)

    def distrust(self) -> None:
        """Remember nothing that was asked until now."""
        self.count += 1
        self._distrusted = self.count

    def lets(self, since: int, marks: Iterable[str]) -> bool:
        """Tell whether what was asked at count `since` may be remembered under all of the marks."""
        return since >= self._distrusted and not self.overtook(since, marks)

    def overtook(self, since: int, marks: Iterable[str]) -> bool:
        """Tell whether what was asked at count `since` has been forgotten since, under any of the marks."""
        return since < self._floor or any(since < self._forgotten.get(mark, _NEVER)[0] for mark in marks)

    def outlives(self, asked_at: float, marks: Iterable[str]) -> bool:
        """Tell whether what somebody else asked was asked after all forgettings of its marks that are known here."""
        return asked_at >= self._floor_at and all(
            asked_at >= self._forgotten.get(mark, _NEVER)[1] for mark in marks
        )

    def _dropped(self, forgotten: tuple[int, float]) -> None:
        self._floor = max(self._floor, forgotten[0])
        self._floor_at = max(self._floor_at, forgotten[1])


_NEVER: Final = (0, -math.inf)


class _Dropping(LRUCache[str, tuple[int, float]]):
    """Tells what it drops when it is full."""

    def __init__(self, most: int, dropped: Callable[[tuple[int, float]], None]) -> None:
        super().__init__(most)
        self._tell = dropped

    def popitem(self) -> tuple[str, tuple[int, float]]:
        mark, forgotten = super().popitem()
        self._tell(forgotten)
        return mark, forgotten
