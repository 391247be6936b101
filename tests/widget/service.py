"""
The service as a browser meets it: the widget's files, and a stream of calls that a test conducts.

It keeps to the protocol between service and browser: tokens in a header, `hello`, `calls`, `call`, `left`, `reset`,
`bye`, opaque ids and replay by `Last-Event-ID`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from tests.widget.calls import Json

FILES: Final = Path(__file__).parents[2] / "cti_lookup" / "web" / "widget"
PAGES: Final = Path(__file__).parent / "pages"
NOW: Final = datetime(2026, 11, 21, 20, 15, 3, tzinfo=UTC)
TOKEN: Final = "e30.eyJzdWIiOiAiYWdlbnQtMSJ9.c2lnbmVk"
STRICT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

Refusal = tuple[int, str]


@dataclass(frozen=True)
class Told:
    """An event of the stream, and the id it went out with."""

    event_id: str
    data: bytes


@dataclass(eq=False)
class Line:
    """One open stream: what is still to be sent on it; None ends it."""

    token: str
    last_id: str | None
    waiting: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def send(self, data: bytes | None) -> None:
        self.waiting.put_nowait(data)


class FakeService:
    """A service whose calls, tokens and faults a test sets."""

    def __init__(self) -> None:
        self.calls: dict[str, Json] = {}
        self.log: list[Json] = []
        self.log_readings = 0
        self.tokens: set[str] = {TOKEN}
        self.refusals: dict[str, Refusal] = {}
        self.life = timedelta(hours=1)
        self.found: Json | None = None
        self.posted: list[tuple[str, Json | None]] = []
        self.lines: list[Line] = []
        self.last_ids: list[str | None] = []
        self.opened_with: list[str] = []
        self.origins: set[str] = set()
        self.failing: set[str] = set()
        self.now: Callable[[], datetime] = lambda: NOW
        self.policy = STRICT
        self.port = 0
        self._history: list[Told] = []
        self._epoch = 1
        self._changed = asyncio.Condition()
        self._door = asyncio.Event()
        self._door.set()
        self._log_door = asyncio.Event()
        self._log_door.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def page(self, name: str = "host.html", **attributes: str) -> str:
        """Give the address of a page that holds the element with these attributes."""
        query = "&".join(f"{key.replace('_', '-')}={value}" for key, value in attributes.items())
        return f"{self.url}/{name}?{query}"

    # -- what a test tells

    def tell(self, call: Json) -> None:
        """Publish a call's newest state."""
        self.calls[call["id"]] = call
        self._publish("call", call)

    def leave(self, call_id: str, reason: str) -> None:
        self.calls.pop(call_id, None)
        self._publish("left", {"id": call_id, "reason": reason})

    def part(self, reason: str) -> None:
        """Say goodbye on every stream, and close it."""
        for line in self.lines:
            line.send(event("bye", {"reason": reason}))
            line.send(None)

    def cut(self) -> None:
        """Close every stream without a word."""
        for line in self.lines:
            line.send(None)

    @asynccontextmanager
    async def cut_off(self) -> AsyncIterator[None]:
        """Close every stream, and let nobody follow as long as this lasts."""
        self._door.clear()
        self.cut()
        await self.until(lambda: not self.lines)
        try:
            yield
        finally:
            self._door.set()

    @asynccontextmanager
    async def slow_log(self) -> AsyncIterator[None]:
        """Hold answers of the log back as long as this lasts; each tells what was so when it was asked for."""
        self._log_door.clear()
        try:
            yield
        finally:
            self._log_door.set()

    def restart(self) -> None:
        """Forget what was sent, as a new process does; the calls are still there."""
        self._history.clear()
        self._epoch += 1

    def send_raw(self, data: bytes) -> None:
        for line in self.lines:
            line.send(data)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something holds, looked at whenever a request came."""
        async with self._changed, asyncio.timeout(30):
            await self._changed.wait_for(reached)

    async def until_followed(self, times: int = 1) -> None:
        """Wait until the stream was opened so many times, and is open."""
        await self.until(lambda: len(self.last_ids) >= times and bool(self.lines))

    def _publish(self, kind: str, data: Json) -> None:
        told = self._told(kind, data)
        for line in self.lines:
            line.send(told.data)

    def _told(self, kind: str, data: Json) -> Told:
        event_id = f"{self._epoch}-{len(self._history) + 1}"
        told = Told(event_id, event(kind, data, event_id))
        self._history.append(told)
        return told

    # -- routes

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._cross_origin])
        app.router.add_get("/v1/calls/stream", self._stream)
        app.router.add_get("/v1/calls", self._calls)
        app.router.add_get("/v1/lookup", self._lookup)
        app.router.add_post("/v1/calls/{id}/{what}", self._post)
        app.router.add_get("/{page}.html", self._page)
        app.router.add_static("/widget", FILES)
        app.router.add_static("/pages", PAGES)
        return app

    @web.middleware
    async def _cross_origin(self, request: web.Request, handler: Callable[..., object]) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN, self.url)
        if origin not in self.origins | {self.url}:
            return web.json_response({"code": "bad_origin"}, status=403)
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=_allowing(origin))
        response = await handler(request)  # type: ignore[misc]  # aiohttp types a handler as any callable
        assert isinstance(response, web.StreamResponse)
        if not response.prepared:
            response.headers.update(_allowing(origin))
        return response

    def _refused(self, request: web.Request) -> web.Response | None:
        token = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer ")
        status, code = self.refusals.get(token, (401, "bad_token"))
        if token in self.tokens and token not in self.refusals:
            return None
        return web.json_response({"code": code}, status=status, content_type="application/problem+json")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        await self._door.wait()
        line = Line(
            request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer "),
            request.headers.get("Last-Event-ID"),
        )
        async with self._changed:
            self.last_ids.append(line.last_id)
            self.opened_with.append(line.token)
            self._changed.notify_all()
        if "stream" in self.failing:
            return web.Response(status=503)
        if refused := self._refused(request):
            return refused
        return await self._follow(request, line)

    async def _follow(self, request: web.Request, line: Line) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream"} | _allowing(
            request.headers.get(hdrs.ORIGIN, self.url)
        )
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        for data in self._beginning(line):
            await response.write(data)
        async with self._changed:
            self.lines.append(line)
            self._changed.notify_all()
        try:
            while (more := await line.waiting.get()) is not None:
                await response.write(more)
        except ConnectionResetError:
            pass
        finally:
            self.lines.remove(line)
            async with self._changed:
                self._changed.notify_all()
        return response

    def _beginning(self, line: Line) -> list[bytes]:
        expires = (self.now() + self.life).isoformat().replace("+00:00", "Z")
        hello = {"heartbeat": 15, "replay": 120, "role": "agent", "expires_at": expires}
        begun = [
            b"retry: 2000\n\n",
            event("hello", hello | {"now": self.now().isoformat().replace("+00:00", "Z")}),
        ]
        known = [told.event_id for told in self._history]
        if line.last_id in known:
            return [*begun, *(told.data for told in self._history[known.index(line.last_id) + 1 :])]
        reset = [event("reset", {"reason": "restart"})] if line.last_id else []
        active = [call for call in self.calls.values() if call["state"] != "ended"]
        return [*begun, *reset, self._told("calls", {"calls": active}).data]

    async def _calls(self, request: web.Request) -> web.Response:
        if "log" in self.failing:
            return web.Response(status=503)
        calls = [*reversed(self.calls.values()), *self.log]
        async with self._changed:
            self.log_readings += 1
            self._changed.notify_all()
        await self._log_door.wait()
        return self._refused(request) or web.json_response({"calls": calls})

    async def _lookup(self, request: web.Request) -> web.Response:
        if self.found is None:
            return web.json_response({"code": "unavailable"}, status=503)
        return self._refused(request) or web.json_response(self.found)

    async def _post(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if request.match_info["what"] in self.failing:
            return web.Response(status=503)
        body = json.loads(await request.text()) if request.can_read_body else None
        async with self._changed:
            self.posted.append((request.path.removeprefix("/v1/calls/"), body))
            self._changed.notify_all()
        self._tell_all(
            request.match_info["id"], {"chosen": body["person_id"] or 0} if body else {"seen": True}
        )
        return web.Response(status=204)

    def _tell_all(self, call_id: str, change: Json) -> None:
        """Publish what an agent said of a call, as the service does to all who see it."""
        if known := self.calls.get(call_id):
            self.tell(known | change | {"revision": known["revision"] + 1})

    async def _page(self, request: web.Request) -> web.Response:
        """Give a page; `{attributes}` in it stands for the query, which becomes the element's attributes."""
        text = (PAGES / f"{request.match_info['page']}.html").read_text(encoding="utf-8")
        given = " ".join(f'{escape(name)}="{escape(value)}"' for name, value in request.query.items())
        headers = {"Content-Security-Policy": self.policy}
        return web.Response(
            text=text.replace("{attributes}", given), content_type="text/html", headers=headers
        )


def _allowing(origin: str) -> dict[str, str]:
    headers = "Authorization, Last-Event-ID, Content-Type"
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": headers,
        "Vary": "Origin",
    }


def event(kind: str, data: Json, event_id: str | None = None) -> bytes:
    """Write an event of the stream."""
    named = f"id: {event_id}\n" if event_id else ""
    return f"{named}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


@asynccontextmanager
async def serving(service: FakeService, *, frames: FakeService | None = None) -> AsyncIterator[FakeService]:
    """Let a service listen at a free port; its pages may frame another one's."""
    if frames is not None:
        service.policy = f"{STRICT}; frame-src {frames.url}"
    runner = web.AppRunner(
        service.application(), access_log=None, shutdown_timeout=0.05, handler_cancellation=True
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    yield service
    service.cut()
    await runner.cleanup()
