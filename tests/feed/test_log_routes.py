"""The call log over real HTTP: who sees what, what is refused, and what agents do with calls."""

from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.feed.listening import bearer, listening, token_for, url_of
from tests.feed.test_stream import settled_at
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person
from tests.service.conftest import BEARER, Service, StartService

CALLS = "/v1/calls"


async def fetched(service: Service, headers: dict[str, str] = BEARER, **query: str) -> list[Any]:
    async with service.client.get(CALLS, params=query, headers=headers) as response:
        assert response.status == 200, await response.text()
        told: list[Any] = (await response.json())["calls"]
        return told


async def answer_to(
    service: Service, path: str, headers: dict[str, str], body: object = None
) -> tuple[int, Any]:
    async with service.client.post(path, json=body, headers=headers) as response:
        told = await response.json(content_type=None) if response.content_length else {}
        return response.status, told.get("code")


async def test_the_log_shows_the_newest_first_and_to_an_agent_their_own(
    service: Service, clock: SettableClock
) -> None:
    for number, to in enumerate(("1002", "1003", "1002"), 1):
        await service.ring(callId=str(number), to=to)
        clock.pass_by(1)
    await settled_at(service, 3)
    ada = bearer((await token_for(service, "1002"))["token"])
    supervisor = bearer((await token_for(service, "1", role="supervisor"))["token"])

    assert [one["provider_id"] for one in await fetched(service)] == ["3", "2", "1"]
    assert [one["provider_id"] for one in await fetched(service, supervisor)] == ["3", "2", "1"]
    assert [one["provider_id"] for one in await fetched(service, ada)] == ["3", "1"]
    assert [one["provider_id"] for one in await fetched(service, ada, limit="1")] == ["3"]


async def test_an_agent_sees_how_a_call_ended_that_another_answered(service: Service) -> None:
    await service.ring(callId="1", user=["1002", "1003"])
    await service.ring(callId="1", event="answer", answeringNumber="1003")
    await service.ring(callId="1", event="hangup")
    await settled_at(service, 1, state="ended")
    ada = bearer((await token_for(service, "1002"))["token"])

    (one,) = await fetched(service, ada, result="answered", state="ended", source="generic")
    assert one["answered_by"] == "1003"


