"""What is refused and how, who is let in and how, and what a telephone's display is given; over real HTTP."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import FormData
from yarl import URL

from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Purpose
from cti_lookup.web.keys import PARTS
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, hanging, person
from tests.service.conftest import BEARER, KEY, Service, StartService
from tests.service.wire import exchange, request_line, status_of

WEBHOOK = "/webhooks/generic"
EVENT = {"event": "newCall", "from": ASHOKS_NUMBER, "to": "1002", "direction": "in", "callId": "1"}


async def problem(service: Service, method: str, path: str, **options: Any) -> dict[str, Any]:
    """Give the problem document a request is refused with, its status checked against HTTP's."""
    async with service.client.request(method, URL(path, encoded=True), **options) as response:
        assert response.content_type == "application/problem+json"
        told: dict[str, Any] = await response.json(content_type=None)
        assert told["status"] == response.status
        assert set(told) - {"field"} == {"type", "title", "status", "code", "detail"}
        return told | {"headers": response.headers}


async def post(service: Service, body: bytes, content_type: str = "application/json") -> Any:
    return await problem(
        service, "POST", WEBHOOK, data=body, headers={**BEARER, "Content-Type": content_type}
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/lookup?telephone=1"), ("POST", WEBHOOK)])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": KEY},
        {"Authorization": f"Digest {KEY}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(KEY.encode()).decode()},
        {"Authorization": "Bearer schlüssel-ключ-鍵"},
        {"X-API-Key": "wrong"},
        {"X-API-Key": "schlüssel"},
        {"X-API-Key": ""},
    ],
)
async def test_a_wrong_key_is_401_with_a_challenge(
    service: Service, method: str, path: str, headers: Mapping[str, str]
) -> None:
    told = await problem(service, method, path, headers=headers)
    assert (told["status"], told["code"]) == (401, "bad_key")
    assert told["headers"]["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["", "None", "null", "undefined", "()"])
async def test_where_no_key_is_configured_no_key_is_right(start: StartService, key: str) -> None:
    service = await start(api_keys="")
    for headers in ({}, {"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        for method, path in (("GET", f"/v1/lookup?telephone=1&key={key}"), ("POST", WEBHOOK)):
            assert (await problem(service, method, path, headers=headers))["status"] == 401
    assert (await problem(service, "POST", "/api/v1/cti/none"))["status"] == 401


BASIC = base64.b64encode(f"anybody:{KEY}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {KEY}"}, ""),
        ({"Authorization": f"bearer  {KEY} "}, ""),
        ({"X-API-Key": KEY}, ""),
        ({"Authorization": f"Basic {BASIC}"}, ""),
        ({}, f"key={KEY}"),
    ],
)
async def test_a_key_may_be_shown_in_every_way_a_phone_system_can(
    service: Service, headers: Mapping[str, str], query: str
) -> None:
    async with service.client.get(f"/v1/lookup?telephone=1234&{query}", headers=headers) as response:
        assert response.status == 200
    async with service.client.post(f"{WEBHOOK}?{query}", json=EVENT, headers=headers) as response:
        assert response.status == 200


async def test_a_source_takes_its_key_in_the_path(start: StartService) -> None:
    secret = "a-token-in-the-path"
    service = await start(
        sources={"desk": {"secrets": [secret]}, "other": {"secrets": ["something-else-entirely"]}}
    )
    async with service.client.post(f"/webhooks/desk/{secret}", json=EVENT) as response:
        assert response.status == 200
    async with service.client.get(f"/webhooks/desk/{secret}", params=EVENT) as response:
        assert (await response.json())["lookup"]["outcome"] == "matched"
    assert (await problem(service, "POST", f"/webhooks/other/{secret}", json=EVENT))["status"] == 401
    assert (await problem(service, "POST", "/webhooks/desk/wrong", json=EVENT))["status"] == 401


@pytest.mark.parametrize("key", ["schlüssel-ключ-鍵", "a b+c&d=e/f%41", 'it\'s "quoted"'])
async def test_a_key_may_hold_any_character(start: StartService, key: str) -> None:
    service = await start(api_keys=key)
    basic = base64.b64encode(b"me:" + key.encode()).decode()
    for headers, params in (
        ({"Authorization": f"Bearer {key}"}, {}),
        ({"X-API-Key": key}, {}),
        ({"Authorization": f"Basic {basic}"}, {}),
        ({}, {"key": key}),
    ):
        async with service.client.get(
            "/v1/lookup", params={"telephone": "1234", **params}, headers=headers
        ) as response:
            assert response.status == 200


