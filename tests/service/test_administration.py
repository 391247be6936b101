"""What administrators do over HTTP: have a lookup explained, a number forgotten, a person erased."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person, replying
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import SHIPPED
from tests.service.conftest import BEARER, KEY, Service, StartService
from tests.service.test_redis import until_stored

UNKNOWN = "+442079460999"
ROUTES = [("GET", "/v1/explain"), ("DELETE", "/v1/cache"), ("POST", "/v1/erasures")]
BY_TELEPHONE = ROUTES[:2]


async def asked(  # noqa: PLR0913  # what a request may be made of, by name
    service: Service,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] = BEARER,
) -> tuple[int, Any]:
    """Give status and JSON, if there is any."""
    async with service.client.request(method, path, params=query, data=body, headers=headers) as response:
        content = await response.read()
        assert response.status >= 400 or response.headers["Cache-Control"] == "no-store"
        assert response.status < 400 or response.content_type == "application/problem+json"
        return response.status, json.loads(content) if content else None


async def explained(service: Service, telephone: str = ASHOKS_NUMBER, **query: str) -> Any:
    """Give an explanation."""
    status, told = await asked(service, "GET", "/v1/explain", {"telephone": telephone, **query})
    assert status == 200
    return told


async def forgotten(service: Service, telephone: str = ASHOKS_NUMBER) -> tuple[int, Any]:
    return await asked(service, "DELETE", "/v1/cache", {"telephone": telephone})


async def erased(service: Service, body: object) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await asked(service, "POST", "/v1/erasures", body=content)


def states(told: Any) -> list[tuple[str, str]]:
    return [(step["tier"], step["state"]) for step in told["lookup"]["tiers"]]


class TestKeys:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer é"}])
    async def test_without_a_key_nothing_is_told_and_nothing_done(
        self,
        service: Service,
        directory: FakeDirectory,
        method: str,
        path: str,
        headers: Mapping[str, str],
    ) -> None:
        query, body = {"telephone": ASHOKS_NUMBER}, b'{"person_id": 30}'
        status, told = await asked(service, method, path, query, body=body, headers=headers)
        assert (status, told["code"], directory.requests) == (401, "bad_key", [])
        assert (await service.lookup())["outcome"] == "matched"

    @pytest.mark.parametrize("headers", [BEARER, {"X-API-Key": KEY}])
    async def test_a_key_is_taken_as_on_every_machine_route(
        self, service: Service, headers: Mapping[str, str]
    ) -> None:
        query = {"telephone": ASHOKS_NUMBER}
        for method, path in BY_TELEPHONE:
            assert (await asked(service, method, path, query, headers=headers))[0] in (200, 204)
        body = b'{"person_id": 31}'
        assert (await asked(service, "POST", "/v1/erasures", body=body, headers=headers))[0] == 200


class TestExplaining:
    async def test_every_part_of_an_explanation_is_there(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        directory.people += [person("+1 713 987 2967", id=31, disabled=True), person("+447139872967", id=32)]
        told = await explained(service, "(713) 987-2967")
        assert set(told) == {"caller", "lookup", "quota"}
        assert (told["caller"]["e164"], told["caller"]["region"]) == (ASHOKS_NUMBER, "US")
        steps = told["lookup"]
        assert (steps["read_as"], steps["reason"], steps["truncated"]) == ("number", None, False)
        assert steps["forms"] == {
            "national": "7139872967",
            "e164": ASHOKS_NUMBER,
            "digits": "17139872967",
        }
        assert steps["sent"] == "7139872967"
        assert 0 <= steps["read_seconds"] < 5
        assert states(told) == [("memory", "unknown"), ("redis", "unknown"), ("directory", "asked")]
        ashok, disabled, stranger = steps["candidates"]
        assert [(one["id"], one["position"], one["rule"]) for one in steps["candidates"]] == [
            (30, 1, "e164"),
            (31, 2, "e164"),
            (32, None, None),
        ]
        assert (ashok["name"], ashok["disabled"], disabled["disabled"]) == ("Ashok Kumar", False, True)
        (contact,) = ashok["contacts"]
        assert (contact["label"], contact["telephone"]) == ("work", "+1 (713) 987 2967")
        assert contact["readings"] == [
            {"digits": "17139872967", "strength": "certain", "extension": None, "rule": "e164"}
        ]
        assert [one["rule"] for one in stranger["contacts"][0]["readings"]] == [None]
        assert told["quota"] == {"hour": 3599, "burst": 19, "paused": 0.0}

    async def test_what_memory_knows_is_told_with_its_age(
        self, service: Service, clock: Any, directory: FakeDirectory
    ) -> None:
        await service.lookup()
        clock.pass_by(10)
        memory = (await explained(service))["lookup"]["tiers"][0]
        assert (memory["state"], memory["outcome"], memory["age_seconds"]) == ("fresh", "matched", 10.0)
        assert 790 <= memory["fresh_for_seconds"] <= 980
        clock.pass_by(1000)
        assert states(await explained(service))[0] == ("memory", "old")
        assert len(directory.requests) == 2

    async def test_what_redis_knows_is_told(
        self, start: StartService, redis: RedisProcess, directory: FakeDirectory
    ) -> None:
        first = await start(redis_url=redis.url)
        await first.lookup()
        await until_stored(first)
        told = await explained(await start(redis_url=redis.url))
        assert states(told) == [("memory", "unknown"), ("redis", "fresh"), ("directory", "not_asked")]
        assert (told["lookup"]["candidates"], len(directory.requests)) == (None, 1)

    async def test_an_unknown_number_has_no_candidates(self, service: Service) -> None:
        told = await explained(service, UNKNOWN)
        assert states(told)[2] == ("directory", "asked")
        assert told["lookup"]["candidates"] == []

    @pytest.mark.parametrize(
        ("telephone", "read_as", "reason"),
        [
            ("anonymous", "withheld", None),
            ("1002", "extension", None),
            ("+17139", "invalid", "too_short"),
            ("", "withheld", None),
        ],
    )
    async def test_who_is_no_number_is_told_as_what_they_were_read_and_nobody_is_asked(
        self, service: Service, directory: FakeDirectory, telephone: str, read_as: str, reason: str | None
    ) -> None:
        lookup = (await explained(service, telephone))["lookup"]
        assert (lookup["read_as"], lookup["reason"]) == (read_as, reason)
        assert (lookup["tiers"], lookup["candidates"], directory.requests) == ([], None, [])

    async def test_the_directory_is_spared_where_that_is_asked_for(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        told = await explained(service, ask="false")
        assert states(told)[2] == ("directory", "not_asked")
        assert (told["lookup"]["candidates"], directory.requests) == (None, [])

    async def test_why_the_directory_could_not_be_asked_is_told(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        directory.behaviour = replying(status=403)
        told = await explained(service)
        assert states(told)[2] == ("directory", "forbidden")
        assert told["lookup"]["candidates"] is None

    async def test_an_explanation_changes_nothing(self, service: Service, clock: Any) -> None:
        await service.lookup()
        clock.pass_by(1)

        async def traces() -> Any:
            stats = await asked(service, "GET", "/v1/stats")
            counted = [
                line
                for line in (await service.metrics()).splitlines()
                if line.startswith(("cti_lookup", "cti_cache", "cti_webhooks", "cti_forgotten", "cti_people"))
            ]
            return stats, counted

        before = await traces()
        for telephone in (ASHOKS_NUMBER, UNKNOWN, "anonymous", "1002"):
            await explained(service, telephone)
        assert await traces() == before
        assert (await service.lookup(UNKNOWN))["tier"] == "directory"


class TestForgetting:
    async def test_a_forgotten_number_is_asked_anew(self, service: Service, directory: FakeDirectory) -> None:
        await service.lookup()
        directory.people.clear()
        assert await forgotten(service, "001 713 987 2967") == (204, None)
        assert (await service.lookup())["outcome"] == "nobody"
        assert await service.counted("cti_forgotten_total", what="number") == 1

    async def test_what_was_never_known_can_be_forgotten(self, service: Service) -> None:
        assert await forgotten(service, UNKNOWN) == (204, None)

    @pytest.mark.parametrize("telephone", ["", "anonymous", "1002", "words", "+1", "%", "\0", "é" * 500])
    async def test_what_is_no_number_is_refused(self, service: Service, telephone: str) -> None:
        status, told = await forgotten(service, telephone)
        assert (status, told["code"], told["field"]) == (422, "wrong_field", "telephone")

    @pytest.mark.parametrize(("method", "path"), BY_TELEPHONE)
    async def test_a_number_that_is_missing_is_missed(self, service: Service, method: str, path: str) -> None:
        status, told = await asked(service, method, path)
        assert (status, told["code"], told["field"]) == (422, "wrong_field", "telephone")

    @pytest.mark.parametrize(("method", "path"), BY_TELEPHONE)
    @pytest.mark.parametrize("field", ["region", "source"])
    async def test_a_region_or_a_source_that_nobody_knows_is_refused(
        self, service: Service, method: str, path: str, field: str
    ) -> None:
        status, told = await asked(service, method, path, {"telephone": "7139872967", field: "ZZ"})
        assert (status, told["code"], told["field"]) == (422, "wrong_field", field)

    async def test_a_number_is_read_in_the_region_that_is_asked_for(self, service: Service) -> None:
        await service.lookup()
        query = {"telephone": "020 7946 0958", "region": "gb"}
        assert (await asked(service, "DELETE", "/v1/cache", query))[0] == 204
        assert (await service.lookup())["tier"] == "memory"


class TestErasing:
    async def test_who_was_erased_is_listed_no_more_though_the_directory_returns_them(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        await service.lookup()
        assert await erased(service, {"person_id": 30}) == (200, {"person_id": 30, "directory": "elsewhere"})
        assert (await service.lookup())["outcome"] == "nobody"
        assert (await service.lookup(refresh="true"))["people"] == []
        assert (await explained(service))["lookup"]["candidates"] in ([], None)
        assert directory.people[0]["id"] == 30

    async def test_to_erase_again_does_no_harm(self, service: Service) -> None:
        for _ in range(2):
            assert (await erased(service, {"person_id": 30}))[0] == 200

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"person_id=30",
            b"\xff\xfe",
            b'{"person_id": NaN}',
            b'{"person_id": 30, "person_id": 31}',
            b"[" * 10_000,
            b'{"person_id": ' + b"[" * 40 + b"]" * 40 + b"}",
            b"[30]",
            b"30",
            b"null",
            b'{"person_id": 30} x',
        ],
    )
    async def test_a_body_that_is_no_object_of_json_is_refused(self, service: Service, body: bytes) -> None:
        status, told = await erased(service, body)
        assert (status, told["code"]) == (400, "unreadable")
        assert (await service.lookup())["outcome"] == "matched"

    @pytest.mark.parametrize(
        "value", [0, -1, 2**53 + 1, 2**70, 1.5, 30.5, True, None, "30", "x", [], [30], {}, 1e300]
    )
    async def test_what_is_no_id_is_refused(self, service: Service, value: object) -> None:
        status, told = await erased(service, {"person_id": value})
        assert (status, told["code"], told["field"]) == (422, "wrong_field", "person_id")
        assert (await service.lookup())["outcome"] == "matched"

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "person_id"), ({"id": 30}, None), ({"person_id": 30, "reason": "asked"}, None)],
    )
    async def test_a_field_that_is_missing_or_not_known_is_refused(
        self, service: Service, body: object, field: str | None
    ) -> None:
        status, told = await erased(service, body)
        assert (status, told["code"]) == (422, "wrong_field")
        assert field is None or told["field"] == field
        assert "asked" not in json.dumps(told)
        assert (await service.lookup())["outcome"] == "matched"

    async def test_a_body_over_the_limit_is_refused(self, service: Service) -> None:
        status, told = await erased(service, b" " * (64 * 1024 + 1))
        assert (status, told["code"]) == (413, "too_large")

    async def test_the_largest_id_there_may_be_is_an_id(self, service: Service) -> None:
        assert (await erased(service, {"person_id": 2**53}))[0] == 200

    async def test_the_log_tells_what_was_done_and_of_nobody(self, service: Service) -> None:
        await erased(service, {"person_id": 30})
        await forgotten(service)
        logged = [
            {**line, "at": "", "request": ""}
            for line in service.logged
            if line["event"] in ("erased", "forgotten")
        ]
        assert logged == [
            {"at": "", "level": "info", "event": "erased", "request": "", "directory": "elsewhere"},
            {"at": "", "level": "info", "event": "forgotten", "request": ""},
        ]


class TestRedisSilent:
    @pytest.fixture
    async def alone(self, start: StartService, redis: RedisProcess) -> Service:
        """Give a service whose Redis hangs, with one answer in memory."""
        service = await start(redis_url=redis.url, redis_limits=SHIPPED)
        await service.lookup()
        redis.pause()
        return service

    async def test_what_the_replicas_could_not_be_told_is_to_be_said_again(self, alone: Service) -> None:
        query = {"params": {"telephone": ASHOKS_NUMBER}, "headers": BEARER}
        async with alone.client.delete("/v1/cache", **query) as response:  # type: ignore[arg-type]  # keywords as they are
            told = await response.json()
            assert (response.status, told["code"]) == (503, "not_forgotten")
            assert response.headers["Retry-After"] == "5"
        status, told = await erased(alone, {"person_id": 30})
        assert (status, told["code"]) == (503, "not_forgotten")
        assert await alone.counted("cti_forgotten_total", what="not_forgotten") == 2

    async def test_here_it_is_forgotten_all_the_same(self, alone: Service) -> None:
        assert (await erased(alone, {"person_id": 30}))[0] == 503
        assert (await alone.lookup())["people"] == []
