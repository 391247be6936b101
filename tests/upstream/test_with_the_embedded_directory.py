"""The embedded directory tells the service of a change: both programs, real HTTP between them, no fake anywhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from cti_lookup.directory import create_directory_app, directory_runner
from tests.conftest import SettableClock
from tests.service import conftest as services
from tests.service.conftest import Service, StartService

pytestmark = pytest.mark.slow

no_settings_from_outside = services.no_settings_from_outside
start = services.start

TOKEN = "a-token-of-the-directory"
UPSTREAM = "a-token-for-the-directory-to-call-with"
FIRST, SECOND = "+17135550142", "+17135550143"
SOON = 20.0


@dataclass(frozen=True)
class Embedded:
    """A directory of its own, and a client of it."""

    client: ClientSession
    host: str

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    async def call(self, method: str, path: str, **body: Any) -> Any:
        async with self.client.request(method, f"{self.address}/v1{path}", json=body) as response:
            assert response.status in {200, 201}
            return await response.json()

    async def person_with(self, number: str) -> int:
        """Make a person with a number, and give the id."""
        person = await self.call("POST", "/people", name="Ada Example", primary_email="ada@people.example")
        await self.call("POST", f"/people/{person['id']}/contacts", label="work", telephone=number)
        return int(person["id"])

    async def webhooks(self, service: Service, **fields: Any) -> None:
        """Register the service for both events, and wait until it has proved that it wants them."""
        uri = f"http://127.0.0.1:{service.port}/upstream/{UPSTREAM}"
        ids = [
            (await self.call("POST", "/webhooks", event=event, uri=uri, **fields))["id"]
            for event in ("person.create", "person.update")
        ]
        async with asyncio.timeout(SOON):
            while not all([(await self.call("GET", f"/webhooks/{one}"))["verified"] for one in ids]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
async def embedded(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Embedded]:
    def now() -> datetime:
        return datetime.fromtimestamp(clock(), UTC)

    app = create_directory_app(database=tmp_path / "directory.sqlite3", token=TOKEN, clock=now)
    runner = directory_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Embedded(client, f"{host}:{port}")
    await runner.cleanup()


async def serving(start: StartService, embedded: Embedded, **settings: object) -> Service:
    """Start a service that asks the directory, and may be called and called back by it."""
    return await start(
        directory_url=f"{embedded.address}/v1",
        directory_token=TOKEN,
        upstream_tokens=UPSTREAM,
        upstream_hosts=embedded.host,
        **settings,
    )


async def names_of(service: Service, number: str) -> list[str]:
    return [one["name"] for one in (await service.lookup(number))["people"]]


async def until_shown(service: Service, number: str, *names: str) -> None:
    """Wait until a number shows some people; time stands still, so that nothing cached grows old."""
    async with asyncio.timeout(SOON):
        while await names_of(service, number) != list(names):  # noqa: ASYNC110  # the answer is all there is
            await asyncio.sleep(0.02)


async def test_a_change_in_the_directory_is_shown_at_the_next_call(
    start: StartService, embedded: Embedded
) -> None:
    service = await serving(start, embedded)
    await embedded.webhooks(service)
    person_id = await embedded.person_with(FIRST)
    await until_shown(service, FIRST, "Ada Example")
    assert await names_of(service, SECOND) == []
    await embedded.call("PATCH", f"/people/{person_id}", name="Ada Changed")
    await until_shown(service, FIRST, "Ada Changed")
    await embedded.call("POST", f"/people/{person_id}/contacts", label="mobile", telephone=SECOND)
    await until_shown(service, SECOND, "Ada Changed")


async def test_a_number_that_is_taken_away_is_nobodys_at_the_next_call(
    start: StartService, embedded: Embedded
) -> None:
    service = await serving(start, embedded)
    person_id = await embedded.person_with(FIRST)
    await embedded.webhooks(service)
    assert await names_of(service, FIRST) == ["Ada Example"]
    (contact,) = await embedded.call("GET", f"/people/{person_id}/contacts")
    await embedded.call("PATCH", f"/people/{person_id}/contacts/{contact['id']}", telephone=SECOND)
    await until_shown(service, FIRST)
    await until_shown(service, SECOND, "Ada Example")


async def test_what_is_signed_is_believed(start: StartService, embedded: Embedded) -> None:
    policy = await embedded.call(
        "POST", "/webhook_policies", jwt_alg="rs256", jwt_audience="cti", jwt_claim_expires_in=2
    )
    service = await serving(
        start,
        embedded,
        upstream_jwt_keys=policy["public_key_pem"],
        upstream_issuer=embedded.address,
        upstream_audience="cti",
    )
    person_id = await embedded.person_with(FIRST)
    await embedded.webhooks(service, webhook_policy_id=policy["id"])
    assert await names_of(service, FIRST) == ["Ada Example"]
    await embedded.call("PATCH", f"/people/{person_id}", name="Ada Changed")
    await until_shown(service, FIRST, "Ada Changed")


async def test_a_service_that_is_told_by_a_key_it_does_not_know_proves_nothing(
    start: StartService, embedded: Embedded
) -> None:
    theirs, ours = [await embedded.call("POST", "/webhook_policies", jwt_alg="es256") for _ in range(2)]
    service = await serving(start, embedded, upstream_jwt_keys=theirs["public_key_pem"])
    uri = f"http://127.0.0.1:{service.port}/upstream/{UPSTREAM}"
    webhook = await embedded.call(
        "POST", "/webhooks", event="person.update", uri=uri, webhook_policy_id=ours["id"]
    )
    async with asyncio.timeout(SOON):
        while (known := await embedded.call("GET", f"/webhooks/{webhook['id']}"))["last_error"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (known["last_error"], known["verified"]) == ("401 Unauthorized", False)
