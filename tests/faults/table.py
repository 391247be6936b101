"""
The table of faults: what is broken, what may be answered meanwhile, and what must be seen of it.

For all of them it holds: no wrong person ever, "nobody" only where the directory said so within its time to live, no
lookup later than 1.55 s, no webhook later than 1 s, and no flood of requests to the directory. `known` are the tiers
in which somebody who called before is shown, `new` the outcomes of a lookup of somebody who never did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Final

from aiohttp import web

from cti_lookup.fetching import LONGEST_FLIGHT
from tests.faults.scene import Scene
from tests.servers.fake_directory import (
    Behaviour,
    bomb,
    dripping,
    hanging,
    replying,
    resetting,
)

Change = Callable[[Scene], Awaitable[None]]

LONG: Final = 900.0
SHORT: Final = 2.0
"""Seconds that an answer is fresh: so short that answers grow old while the directory fails."""

ANY: Final = frozenset({"memory", "redis", "directory", "stale"})
FOUND: Final = frozenset({"matched"})
UNKNOWABLE: Final = frozenset({"matched", "unavailable"})


@dataclass(frozen=True)
class Fault:
    """A fault, what makes and mends it, what it may cost a caller, and where an operator sees it."""

    name: str
    begin: Change
    end: Change
    metric: tuple[str, str] | None
    ttl: float = LONG
    known: frozenset[str] = ANY
    new: frozenset[str] = FOUND
    shows: str | None = None
    """The tier that must have been seen while it lasted."""
    lingers: float = 0.0
    """Seconds for which what was begun under it may go on when it is over."""
    through_proxy: bool = False
    in_process: bool = False


async def _nothing(_: Scene) -> None:
    """Change nothing."""


def _told(*words: str) -> Change:
    async def tell(scene: Scene) -> None:
        await asyncio.to_thread(scene.redis.command, *words)

    return tell


def _done(what: Callable[[Scene], object]) -> Change:
    async def do(scene: Scene) -> None:
        await asyncio.to_thread(what, scene)

    return do


def _both(*changes: Change) -> Change:
    async def change_all(scene: Scene) -> None:
        for change in changes:
            await change(scene)

    return change_all


def _directory(make: Callable[[Scene], Behaviour]) -> Change:
    async def misbehave(scene: Scene) -> None:
        scene.directory.behaviour = await asyncio.to_thread(make, scene)

    return misbehave


async def _refuse(scene: Scene) -> None:
    await scene.proxy.refuse()


async def _accept(scene: Scene) -> None:
    await scene.proxy.start()


async def _hang_up(scene: Scene) -> None:
    scene.load.hangs_up = True
    scene.directory.behaviour = _slow(scene)


async def _hang_up_no_more(scene: Scene) -> None:
    scene.load.hangs_up = False
    scene.directory.behaviour = scene.truth.tell


def _slow(scene: Scene) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return await scene.truth.tell(request)

    return behave


def _clock(seconds: float) -> Change:
    async def step(scene: Scene) -> None:
        scene.wall_shift = seconds

    return step


async def _swap_password(scene: Scene) -> None:
    await asyncio.to_thread(scene.redis.command, "CONFIG", "SET", "requirepass", _OTHER)
    await asyncio.to_thread(scene.redis.command, *_LOGIN, "CLIENT", "KILL", "TYPE", "normal")


_OTHER: Final = "another-password"
_LOGIN: Final = ("-a", _OTHER, "--no-auth-warning")
_PAUSE: Final = _done(lambda scene: scene.redis.pause())
_RESUME: Final = _done(lambda scene: scene.redis.resume())
_KILL: Final = _done(lambda scene: scene.redis.kill())
_START: Final = _done(lambda scene: scene.redis.start())
_HEALTHY: Final = _directory(lambda scene: scene.truth.tell)

_REDIS: Final = "cti_redis_operations_total"
_ASKED: Final = "cti_directory_requests_total"
_STALE: Final = ("cti_lookups_total", "stale")


def of_redis(name: str, begin: Change, end: Change, result: str, *, through_proxy: bool = False) -> Fault:
    """Describe a fault of Redis: the directory is there, so everybody is found."""
    return Fault(name, begin, end, (_REDIS, result), through_proxy=through_proxy)


def of_directory(name: str, make: Callable[[Scene], Behaviour], result: str) -> Fault:
    """Describe a fault of the directory: who is remembered is shown as stale, who is not is unavailable."""
    return Fault(name, _directory(make), _HEALTHY, (_ASKED, result), ttl=SHORT, new=UNKNOWABLE, shows="stale")


def of_silence(name: str, make: Callable[[Scene], Behaviour]) -> Fault:
    """Describe a directory that never comes to an end: it is a time-out only when the flight ends."""
    fault = of_directory(name, make, "timeout")
    return replace(fault, metric=_STALE, lingers=LONGEST_FLIGHT)


def _throttling(retry_after: Callable[[], str]) -> Callable[[Scene], Behaviour]:
    return lambda _: replying({"message": "Too Many"}, status=429, headers={"Retry-After": retry_after()})


FAULTS: Final = (
    of_redis("Redis hangs", _PAUSE, _RESUME, "timeout"),
    of_redis("Redis is killed", _KILL, _START, "error"),
    of_redis("Redis refuses connections", _refuse, _accept, "error", through_proxy=True),
    of_redis(
        "Redis is read-only",
        _told("REPLICAOF", "127.0.0.1", "1"),
        _told("REPLICAOF", "NO", "ONE"),
        "readonly",
    ),
    of_redis(
        "Redis has another password",
        _swap_password,
        _told(*_LOGIN, "CONFIG", "SET", "requirepass", ""),
        "auth",
    ),
    of_redis(
        "Redis is full",
        _told("CONFIG", "SET", "maxmemory", "1"),
        _told("CONFIG", "SET", "maxmemory", "0"),
        "full",
    ),
    of_silence("the directory hangs", lambda _: hanging()),
    of_silence("the directory drips", lambda _: dripping()),
    of_directory("the directory resets connections", lambda _: resetting(), "connection"),
    of_directory("the directory answers 429 with seconds", _throttling(lambda: "1"), "throttled"),
    of_directory(
        "the directory answers 429 with a date",
        _throttling(lambda: formatdate(usegmt=True)),
        "throttled",
    ),
    of_directory("the directory answers 429 with nonsense", _throttling(lambda: "soon"), "throttled"),
    of_directory("the directory answers 503", lambda _: replying(b"", status=503), "status"),
    of_directory(
        "the directory answers 401", lambda _: replying({"message": "no"}, status=401), "unauthorized"
    ),
    of_directory(
        "the directory answers with a page",
        lambda _: replying(b"<html>Maintenance</html>", content_type="text/html"),
        "malformed",
    ),
    of_directory("the directory answers 300 MB of gzip", lambda _: bomb(300), "oversized"),
    of_directory(
        "the directory redirects",
        lambda _: replying(b"", status=302, headers={"Location": "/elsewhere"}),
        "redirect",
    ),
    Fault(
        "the directory tells of the wrong person",
        _directory(lambda scene: scene.truth.tell_of_another),
        _HEALTHY,
        ("cti_people_dropped_total", ""),
        ttl=SHORT,
        new=UNKNOWABLE,
    ),
    Fault(
        "Redis hangs and the directory hangs",
        _both(_PAUSE, _directory(lambda _: hanging())),
        _both(_RESUME, _HEALTHY),
        (_REDIS, "timeout"),
        ttl=SHORT,
        new=UNKNOWABLE,
        shows="stale",
        lingers=LONGEST_FLIGHT,
    ),
    Fault(
        "Redis is killed and the directory answers 503",
        _both(_KILL, _directory(lambda _: replying(b"", status=503))),
        _both(_START, _HEALTHY),
        (_ASKED, "status"),
        new=UNKNOWABLE,
        shows="stale",
    ),
    Fault("callers hang up", _hang_up, _hang_up_no_more, None),
    Fault("the clock is set a day ahead", _clock(86_400), _nothing, None, in_process=True),
    Fault("the clock is set a day back", _clock(-86_400), _nothing, None, in_process=True),
)
