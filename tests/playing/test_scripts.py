"""A call that is played in any dialect rings, is answered and ends, in a real service."""

import base64
import json
import time
from itertools import count
from typing import Final

import pytest

from cti_lookup.dialects import DIALECTS
from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Act, Place, Scene
from cti_lookup.playing.sending import Played, play, requests
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.service.conftest import Service, StartService, no_settings_from_outside, start

__all__ = ["no_settings_from_outside", "start"]  # fixtures of the service's tests

SECRET: Final = "0123456789abcdef0123456789abcdef"
PRIVATE_KEY: Final = base64.b64encode(bytes(range(32))).decode()
PUBLIC_URL: Final = "https://cti.example"
STATES: Final = {
    Act.RING: "ringing",
    Act.ANSWER: "answered",
    Act.HOLD: "held",
    Act.TRANSFER: "answered",
    Act.HANG_UP: "ended",
}
NAMED: Final = sorted(set(PLAYERS) - {"custom"})


def secret_of(name: str) -> str:
    """Give a secret that the system signs with: a private key where it has one."""
    return PRIVATE_KEY if name in ("telnyx", "texml") else SECRET


def sources() -> dict[str, object]:
    """Configure a source for each dialect, by its name."""
    return {
        name: {
            "dialect": name,
            "secrets": [PLAYERS[name].secret_of(secret_of(name).encode()).decode()],
            "region": "US",
        }
        for name in NAMED
    }


@pytest.fixture
async def service(start: StartService, clock: SettableClock) -> Service:
    clock.now = time.time()
    service = await start(sources=sources(), public_url=PUBLIC_URL)
    await service.lookup()  # who only sends events does not wait for the person
    return service


async def played(service: Service, name: str, *, secret: str | None = None) -> list[Played]:
    """Play a dialect's whole script."""
    now, numbers = time.time(), count()
    scene = Scene(f"{int(now * 10**6):032x}", ASHOKS_NUMBER, "+17135550100", now, now)
    path = f"/webhooks/{name}"
    chosen = secret_of(name) if secret is None else secret
    place = Place(f"http://127.0.0.1:{service.port}{path}", f"{PUBLIC_URL}{path}", chosen.encode(), now, "")
    parts = requests(PLAYERS[name], scene, place, whole=True, nonces=lambda: f"nonce{next(numbers)}")
    return [one async for one in play(parts, pause=0)]


def test_every_dialect_can_be_played() -> None:
    assert set(PLAYERS) - {"custom"} == set(DIALECTS)


@pytest.mark.parametrize("name", NAMED)
async def test_a_played_call_goes_through_its_life(service: Service, name: str) -> None:
    answers = await played(service, name)
    lines = [line for line in service.logged if line["event"] == "webhook"]

    assert [one.status // 100 for one in answers] == [2] * len(answers)
    assert [line["source"] for line in lines] == [name] * len(answers)
    assert lines[0]["outcome"] == "matched"
    assert lines[-1]["state"] == STATES[answers[-1].act]
    for line, following, (act, _) in zip(lines, [*lines[1:], None], PLAYERS[name].script, strict=True):
        if act is not Act.HANG_UP or following is None:
            assert line["state"] == STATES[act], act


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"3cx"}))
async def test_all_of_a_played_call_is_one_call(service: Service, name: str) -> None:
    await played(service, name)

    assert len({line["call"] for line in service.logged if line["event"] == "webhook"}) == 1


@pytest.mark.parametrize("name", NAMED)
async def test_a_call_that_is_signed_with_another_secret_is_refused(service: Service, name: str) -> None:
    other = base64.b64encode(bytes(32)).decode()
    answers = await played(service, name, secret=other)

    if DIALECTS[name].tells_errors:
        assert {one.status for one in answers} == {401}
    else:  # any text would be shown as the caller's name
        assert {(one.status, one.body) for one in answers} == {(200, b"")}
    assert [line for line in service.logged if line["event"] == "webhook"] == []


async def test_who_asks_is_told_the_person(service: Service) -> None:
    assert json.loads((await played(service, "generic"))[0].body)["lookup"]["people"][0]["name"]
    assert json.loads((await played(service, "3cx"))[0].body)["contacts"]
    assert (await played(service, "cnam"))[0].body
    assert json.loads((await played(service, "amazon-connect"))[0].body)["outcome"] == "matched"
