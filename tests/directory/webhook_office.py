"""A directory with webhooks, a receiver that it can call, and the time that both live in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from cti_lookup.directory.webhooks.deliveries import COURIER
from tests.directory.conftest import Api, StartDirectory
from tests.directory.webhook_receiver import Receiver, SettableClock, until


@dataclass
class Office:
    """A directory, a receiver it can call, and the time that both live in."""

    api: Api
    receiver: Receiver
    clock: SettableClock

    @property
    def address(self) -> str:
        return str(self.api.client._base_url).rstrip("/")

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and have the courier look what is due now; its own next look may be half a second away."""
        self.clock.pass_by(seconds)
        self.api.app[COURIER].wake()

    async def registered(self, path: str = "hook", *, verified: bool = True, **fields: Any) -> int:
        """Register a webhook, verify it, and give its id."""
        body = {"event": "person.update", "uri": self.receiver.uri(path), **fields}
        status, webhook = await self.api.call("POST", "/webhooks", json=body)
        assert status == 200
        if verified:
            await self.receiver.verify()
        return int(webhook["id"])

    async def webhook(self, webhook_id: int) -> Any:
        return await self.api.get(f"/webhooks/{webhook_id}")

    async def rename(self, person_id: int, name: str) -> None:
        status, _ = await self.api.call("PATCH", f"/people/{person_id}", json={"name": name})
        assert status == 200

    async def known_failures(self, webhook_id: int, last_error: str) -> None:
        async def known() -> bool:
            return bool((await self.webhook(webhook_id))["last_error"] == last_error)

        await until(known)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def office(start: StartDirectory, receiver: Receiver) -> Office:
    clock = SettableClock()
    return Office(await start(clock=clock), receiver, clock)