async def test_calls_since_a_moment_are_given(service: Service, clock: SettableClock) -> None:
    await service.ring(callId="1")
    clock.pass_by(10)
    await service.ring(callId="2")
    await settled_at(service, 2)
    for since in ("2026-11-21T20:00:05Z", "2026-11-21T21:00:05+01:00", "1795291205", "2026-11-21T20:00:05"):
        assert [one["provider_id"] for one in await fetched(service, since=since)] == ["2"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=gone", "state"),
        ("result=", "result"),
        ("source=nobody", "source"),
        ("since=yesterday", "since"),
        ("since=", "since"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%D9%A1", "limit"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_by_name(service: Service, query: str, field: str) -> None:
    async with service.client.get(f"{CALLS}?{query}", headers=BEARER) as response:
        told = await response.json(content_type=None)
        assert (response.status, told["code"], told["field"]) == (422, "wrong_field", field)


async def test_nobody_without_a_token_or_a_key_sees_or_changes_calls(service: Service) -> None:
    async with service.client.get(CALLS) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (401, "bad_token")
    for path in ("seen", "person"):
        assert await answer_to(service, f"{CALLS}/x/{path}", {}) == (401, "bad_token")
    token = bearer((await token_for(service, "1002", role="supervisor"))["token"])
    async with service.client.delete(f"{CALLS}?telephone={ASHOKS_NUMBER}", headers=token) as response:
        assert response.status == 401


async def test_a_call_is_marked_as_seen_by_those_whom_it_concerned_only(service: Service) -> None:
    call = (await service.ring(callId="1"))["call"]["id"]
    await settled_at(service, 1)
    ada, bob = [bearer((await token_for(service, name))["token"]) for name in ("1002", "1003")]

    assert await answer_to(service, f"{CALLS}/{call}/seen", bob) == (404, "unknown_call")
    assert await answer_to(service, f"{CALLS}/unknown/seen", ada) == (404, "unknown_call")
    assert (await fetched(service))[0]["seen"] is False
    assert await answer_to(service, f"{CALLS}/{call}/seen", ada) == (204, None)
    assert (await fetched(service))[0]["seen"] is True


class TestChoosing:
    """Several people have the number."""

    @pytest.fixture
    async def service(self, start: StartService, directory: FakeDirectory) -> Service:
        directory.people = [
            person(ASHOKS_NUMBER, id=30, name="Ashok Kumar"),
            person(ASHOKS_NUMBER, id=31, name="Betty Blue"),
        ]
        return await start()

    async def rung(self, service: Service, call_id: str) -> Any:
        await service.ring(callId=call_id)
        return next(one for one in await settled_at(service, int(call_id)) if one["provider_id"] == call_id)

    async def test_who_was_chosen_comes_first_next_time(self, service: Service) -> None:
        first = await self.rung(service, "1")
        assert [one["id"] for one in first["lookup"]["people"]] == [30, 31]
        path = f"{CALLS}/{first['id']}/person"
        assert await answer_to(service, path, BEARER, {"person_id": 31}) == (204, None)
        assert (await fetched(service))[0]["chosen"] == 31
        second = await self.rung(service, "2")
        assert [one["id"] for one in second["lookup"]["people"]] == [31, 30]
        assert second["chosen"] is None
        assert [one["id"] for one in (await service.lookup())["people"]] == [31, 30]
        assert await service.counted("cti_choices_total", choice="person") == 1

    async def test_none_of_these_is_a_choice_too(self, service: Service) -> None:
        call = await self.rung(service, "1")
        path = f"{CALLS}/{call['id']}/person"
        assert await answer_to(service, path, BEARER, {"person_id": None}) == (204, None)
        assert (await fetched(service))[0]["chosen"] == 0
        assert await service.counted("cti_choices_total", choice="none") == 1

    @pytest.mark.parametrize(
        "body", [{}, [], {"person_id": 99}, {"person_id": "31"}, {"person_id": 0}, {"id": 31}]
    )
    async def test_nobody_else_can_be_chosen(self, service: Service, body: object) -> None:
        call = await self.rung(service, "1")
        status, _ = await answer_to(service, f"{CALLS}/{call['id']}/person", BEARER, body)
        assert status in (400, 422)
        assert (await fetched(service))[0]["chosen"] is None

    async def test_a_manager_who_is_only_named_beside_somebody_cannot_be_chosen(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        manager = {"id": 5, "name": "Howard Tanner"}
        directory.people = [person(ASHOKS_NUMBER, id=30, name="Ashok Kumar", manager=manager)]
        call = await self.rung(service, "1")
        assert call["lookup"]["people"][0]["manager"] == manager
        path = f"{CALLS}/{call['id']}/person"
        assert await answer_to(service, path, BEARER, {"person_id": 5}) == (422, "wrong_field")
        assert (await fetched(service))[0]["chosen"] is None

    async def test_an_erased_person_is_on_no_screen_and_in_no_log(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        call = await self.rung(service, "1")
        await answer_to(service, f"{CALLS}/{call['id']}/person", BEARER, {"person_id": 31})
        async with listening(url_of(service), BEARER) as screen:
            await screen.next()
            await screen.next()
            assert (await answer_to(service, "/v1/erasures", BEARER, {"person_id": 31}))[0] == 200
            told = (await screen.next()).told
        assert [one["id"] for one in told["lookup"]["people"]] == [30]
        assert told["chosen"] is None
        assert "Betty" not in str(await fetched(service))
        del directory


async def test_an_erased_number_is_off_the_log_and_leaves_all_screens(service: Service) -> None:
    await service.ring(callId="1")
    await service.ring("+442079460958", callId="2")
    await settled_at(service, 2)
    async with listening(url_of(service), BEARER) as screen:
        await screen.next()
        await screen.next()
        params = {"telephone": "(713) 987-2967"}
        async with service.client.delete(CALLS, params=params, headers=BEARER) as response:
            assert response.status == 204
        left = await screen.next()
    assert (left.name, left.told["reason"]) == ("left", "erased")
    assert [one["provider_id"] for one in await fetched(service)] == ["2"]


@pytest.mark.parametrize("query", ["", "?telephone=", "?telephone=anonymous", "?telephone=12"])
async def test_what_is_no_number_cannot_be_erased(service: Service, query: str) -> None:
    async with service.client.delete(f"{CALLS}{query}", headers=BEARER) as response:
        assert (response.status, (await response.json(content_type=None))["field"]) == (422, "telephone")


async def test_nothing_personal_is_logged_or_counted(service: Service) -> None:
    token = await token_for(service, "agent-smith", subject="ada@desk.example")
    await service.ring(callId="1", displayName="KUMAR A", user=["agent-smith"])
    await settled_at(service, 1)
    await fetched(service, bearer(token["token"]))
    written = (str(service.logged) + await service.metrics()).casefold()
    for trace in ("17139872967", "987 2967", "kumar", "ada@desk", token["token"][-20:], "smith"):
        assert trace.casefold() not in written
