"""Who has which number, known to the test and told by its directory; and what that directory truly said, and when."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count, cycle
from typing import Final

from aiohttp import web

from tests.servers.fake_directory import FakeDirectory, Json, digits, person

SHARED_BY: Final = 2
"""People who share one number."""

AREA: Final = "+1713987"


class Kind(Enum):
    """What the service can know of a caller."""

    FAMILIAR = "familiar"
    SHARED = "shared"
    ONLY_IN_REDIS = "only in redis"
    NEW = "new"
    UNKNOWN = "unknown"
    KNOWN_AS_NOBODY = "known as nobody"
    INVALID = "invalid"
    WITHHELD = "withheld"


LEARNED: Final = frozenset({Kind.FAMILIAR, Kind.SHARED})
"""Those of whom an answer is remembered, so that there is one to fall back on."""


FIRST_CALL: Final = frozenset({Kind.NEW, Kind.UNKNOWN})
"""Those who never called before, so that the directory has to be asked for each of them."""


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: what is sent as the number, and the ids of the people who have it."""

    number: str
    kind: Kind
    ids: frozenset[int] = frozenset()


class Truth:
    """A directory full of people; each number is given out once, but those that call again and again."""

    def __init__(self, directory: FakeDirectory, *, familiar: int = 3) -> None:
        self._said: dict[str, float] = {}
        self._said_nobody: dict[str, float] = {}
        self._directory = directory
        self._numbers = count(1000)
        self._ids = count(1)
        directory.people = []
        directory.behaviour = self.tell
        self.familiar = [self._somebody(Kind.FAMILIAR) for _ in range(familiar)]
        self.shared = self._somebody(Kind.SHARED, SHARED_BY)
        self._nobody = self._unlisted(Kind.KNOWN_AS_NOBODY)
        self.only_in_redis: list[Caller] = []

    @property
    def repeaters(self) -> int:
        """Count the numbers that call again and again."""
        return len(self.familiar) + 2  # the shared one, and one of nobody

    def fill_redis(self, callers: int) -> list[Caller]:
        """Make people whom an earlier service has asked for."""
        self.only_in_redis = [self._somebody(Kind.ONLY_IN_REDIS) for _ in range(callers)]
        return self.only_in_redis

    def calls(self) -> Iterator[Caller]:
        """Give callers without end: those who call often, and between them one of each other kind."""
        often = cycle(self.familiar)
        from_redis = iter(self.only_in_redis)
        while True:
            yield next(often)
            yield self._somebody(Kind.NEW)
            yield self.shared
            yield Caller("+999123", Kind.INVALID)
            yield next(often)
            yield self._unlisted(Kind.UNKNOWN)
            yield self._nobody
            yield Caller("anonymous", Kind.WITHHELD)
            yield next(from_redis, self.shared)

    def newcomer(self) -> Caller:
        """Give somebody who never called."""
        return self._somebody(Kind.NEW)

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """Answer as a healthy directory does, and note when something was said of a number."""
        asked = digits(request.query.get("telephone", ""))
        answer = await self._directory.answer(request)
        self._said[asked] = time.monotonic()
        if isinstance(answer, web.Response) and answer.body == b"[]":
            self._said_nobody[asked] = self._said[asked]
        return answer

    async def tell_of_another(self, _: web.Request) -> web.StreamResponse:
        """Answer with somebody who has another number."""
        return web.json_response([person(f"{AREA}0001", id=999_999, name="Somebody Else")])

    def nobody_since(self, caller: Caller) -> float | None:
        """Say when the directory last said that nobody has the caller's number."""
        return self._said_nobody.get(_national(caller))

    def told_since(self, caller: Caller) -> float | None:
        """Say when the directory last said anything of the caller's number."""
        return self._said.get(_national(caller))

    def _somebody(self, kind: Kind, people: int = 1) -> Caller:
        number = f"{AREA}{next(self._numbers)}"
        ids = [next(self._ids) for _ in range(people)]
        self._directory.people += [_record(number, one) for one in ids]
        return Caller(number, kind, frozenset(ids))

    def _unlisted(self, kind: Kind) -> Caller:
        return Caller(f"{AREA}{next(self._numbers)}", kind)


def name_of(person_id: int) -> str:
    """Give a person's name, so that names and ids cannot be mixed up unnoticed."""
    return f"Person {person_id}"


def _national(caller: Caller) -> str:
    return digits(caller.number)[1:]


def _record(number: str, person_id: int) -> Json:
    written = f"+1 ({number[2:5]}) {number[5:8]} {number[8:]}"
    return person(written, id=person_id, name=name_of(person_id))
