"""The shapes of a lookup and of a call, key by key as sections 5 and 6 of the contract have them."""

import json
import re
from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person
from tests.service.conftest import Service, StartService

MATCHED: dict[str, Any] = {
    "outcome": "matched",
    "caller": {
        "raw": "0017139872967",
        "e164": "+17139872967",
        "national": "(713) 987-2967",
        "region": "US",
        "time_zones": ["America/Chicago"],
    },
    "people": [
        {
            "id": 30,
            "name": "Ashok Kumar",
            "job_title": "Trainee",
            "vip": False,
            "organization": {"id": 30, "name": "Widget Data Center, External IT"},
            "site": {"id": 13, "name": "Widget Data Center"},
            "manager": {"id": 5, "name": "Howard Tanner"},
            "primary_email": "ashok.kumar@people.example",
            "location": "Room 201, Desk 06",
            "locale": "en-US",
            "time_zone": "Central Time (US & Canada)",
            "picture_uri": None,
            "url": "https://widget.r-service.tech/people/30",
            "match": {"rule": "e164", "label": "work", "telephone": "+1 (713) 987 2967"},
        }
    ],
    "truncated": False,
    "tier": "memory",
    "age_seconds": 12.4,
}


async def test_a_lookup_has_the_contracts_keys_and_values_in_the_contracts_order(
    start: StartService, clock: SettableClock
) -> None:
    service = await start(record_url="https://widget.r-service.tech/people/{id}")
    await service.lookup()
    clock.pass_by(12.4)
    answer = await service.lookup("0017139872967")
    assert json.dumps(answer) == json.dumps(MATCHED)


@pytest.mark.parametrize(
    ("number", "outcome", "e164"),
    [
        ("+442079460999", "nobody", "+442079460999"),
        ("anonymous", "withheld", None),
        ("nonsense", "invalid", None),
        ("1234", "internal", None),
    ],
)
async def test_people_are_empty_for_every_outcome_but_matched(
    service: Service, number: str, outcome: str, e164: str | None
) -> None:
    answer = await service.lookup(number)
    assert (answer["outcome"], answer["people"], answer["truncated"]) == (outcome, [], False)
    assert answer["caller"]["raw"] == number
    assert answer["caller"]["e164"] == e164
    assert {"raw", "e164", "national", "region", "time_zones"} <= set(answer["caller"])


async def test_tier_and_age_are_there_only_where_the_directorys_word_is_given(
    service: Service, directory: FakeDirectory
) -> None:
    for number, given in (
        (ASHOKS_NUMBER, True),
        ("+442079460999", True),
        ("1234", False),
        ("anonymous", False),
    ):
        assert ({"tier", "age_seconds"} <= set(await service.lookup(number))) is given
    await directory.stop()
    answer = await service.lookup("+442079460998")
    assert answer["outcome"] == "unavailable"
    assert not {"tier", "age_seconds"} & set(answer)


@pytest.mark.parametrize(
    ("stored", "region", "rule"),
    [
        ("(713) 987-2967", "US", "e164"),
        ("(713) 987-2967", None, "national"),
        ("987-2967", "US", "suffix"),
    ],
)
async def test_a_weaker_match_is_said_to_be_one(
    start: StartService, directory: FakeDirectory, stored: str, region: str | None, rule: str
) -> None:
    service = await start(region=region, directory_query=7)
    directory.people = [person(stored)]
    (found,) = (await service.lookup())["people"]
    assert found["match"] == {"rule": rule, "label": "work", "telephone": stored}


async def test_a_fax_is_no_match(service: Service, directory: FakeDirectory) -> None:
    directory.people[0]["contacts"][0]["label"] = "fax"
    assert (await service.lookup())["outcome"] == "nobody"


CALL_KEYS = [
    "id",
    "source",
    "provider_id",
    "direction",
    "state",
    "result",
    "callee",
    "agents",
    "queue",
    "display_name",
    "attestation",
    "started_at",
    "answered_at",
    "answered_by",
    "ended_at",
    "lookup",
]


async def test_a_call_has_the_contracts_keys_in_the_contracts_order(
    service: Service, clock: SettableClock
) -> None:
    clock.now += 0.12
    answer = await service.ring(
        callId="CA1234567890ABCDE", to="+18005551212", user=["1002"], queue="sales", display_name="KUMAR A"
    )
    call = answer["call"]
    assert list(answer) == ["call", "lookup"]
    assert list(call) == CALL_KEYS
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", call.pop("id"))
    assert call.pop("lookup") == answer["lookup"]
    assert call == {
        "source": "generic",
        "provider_id": "CA1234567890ABCDE",
        "direction": "inbound",
        "state": "ringing",
        "result": None,
        "callee": "+18005551212",
        "agents": ["1002"],
        "queue": "sales",
        "display_name": "KUMAR A",
        "attestation": None,
        "started_at": "2026-11-21T20:00:00.120Z",
        "answered_at": None,
        "answered_by": None,
        "ended_at": None,
    }


async def test_a_call_goes_from_ringing_to_its_end(service: Service, clock: SettableClock) -> None:
    rung = (await service.ring(callId=7))["call"]
    clock.pass_by(5)
    answered = (await service.ring(callId="7", event="answer", answeringNumber="1002"))["call"]
    clock.pass_by(60)
    ended = (await service.ring(callId="7", event="hangup", cause="normalClearing"))["call"]
    assert rung["id"] == answered["id"] == ended["id"]
    assert [one["state"] for one in (rung, answered, ended)] == ["ringing", "answered", "ended"]
    assert [one["result"] for one in (rung, answered, ended)] == [None, None, "answered"]
    assert ended["started_at"] == "2026-11-21T20:00:00.000Z"
    assert (ended["answered_at"], ended["answered_by"]) == ("2026-11-21T20:00:05.000Z", "1002")
    assert ended["ended_at"] == "2026-11-21T20:01:05.000Z"


async def test_the_same_event_twice_changes_nothing(service: Service) -> None:
    first, second = [(await service.ring(callId="7"))["call"] for _ in range(2)]
    assert first | {"lookup": None} == second | {"lookup": None}


async def test_the_caller_of_an_outbound_call_is_whom_we_call(service: Service) -> None:
    answer = await service.ring("1002", to=ASHOKS_NUMBER, direction="out")
    assert answer["call"]["direction"] == "outbound"
    assert answer["lookup"]["people"][0]["name"] == "Ashok Kumar"


async def test_a_call_between_colleagues_is_not_looked_up_whatever_their_numbers(
    service: Service, directory: FakeDirectory
) -> None:
    answer = await service.ring(direction="internal")

    assert (answer["lookup"]["outcome"], answer["lookup"]["people"]) == ("internal", [])
    assert directory.requests == []


async def test_a_hang_up_that_names_nobody_is_still_about_the_caller(service: Service) -> None:
    await service.ring(callId="7")
    event = {"event": "hangup", "callId": "7", "cause": "busy"}
    async with service.client.post("/webhooks/generic?key=a-machine-key", data=event) as response:
        answer = await response.json()
    assert (answer["call"]["state"], answer["call"]["result"]) == ("ended", "rejected")
    assert answer["lookup"]["outcome"] == "matched"
