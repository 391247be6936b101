"""A real directory for each test: real HTTP on a free port, a real SQLite file of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from cti_lookup.directory import Administration, administer, create_directory_app, directory_runner
from cti_lookup.directory.webhooks.address import RUNNER

TOKEN = "a-token-of-tests"


@dataclass
class SteppingClock:
    """A clock that is one minute later each time it is read."""

    now: datetime = field(default=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass(frozen=True)
class Api:
    """A client of a directory that holds the token."""

    client: ClientSession
    app: web.Application

    async def aclose(self) -> None:
        """Stop the directory before the test ends."""
        await self.client.close()
        await self.app[RUNNER].cleanup()

    def relative(self, address: str) -> str:
        """Return the path and query of an address of this directory."""
        host, port = self.app[RUNNER].addresses[0]
        start = f"http://{host}:{port}"
        assert address.startswith(start)
        return address.removeprefix(start)

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Return the status of an answer and its JSON, None when it has no body."""
        async with self.client.request(method, f"/v1{path}", **options) as response:
            text = await response.text()
            return response.status, await response.json() if text else None

    async def call_with(self, token: str, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Call with another token."""
        return await self.call(method, path, headers={"Authorization": f"Bearer {token}"}, **options)

    async def get(self, path: str, **options: Any) -> Any:
        status, content = await self.call("GET", path, **options)
        assert status == 200
        return content

    async def person(self, name: str = "Ada Example", **fields: Any) -> Any:
        """Create a person and return it."""
        email = f"{name.replace(' ', '.')}@people.example"
        status, person = await self.call(
            "POST", "/people", json={"name": name, "primary_email": email, **fields}
        )
        assert status == 201
        return person

    async def contact(self, person_id: int, **fields: Any) -> Any:
        """Add a contact and return it."""
        status, contact = await self.call("POST", f"/people/{person_id}/contacts", json=fields)
        assert status == 201
        return contact

    async def known_by(
        self, telephone: str, *, label: str = "work", name: str = "Ada Example", **fields: Any
    ) -> int:
        """Create a person with a telephone and return its id."""
        person = await self.person(name, **fields)
        await self.contact(person["id"], label=label, telephone=telephone)
        return int(person["id"])

    async def callers(self, telephone: str) -> list[int]:
        """Return the ids of the people a number belongs to, in order."""
        return [person["id"] for person in await self.get("/sd", params={"telephone": telephone})]


StartDirectory = Callable[..., Awaitable[Api]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "directory.sqlite3"


@pytest.fixture
async def start(database: Path) -> AsyncIterator[StartDirectory]:
    """Start directories on the test's database; they stop when the test ends."""
    started: list[Api] = []

    async def start_directory(**options: Any) -> Api:
        settings: dict[str, Any] = {"database": database, "token": TOKEN, "clock": SteppingClock()} | options
        app = create_directory_app(**settings)
        await directory_runner(app).setup()
        await web.TCPSite(app[RUNNER], "127.0.0.1", 0).start()
        host, port = app[RUNNER].addresses[0]
        client = ClientSession(f"http://{host}:{port}", headers={"Authorization": f"Bearer {TOKEN}"})
        started.append(Api(client, app))
        return started[-1]

    yield start_directory
    for api in started:
        await api.aclose()


@pytest.fixture
def administration(api: Api, database: Path) -> Iterator[Administration]:
    """Return what an administrator does from the shell, to the file of the directory that knows nobody yet."""
    assert api.app
    with administer(database, lambda: datetime.now(UTC)) as file:
        yield file


@pytest.fixture
async def api(start: StartDirectory) -> Api:
    """Return a directory that knows nobody yet."""
    return await start()


@pytest.fixture
async def samples(start: StartDirectory) -> Api:
    """Return a directory that knows the sample people."""
    return await start(samples=True)
