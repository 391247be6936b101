"""Who saw whom stands in the log, by fingerprints and the ids of records; no number, no name, no key."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.feed.listening import agent_listening, bearer, token_for
from tests.feed.test_stream import settled_at
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.service.conftest import BEARER, KEY, Service, StartService

SECRET: Final = "a-secret-of-the-service-" * 2
STRANGER: Final = "+442079460999"


def fingerprint(kind: str, text: str) -> str:
    told = f"cti-lookup audit {kind} {text}".encode()
    return hmac.new(SECRET.encode(), told, hashlib.sha256).hexdigest()[:10]


MACHINE: Final = fingerprint("key", KEY)


@pytest.fixture
async def audited(start: StartService) -> Service:
    return await start(secret=SECRET)


def audits(service: Service) -> list[Any]:
    return [line for line in service.logged if line["event"] == "audit"]


def looks(service: Service) -> list[tuple[str, str, list[int]]]:
    return [(line["who"], line["how"], line["people"]) for line in audits(service)]


async def asked(service: Service, path: str, headers: Mapping[str, str] = BEARER, **query: str) -> None:
    async with service.client.get(path, params=query, headers=headers) as response:
        assert response.status == 200, await response.text()


async def test_a_line_tells_who_saw_whom_and_in_which_request(audited: Service) -> None:
    await audited.lookup()
    (line,) = audits(audited)
    (other,) = (one for one in audited.logged if one["event"] == "lookup")

    assert line.pop("at")
    assert line == {
        "level": "info",
        "event": "audit",
        "request": other["request"],
        "who": MACHINE,
        "how": "lookup",
        "people": [30, 5],
    }


@pytest.mark.parametrize(
    ("path", "query", "how", "people"),
    [
        ("/v1/lookup", "telephone", "lookup", [30, 5]),
        ("/v1/cnam", "number", "cnam", [30]),
        ("/v1/3cx/lookup", "number", "3cx", [30, 5]),
        ("/v1/explain", "telephone", "explain", [30]),
    ],
)
async def test_each_way_to_a_person_is_a_line_of_its_own(
    audited: Service, path: str, query: str, how: str, people: list[int]
) -> None:
    for number in (ASHOKS_NUMBER, STRANGER):
        async with audited.client.get(path, params={query: number}, headers=BEARER) as response:
            assert response.status == 200

    assert looks(audited) == [(MACHINE, how, people), (MACHINE, how, [])]


async def test_an_agent_is_told_from_the_machine_that_made_the_token(audited: Service) -> None:
    token = await token_for(audited, "1002")
    await asked(audited, "/v1/lookup", bearer(token["token"]), telephone=ASHOKS_NUMBER)

    ((who, how, people),) = looks(audited)
    assert (how, people) == ("lookup", [30, 5])
    assert who != MACHINE
    assert len(who) == 10


async def test_who_reads_the_call_log_saw_all_who_stand_in_it(audited: Service) -> None:
    await audited.ring(callId="1")
    await audited.ring(callId="2", number=STRANGER)
    await settled_at(audited, 2)
    before = len(audits(audited))
    await asked(audited, "/v1/calls")

    assert looks(audited)[before:] == [(MACHINE, "log", [30, 5])]


async def test_whom_a_screen_shows_was_seen_and_by_whom(audited: Service) -> None:
    await audited.lookup()  # so that the first message tells who calls
    async with agent_listening(audited, "1002") as ada, agent_listening(audited, "1003"):
        await audited.ring(callId="1", to="1002")
        await ada.settled()
        await audited.ring(callId="2", to="1002", number=STRANGER)
        await ada.settled("nobody")
    streamed = [one for one in looks(audited) if one[1] == "stream"]

    assert len(streamed) >= 1
    assert {tuple(people) for _, _, people in streamed} == {(30, 5)}
    assert len({who for who, _, _ in streamed}) == 1


async def test_a_screen_that_is_opened_later_saw_those_who_were_on_the_line(audited: Service) -> None:
    await audited.ring(callId="1", to="1002")
    await settled_at(audited, 1)
    async with agent_listening(audited, "1002"):
        pass

    assert [(how, people) for _, how, people in looks(audited) if how == "stream"] == [("stream", [30, 5])]


async def test_a_phone_system_that_tells_of_a_call_is_no_line(audited: Service) -> None:
    await audited.ring(callId="1")

    assert [line["event"] for line in audited.logged] == ["webhook"]


async def test_whoever_is_refused_saw_nobody(audited: Service) -> None:
    params = {"telephone": ASHOKS_NUMBER}
    async with audited.client.get("/v1/lookup", params=params, headers={"X-API-Key": "no"}) as response:
        assert response.status == 401

    assert audits(audited) == []


async def test_no_line_tells_more_than_fingerprints_and_ids(audited: Service) -> None:
    token = await token_for(audited, "agent-smith")
    for path in ("/v1/lookup", "/v1/cnam", "/v1/3cx/lookup", "/v1/explain", "/v1/calls"):
        await asked(audited, path, telephone=ASHOKS_NUMBER, number=ASHOKS_NUMBER)
    await asked(audited, "/v1/lookup", bearer(token["token"]), telephone=ASHOKS_NUMBER)
    chance = {
        "at": "",
        "request": "",
        "who": "",
    }  # a time and fingerprints, whose digits may be those of a number
    text = str([{**one, **chance} for one in audits(audited)])

    assert len(audits(audited)) == 6
    for personal in (
        "713",
        "2967",
        "Ashok",
        "Kumar",
        "people.example",
        "smith",
        "1002",
        KEY,
        SECRET,
        "bearer",
    ):
        assert personal not in text


async def test_it_can_be_switched_off(start: StartService) -> None:
    service = await start(secret=SECRET, audit="off")
    await service.lookup()
    await asked(service, "/v1/3cx/lookup", number=ASHOKS_NUMBER)

    assert audits(service) == []
