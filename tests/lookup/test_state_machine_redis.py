"""The same orders of events over a real Redis and the tier that talks to it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from cti_lookup.breaker import Breaker
from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client, connect
from cti_lookup.cache.redis_link import RedisLink, RedisSilent
from cti_lookup.cache.redis_tier import RedisTier
from cti_lookup.cache.sealing import Seal, Seals
from cti_lookup.cache.stored import unpacked_notice
from cti_lookup.ports import SharedTier
from tests.lookup.machine import REPLICAS, LookupMachine
from tests.lookup.peers import Notice
from tests.lookup.timeless import TimelessLoop
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

EXAMPLES: Final = int(os.environ.get("CTI_TEST_EXAMPLES", "30"))
REAL_WAIT: Final = 0.005
"""Seconds that Redis really has before the time of the test goes on."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    process = RedisProcess(tmp_path_factory.mktemp("redis"))
    process.start()
    yield process
    process.end()


class RedisMachine(LookupMachine):
    """Each run has a tenant of its own, so that nothing is flushed."""

    server: RedisProcess
    tenants: "count[int]"

    def make_loop(self) -> TimelessLoop:
        loop = TimelessLoop(real_wait=REAL_WAIT)
        loop.set_debug(False)
        return loop

    def open_store(self) -> None:
        tenant = f"{next(self.tenants):08x}"
        seals = Seals(Seal(b"a secret of this test"), ())
        self.names = Names(seals.current, tenant)
        self.links = [self._link() for _ in REPLICAS]
        self.redis_tiers = [
            RedisTier(
                self.links[one],
                seals=seals,
                tenant=tenant,
                origin=bytes([one] * 8),
                count=lambda _operation, _result: None,
                wall=self.clock,
                steady=self.clock,
            )
            for one in REPLICAS
        ]
        self.read_until: list[bytes] = [b"-" for _ in REPLICAS]

    def _link(self) -> RedisLink:
        return RedisLink(
            connect(self.server.url, patient=True),
            breaker=Breaker(self.clock),
            count=lambda _operation, _result: None,
            within=0.5,
        )

    def tier(self, one: int) -> SharedTier:
        return self.redis_tiers[one]

    async def close_store(self) -> None:
        self.server.resume()
        for link in self.links:
            await link.close()

    def set_silent(self, silent: bool) -> None:
        if silent:
            self.server.pause()
        else:
            self.server.resume()

    async def take_notices(self, one: int) -> list[Notice]:
        since = self.read_until[one]

        async def read(client: Client) -> Any:
            return await client.execute_command("XRANGE", self.names.notices, since, "+")

        entries: list[Any] = []
        with suppress(RedisSilent):
            entries = await self.links[one].call("notices", read)
        notices = []
        for entry_id, fields in entries:
            self.read_until[one] = b"(" + entry_id
            value = self.names.seal.open(self.names.notices, dict(fields)[b"notice"])
            notice = unpacked_notice(value) if value is not None else None
            assert notice is not None
            if notice.origin != bytes([one] * 8):
                notices.append((notice.forgotten, self.told_at.get(notice.forgotten, 0.0)))
        return notices

    async def erased_in_store(self) -> set[int]:
        with suppress(RedisSilent):
            return set(await self.redis_tiers[0].erased())
        return set()


def test_every_order_is_right_over_a_real_redis(server: RedisProcess) -> None:
    machine = type("Machine", (RedisMachine,), {"server": server, "tenants": count(1)})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
