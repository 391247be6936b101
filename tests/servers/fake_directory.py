"""A directory that a test can make misbehave: real HTTP on a free port, and no code of the service in it."""

import asyncio
import gzip
import json
import re
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

Json = Any
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN: Final = "a-directory-token"

ASHOK: Final[Mapping[str, Json]] = {
    "id": 30,
    "name": "Ashok Kumar",
    "sourceID": None,
    "disabled": False,
    "vip": False,
    "job_title": "Trainee",
    "organization": {"id": 30, "name": "Widget Data Center, External IT"},
    "site": {"id": 13, "name": "Widget Data Center"},
    "manager": {"id": 5, "name": "Howard Tanner"},
    "primary_email": "ashok.kumar@people.example",
    "location": "Room 201, Desk 06",
    "locale": "en-US",
    "time_zone": "Central Time (US & Canada)",
    "picture_uri": None,
    "contacts": [
        {
            "id": 1,
            "label": "work",
            "protocol": "telephone",
            "telephone": "+1 (713) 987 2967",
            "integration": False,
        },
        {"id": 2, "label": "home", "protocol": "email", "email": "ashok@home.example"},
    ],
}
ASHOKS_NUMBER: Final = "+17139872967"


def person(number: str, **fields: Json) -> Json:
    """Give somebody with one telephone, like Ashok in all that is not said."""
    contacts = [{"id": 9, "label": "work", "protocol": "telephone", "telephone": number}]
    return deepcopy(dict(ASHOK)) | {"contacts": contacts} | fields


@dataclass(frozen=True)
class Seen:
    """One request that reached the directory."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class FakeDirectory:
    """
    A directory whose people, and whose behaviour, a test sets.

    Left alone it answers as the real one does: with those of `people` whose digits end as the question does.
    `GET /rate_limit` is answered apart by `rate_limit`: it is no request for people, and does not stand in `requests`.
    """

    def __init__(self) -> None:
        self.people: list[Json] = [deepcopy(dict(ASHOK))]
        self.requests: list[Seen] = []
        self.asked = asyncio.Event()
        self.behaviour: Behaviour = self.answer
        self.rate_limit: Behaviour = replying({"message": "Not Found"}, status=404)
        self.rate_limit_requests: list[Seen] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Give the base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Listen; after a stop on the same port again."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as a healthy directory does."""
        if request.path == "/v1/sd":
            asked = digits(request.query["telephone"])
            return web.json_response([one for one in self.people if _denoted(one, asked)])
        if request.path == "/v1/people":
            return web.json_response([_short(one) for one in self.people if _passes(one, request.query)])
        number = request.path.rpartition("/")[2]
        for one in self.people:
            if str(one["id"]) == number:
                return web.json_response(one)
        return web.json_response({"message": "Not Found"}, status=404)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.path, dict(request.query), dict(request.headers))
        if request.path == "/v1/rate_limit":
            self.rate_limit_requests.append(seen)
            return await self.rate_limit(request)
        self.requests.append(seen)
        self.asked.set()
        response = await self.behaviour(request)
        if not response.prepared and response.status != 401:
            self._tell_quota(response)
        return response

    def _tell_quota(self, response: web.StreamResponse) -> None:
        """Say what is left, as the real one does with every answer to somebody it knows."""
        response.headers.setdefault("X-RateLimit-Limit", "3600")
        response.headers.setdefault("X-RateLimit-Remaining", str(max(0, 3600 - len(self.requests))))
        response.headers.setdefault("X-RateLimit-Reset", str(int(time.time()) + 3600))


def digits(text: str) -> str:
    """Keep the digits of a text."""
    return re.sub(r"\D", "", text)


def _denoted(one: Json, asked: str) -> bool:
    return any(digits(contact.get("telephone", "")).endswith(asked) for contact in one.get("contacts", ()))


def _short(one: Json) -> Json:
    """Give of a person what a list tells."""
    return {
        key: one.get(key) for key in ("id", "sourceID", "name", "organization", "site", "manager", "disabled")
    }


def _passes(one: Json, query: Mapping[str, str]) -> bool:
    """Filter as the real one does with texts: the operator stands at the start of the value."""
    return all(_agrees(one.get(key), value) for key, value in query.items())


def _agrees(field: Json, value: str) -> bool:
    if value.startswith("!"):
        return field is not None if value == "!" else field != value[1:]
    literal = value[1:] if value.startswith("\\!") else value
    return field is None if value == "" else str(field).casefold() == literal.casefold()


def replying(
    body: Json = b"",
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """Answer always the same; what is no bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def behave(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=content, content_type=content_type, headers=headers)

    return behave


def held(gate: asyncio.Event, then: Behaviour) -> Behaviour:
    """Answer when the test opens the gate."""

    async def behave(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return await then(request)

    return behave


def hanging() -> Behaviour:
    """Take the request and never answer."""
    return held(asyncio.Event(), replying())


def dripping(pause: float = 0.02) -> Behaviour:
    """Send one blank after the other and never come to an end."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(pause)

    return behave


def resetting() -> Behaviour:
    """Cut the connection instead of answering."""

    async def behave(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave so for the first request, so for the second, and as the last for all that follow."""
    left = list(behaviours)

    async def behave(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return behave


def zipped(body: bytes, encoding: str = "gzip") -> Behaviour:
    """Answer compressed."""
    content = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    return replying(content, headers={"Content-Encoding": encoding})


def bomb(megabytes: int) -> Behaviour:
    """Answer with few bytes that become many: a list of one text of blanks."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    blanks = b" " * (1 << 20)
    parts = [
        packer.compress(b"["),
        *(packer.compress(blanks) for _ in range(megabytes)),
        packer.compress(b"]"),
    ]
    return replying(b"".join(parts) + packer.flush(), headers={"Content-Encoding": "gzip"})