async def test_several_keys_are_right_at_once(start: StartService) -> None:
    service = await start(api_keys="the-old-one, the-new-one")
    for key in ("the-old-one", "the-new-one"):
        async with service.client.get("/v1/lookup?telephone=1234", headers={"X-API-Key": key}) as response:
            assert response.status == 200
    refused = await problem(
        service, "GET", "/v1/lookup?telephone=1", headers={"X-API-Key": "the-old-one, the-new-one"}
    )
    assert refused["status"] == 401


async def test_a_source_nobody_configured_is_404(service: Service) -> None:
    for path in ("/webhooks/nobody", "/webhooks/nobody/token"):
        told = await problem(service, "POST", path, headers=BEARER)
        assert (told["status"], told["code"]) == (404, "unknown_source")


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/lookup/", "/webhooks", "/webhooks/", "/%2e%2e/etc"])
async def test_a_route_that_is_not_there_is_404(service: Service, path: str) -> None:
    told = await problem(service, "GET", path, headers=BEARER)
    assert (told["status"], told["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/lookup", "GET"),
        ("DELETE", WEBHOOK, "POST"),
        ("PUT", "/metrics", "GET"),
        ("GET", "/api/v1/cti/token", "POST"),
    ],
)
async def test_a_wrong_method_is_405_and_the_right_ones_are_said(
    service: Service, method: str, path: str, allowed: str
) -> None:
    told = await problem(service, method, path, headers=BEARER)
    assert (told["status"], told["code"]) == (405, "method_not_allowed")
    assert allowed in told["headers"]["Allow"]


LIMIT = 64 * 1024


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024 + 1):
        yield b"x" * 1024


@pytest.mark.parametrize("path", [WEBHOOK, f"/api/v1/cti/{KEY}"])
async def test_a_body_over_64_kib_is_413(service: Service, path: str) -> None:
    for body in (b"x" * (LIMIT + 1), chunks(LIMIT), b"x" * (1 << 20)):
        told = await problem(service, "POST", path, data=body, headers=BEARER)
        assert (told["status"], told["code"]) == (413, "too_large")


async def test_a_body_of_just_64_kib_is_read(service: Service) -> None:
    body = json.dumps(EVENT).encode().ljust(LIMIT)
    async with service.client.post(WEBHOOK, data=body, headers=BEARER) as response:
        assert response.status == 200


UNREADABLE = {
    "words": b"not json",
    "truncated": b'{"event":',
    "list": b"[]",
    "number": b"5",
    "null": b"null",
    "text": b'"newCall"',
    "bytes": b"\xff\xfe\xfd",
    "no UTF-8": b'{"event":"\xff"}',
    "NaN": b'{"event":NaN}',
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep in a field": b'{"from":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "half a surrogate": b'{"callId":"\\ud800"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_body_nobody_can_read_is_400(service: Service, body: bytes) -> None:
    told = await post(service, body)
    assert (told["status"], told["code"]) == (400, "unreadable")


@pytest.mark.parametrize("body", [b"&".join([b"a=b"] * 201), b"&&&=", b"="])
async def test_a_form_nobody_can_read_is_400_or_a_call_without_a_caller(
    service: Service, body: bytes
) -> None:
    headers = {**BEARER, "Content-Type": "application/x-www-form-urlencoded"}
    async with service.client.post(WEBHOOK, data=body, headers=headers) as response:
        assert response.status in (200, 400)


async def test_a_form_of_too_many_fields_is_400(service: Service) -> None:
    told = await post(service, b"&".join([b"a=b"] * 5000), "application/x-www-form-urlencoded")
    assert (told["status"], told["code"]) == (400, "unreadable")


@pytest.mark.parametrize("value", [True, 1.5, [], {}, [1], {"a": "b"}])
@pytest.mark.parametrize(
    "field", ["event", "direction", "callId", "cause", "queue", "answeringNumber", "display_name"]
)
async def test_a_field_of_the_wrong_type_is_422_and_named(
    service: Service, field: str, value: object
) -> None:
    told = await post(service, json.dumps({**EVENT, field: value}).encode())
    assert (told["status"], told["code"], told["field"]) == (422, "wrong_field", field)
    assert field in told["detail"]


@pytest.mark.parametrize("value", [True, {}, [{}], [["1"]], 1.5])
async def test_agents_of_the_wrong_type_are_422_and_named(service: Service, value: object) -> None:
    assert (await post(service, json.dumps({**EVENT, "user": value}).encode()))["field"] == "user"


async def test_a_direction_nobody_knows_is_422(service: Service) -> None:
    told = await post(service, json.dumps({**EVENT, "direction": "sideways"}).encode())
    assert (told["status"], told["field"]) == (422, "direction")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "telephone"),
        ("region=US", "telephone"),
        ("telephone=1&region=XX", "region"),
        ("telephone=1&region=%FF", "region"),
        ("telephone=1&region=USA", "region"),
        ("telephone=1&source=nobody", "source"),
        ("telephone=1&source=nobody&region=US", "source"),
    ],
)
async def test_a_question_that_lacks_or_misstates_something_is_422_and_named(
    service: Service, query: str, field: str
) -> None:
    told = await problem(service, "GET", f"/v1/lookup?{query}", headers=BEARER)
    assert (told["status"], told["field"]) == (422, field)


