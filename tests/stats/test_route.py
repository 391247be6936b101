"""`GET /v1/stats` of a service that runs, over real HTTP."""

from cti_lookup.answers import Outcome
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.service.conftest import BEARER, Service, no_settings_from_outside, service, start

__all__ = ["no_settings_from_outside", "service", "start"]


async def test_calls_show_in_the_windows_and_in_the_shapes(service: Service) -> None:
    for _ in range(2):
        await service.ring(ASHOKS_NUMBER)
    await service.ring("nonsense")
    async with service.client.get("/v1/stats?unheard-of=1", headers=BEARER) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        told = await response.json()
    shapes = {one["shape"]: one["windows"]["24h"] for one in told["shapes"]["sources"]["generic"]}

    assert told["windows"]["1m"]["hit_rate"] == 0.5
    assert set(told["windows"]["1m"]["by_outcome"]) == {outcome.value for outcome in Outcome}
    assert shapes["a"]["outcomes"] == {"invalid": 1}
    assert sorted(one["match_rate"] for one in shapes.values() if one["match_rate"] is not None) == [1.0]


async def test_the_statistics_need_a_machine_key(service: Service) -> None:
    async with service.client.get("/v1/stats") as response:
        assert response.status == 401