@pytest.mark.parametrize(
    "nonsense", ["nonsense", "+1", "++", "💥", "a" * 5000, True, 1.5, {}, [1, 2], {"a": 1}, -5, 10**30]
)
async def test_a_caller_that_makes_no_sense_is_invalid_and_the_phone_rings_on(
    service: Service, nonsense: object
) -> None:
    answer = await service.ring(nonsense)
    assert answer["lookup"]["outcome"] in ("invalid", "withheld")
    assert answer["lookup"]["people"] == []


@pytest.mark.parametrize("shown", ["", None, [], "anonymous", "unknown", "sip:anonymous@anonymous.invalid"])
async def test_a_caller_who_shows_nothing_is_withheld(service: Service, shown: object) -> None:
    assert (await service.ring(shown))["lookup"]["outcome"] == "withheld"


async def test_region_and_source_say_how_a_national_number_is_read(
    start: StartService, directory: FakeDirectory
) -> None:
    directory.people.append(person("+49 30 23125100", name="Anna Beispiel"))
    service = await start(region=None, sources={"berlin": {"secrets": ["s"], "region": "DE"}})
    assert (await service.lookup("030 23125100"))["caller"]["reason"] == "no_region"
    for query in ({"region": "DE"}, {"region": "de"}, {"source": "berlin"}):
        answer = await service.lookup("030 23125100", **query)
        assert [one["name"] for one in answer["people"]] == ["Anna Beispiel"]


@pytest.mark.parametrize("event", ["newCall", "answer", "hangup", "something else"])
async def test_what_can_talk_to_zammad_is_answered_an_empty_object(service: Service, event: str) -> None:
    fields = {**EVENT, "event": event}
    for written in (FormData(fields), json.dumps(fields).encode()):
        async with service.client.post(f"/api/v1/cti/{KEY}", data=written) as response:
            assert response.status == 200
            assert response.content_type == "application/json"
            assert await response.read() == b"{}"


async def test_a_wrong_token_of_zammads_is_401_and_its_bad_body_400(service: Service) -> None:
    for token in ("wrong", KEY + "x", "%FF", "schl%C3%BCssel"):
        assert (await problem(service, "POST", f"/api/v1/cti/{token}", json=EVENT))["status"] == 401
    assert (await problem(service, "POST", f"/api/v1/cti/{KEY}", data=b"words"))["status"] == 400


async def test_a_zammad_source_is_answered_an_empty_object_at_its_webhook(start: StartService) -> None:
    service = await start(sources={"zammad": {"dialect": "zammad", "secrets": ["s-e-c-r-e-t"]}})
    async with service.client.post("/webhooks/zammad/s-e-c-r-e-t", json=EVENT) as response:
        assert (response.status, await response.read()) == (200, b"{}")


async def name_for(service: Service, query: str, headers: Mapping[str, str] = BEARER) -> str:
    """Give the text a telephone would show."""
    async with service.client.get(URL(f"/v1/cnam?{query}", encoded=True), headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        assert response.charset == "utf-8"
        return (await response.read()).decode()


class TestName:
    """`GET /v1/cnam`: a line of text and always 200, since telephones show whatever came."""

    NUMBER = "number=%2B17139872967"

    async def test_a_person_is_shown_with_their_organization(self, service: Service) -> None:
        assert await name_for(service, self.NUMBER) == "Ashok Kumar (Widget Data Center, External IT)"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "number=",
            "number=nonsense",
            "number=1234",
            "number=%2B442079460999",
            "number=%FF",
            "number=%00",
            "number=%2B17139872967&region=XX",
            "number=%2B17139872967&source=nobody",
        ],
    )
    async def test_whoever_is_not_known_is_shown_as_nothing(self, service: Service, query: str) -> None:
        assert await name_for(service, query) == ""

    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer \udcff"}])
    async def test_a_wrong_key_is_shown_as_nothing(
        self, service: Service, directory: FakeDirectory, headers: Mapping[str, str]
    ) -> None:
        assert await name_for(service, self.NUMBER, headers) == ""
        assert directory.requests == []

    async def test_a_directory_that_is_down_is_shown_as_nothing(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        await directory.stop()
        assert await name_for(service, self.NUMBER) == ""

    @pytest.mark.slow
    async def test_a_directory_that_hangs_is_shown_as_nothing_before_freeswitch_gives_up(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        directory.behaviour = hanging()
        async with asyncio.timeout(4):  # a flight lasts 5 s
            assert await name_for(service, self.NUMBER) == ""

    @pytest.mark.parametrize(
        "name",
        [
            "Ann %s%n%d",
            "Bo${global_getvar(x)}",
            "Cy \"x\" 'y'",
            "Di\r\nSet-Cookie: a=b",
            "Ed\x00\x1b[31m\x07",
            "Flo`id`|;<script>",
            "Gus\\n",
            "H\u202eevil",
            "I\u2028\u2029",
            "Jürgen Müller-Lüdenscheidt 鈴木" * 9,
        ],
    )
    async def test_only_what_is_harmless_to_a_telephone_is_shown(
        self, service: Service, directory: FakeDirectory, name: str
    ) -> None:
        directory.people = [person(ASHOKS_NUMBER, name=name, organization=None)]
        shown = await name_for(service, self.NUMBER)
        assert shown
        assert shown.isprintable()
        assert not set(shown) & set("%'\"{}$\\<>;|`")
        assert len(shown.encode()) <= 80

    async def test_several_people_are_shown_as_what_they_share(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        directory.people = [person(ASHOKS_NUMBER, id=1), person(ASHOKS_NUMBER, id=2, name="Ada Example")]
        assert await name_for(service, self.NUMBER) == "Widget Data Center, External IT"

    async def test_an_unexpected_failure_is_shown_as_nothing(self, service: Service) -> None:
        break_directory(service)
        assert await name_for(service, self.NUMBER) == ""


class RaisingDirectory:
    """A directory with a mistake in it."""

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        raise ZeroDivisionError(f"a mistake about {question.text}, {purpose}")

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        raise ZeroDivisionError(f"a mistake about {person_id}, {purpose}")


def break_directory(service: Service) -> None:
    """Put a mistake where the service's directory was."""
    assert service.client.app is not None
    service.client.app[PARTS].lookup._fetching._directory = RaisingDirectory()


async def test_what_nobody_expected_is_500_without_a_trace_and_is_logged_without_values(
    service: Service,
) -> None:
    break_directory(service)
    for method, path in (("GET", "/v1/lookup?telephone=%2B17139872967"), ("POST", WEBHOOK)):
        told = await problem(service, method, path, headers=BEARER, json=EVENT)
        assert (told["status"], told["code"]) == (500, "internal")
        assert "ZeroDivision" not in json.dumps(told["detail"])
    failures = [line for line in service.logged if line["level"] == "error"]
    assert [line["exception"] for line in failures] == ["ZeroDivisionError"] * 2
    assert "test_web.py" in failures[0]["failed"]
    assert "7139872967" not in json.dumps(service.logged)


async def test_after_a_failure_the_service_goes_on(service: Service, directory: FakeDirectory) -> None:
    assert service.client.app is not None
    lookup = service.client.app[PARTS].lookup
    whole = lookup._fetching._directory
    break_directory(service)
    await problem(service, "GET", "/v1/lookup?telephone=%2B17139872967", headers=BEARER)
    lookup._fetching._directory = whole
    assert (await service.lookup())["outcome"] == "matched"
    assert len(directory.requests) == 1


async def test_health_needs_no_key(service: Service) -> None:
    for path in ("/livez", "/metrics"):
        async with service.client.get(path) as response:
            assert response.status == 200
    await service.until_ready()
    async with service.client.get("/readyz") as response:
        assert await response.json() == {"ready": True}


async def test_answers_about_people_are_not_to_be_stored_on_the_way(service: Service) -> None:
    for path in ("/v1/lookup?telephone=%2B17139872967", "/v1/cnam?number=%2B17139872967"):
        async with service.client.get(path, headers=BEARER) as response:
            assert response.headers["Cache-Control"] == "no-store"
    async with service.client.get(f"{WEBHOOK}?from=%2B17139872967", headers=BEARER) as response:
        assert response.headers["Cache-Control"] == "no-store"


class TestBytes:
    """Requests that no client library would send."""

    KEYED = b"X-API-Key: " + KEY.encode()

    async def test_a_body_that_is_not_compressed_as_it_says_is_the_senders_fault(
        self, service: Service
    ) -> None:
        for encoding in (b"gzip", b"deflate"):
            answer = await exchange(
                service.port,
                request_line(
                    b"POST",
                    b"/webhooks/generic",
                    self.KEYED,
                    b"Content-Encoding: " + encoding,
                    b"Content-Length: 9",
                    body=b"not gzip!",
                ),
            )
            assert 400 <= status_of(answer) < 500

    async def test_a_chunk_that_is_none_is_the_senders_fault(self, service: Service) -> None:
        request = request_line(
            b"POST",
            b"/webhooks/generic",
            self.KEYED,
            b"Transfer-Encoding: chunked",
            body=b"5\r\nhello\r\nzz\r\n",
        )
        assert 400 <= status_of(await exchange(service.port, request)) < 500

    @pytest.mark.parametrize(
        "field", [b"callId", b"to", b"user", b"queue", b"display_name", b"answeringNumber", b"from"]
    )
    @pytest.mark.parametrize("value", [b"%FF", b"%ED%A0%80", b"%00", b"%C3", b"%F0%9F%92%A5"])
    async def test_bytes_that_are_no_text_are_read_as_well_as_can_be(
        self, service: Service, field: bytes, value: bytes
    ) -> None:
        target = b"/webhooks/generic?event=newCall&to=1002&" + field + b"=" + value
        assert status_of(await exchange(service.port, request_line(b"GET", target, self.KEYED))) == 200

    @pytest.mark.parametrize("caller", [b"%FF", b"%ED%A0%80", b"%00", b"%2B1713%FF"])
    async def test_bytes_that_are_no_text_are_no_known_caller(self, service: Service, caller: bytes) -> None:
        for target in (b"/v1/lookup?telephone=" + caller, b"/webhooks/generic?from=" + caller):
            answer = await exchange(service.port, request_line(b"GET", target, self.KEYED))
            assert status_of(answer) == 200
            assert b'"outcome":"matched"' not in answer

    async def test_bytes_that_are_no_text_are_a_wrong_key(self, service: Service) -> None:
        for target in (
            b"/v1/lookup?telephone=1&key=%FF",
            b"/webhooks/generic/%FF",
            b"/v1/lookup?key=%ED%A0%80",
        ):
            assert status_of(await exchange(service.port, request_line(b"GET", target))) == 401
        for header in (
            b"X-API-Key: \xff\xfe",
            b"Authorization: Bearer \xed\xa0\x80",
            b"Authorization: Basic /////w==",
        ):
            answer = await exchange(service.port, request_line(b"GET", b"/v1/lookup?telephone=1", header))
            assert status_of(answer) == 401

    @pytest.mark.parametrize(
        "request_bytes",
        [
            request_line(b"GET", b"/v1/lookup?telephone=\xff"),
            request_line(b"GET", b"/v1/lookup", b"X: " + b"a" * 100_000),
            request_line(b"POST", b"/webhooks/generic", b"Content-Length: -1"),
            request_line(b"POST", b"/webhooks/generic", b"Content-Length: 1", b"Transfer-Encoding: chunked"),
            request_line(b"GE T", b"/livez"),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting\r\n\r\n",
        ],
        ids=["raw bytes in the URL", "huge header", "negative length", "two lengths", "method", "TLS"],
    )
    async def test_what_is_hardly_http_is_400(self, service: Service, request_bytes: bytes) -> None:
        assert status_of(await exchange(service.port, request_bytes)) == 400

    @pytest.mark.parametrize("expectation", [b"nonsense", b"\x80", b"100-continue"])
    async def test_an_expectation_is_met_or_refused(self, service: Service, expectation: bytes) -> None:
        request = request_line(b"GET", b"/livez", b"Expect: " + expectation)
        answer = await exchange(service.port, request)
        assert status_of(answer) == (100 if expectation == b"100-continue" else 417)

    @pytest.mark.slow
    async def test_a_body_that_never_comes_is_not_waited_for(self, service: Service) -> None:
        request = request_line(b"POST", b"/webhooks/generic", self.KEYED, b"Content-Length: 100", body=b"{")
        assert 400 <= status_of(await exchange(service.port, request)) < 500

    async def test_whoever_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(
        self, service: Service
    ) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(
            request_line(b"POST", b"/webhooks/generic", self.KEYED, b"Content-Length: 100", body=b"{")
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await service.lookup())["outcome"] == "matched"
        assert [line for line in service.logged if line["level"] == "error"] == []
