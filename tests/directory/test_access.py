"""Who is let in, what is understood, and what every answer looks like."""

import asyncio
import io
import logging
import re
from json import loads
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cti_lookup.directory import create_directory_app
from cti_lookup.directory.storage.database import Database
from cti_lookup.directory.storage.worker import Work
from cti_lookup.directory.web.answers import LARGEST_BODY
from cti_lookup.directory.web.keys import DATABASE
from cti_lookup.directory.webhooks.address import RUNNER
from tests.directory.conftest import TOKEN, Api

T = TypeVar("T")

UNAUTHORIZED = (401, {"message": "Unauthorized"})
NOT_FOUND = (404, {"message": "Not Found"})
INVALID_JSON = (400, {"message": "Invalid JSON string posted"})


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Bearer \udcff\udcfe",
        "Bearer tökèn",
    ],
)
async def test_nobody_is_let_in_without_the_token(samples: Api, header: str) -> None:
    for path in ("/people", "/people/30", "/sd?telephone=7139872967", "/nothing"):
        assert await samples.call("GET", path, headers={"Authorization": header}) == UNAUTHORIZED
    assert (
        await samples.call("DELETE", "/people/30/contacts", headers={"Authorization": header}) == UNAUTHORIZED
    )


async def test_the_word_bearer_is_understood_in_any_letter_case(samples: Api) -> None:
    status, _ = await samples.call("GET", "/people/30", headers={"Authorization": f"bEARER  {TOKEN}"})
    assert status == 200


@pytest.mark.parametrize("path", ["", "/", ".json"])
async def test_the_root_is_a_probe_open_to_all(api: Api, path: str) -> None:
    assert await api.call("GET", path, headers={"Authorization": ""}) == (200, {})


@pytest.mark.parametrize(
    "path",
    ["/people/", "/people.json", "/people/30/", "/people/30.json", "/people/30.json/", "/people/30/contacts/",
     "/people/30/contacts.json", "/people/30/contacts/327/", "/people/30/contacts/327.json", "/sd/?telephone=4567890",
     "/sd.json?telephone=4567890", "/people/enabled/", "/people/me.json", "/rate_limit/", "/organizations.json", "/me/"],
)  # fmt: skip
async def test_a_path_may_end_in_a_slash_or_in_json(samples: Api, path: str) -> None:
    async with samples.client.get(f"/v1{path}", allow_redirects=False) as response:
        assert response.status == 200


@pytest.mark.parametrize("path", ["/v1//people", "//v1/people", "///v1///people//", "/v1//people.json"])
async def test_several_slashes_of_a_path_are_one(samples: Api, path: str) -> None:
    assert await told(samples, f"GET {path}?id=30&fields=name") == (200, [{"id": 30, "name": "Ashok Kumar"}])
    assert await told(samples, f"DELETE {path}") == (405, {"message": "Method Not Allowed"})


async def test_several_slashes_lead_nowhere_where_one_does_not(samples: Api) -> None:
    for path in ("/v1//shoes", "//", "/v1/people//30//shoes", "//v1/people/x"):
        assert await told(samples, f"GET {path}") == (404, {"message": "Not Found"})


async def test_several_slashes_open_nothing_to_who_has_no_token(samples: Api) -> None:
    assert await told(samples, "GET //v1//people", token="") == (401, {"message": "Unauthorized"})


async def told(api: Api, line: str, token: str = TOKEN) -> tuple[int, Any]:
    """Send a request whose path goes out as it is written, and return the status and the JSON of the answer."""
    reader, writer = await asyncio.open_connection(*api.app[RUNNER].addresses[0])
    head = f"{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    answer, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(answer.split()[1]), loads(body)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/people/30/nothing",
        "/people//contacts",
        "/people/30.xml",
        "/people/30%2Fcontacts",
        "/%FF",
    ],
)
async def test_an_unknown_path_is_not_found(samples: Api, path: str) -> None:
    assert await samples.call("GET", path) == NOT_FOUND


async def test_outside_the_prefix_there_is_nothing(samples: Api) -> None:
    for path in ("/", "/people", "/v10/people", "/v2"):
        async with samples.client.get(path) as response:
            assert (response.status, await response.json()) == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/people", "GET,HEAD,POST"),
        ("POST", "/people/30", "DELETE,GET,HEAD,PATCH,PUT"),
        ("POST", "/sd", "GET,HEAD"),
        ("PATCH", "/people/30/contacts", "DELETE,GET,HEAD,POST"),
        ("POST", "/people/30/contacts/327", "DELETE,GET,HEAD,PATCH,PUT"),
    ],
)
async def test_another_method_is_told_which_are_allowed(
    samples: Api, method: str, path: str, allowed: str
) -> None:
    async with samples.client.request(method, f"/v1{path}") as response:
        assert response.status == 405
        assert sorted(response.headers["Allow"].split(",")) == sorted(allowed.split(","))
        assert await response.json() == {"message": "Method Not Allowed"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"null", b"7", b"\xff\xfe", b'{"name": NaN}', b'{"custom_fields": 1e999}', b"9" * 5000,
     b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' * 70 + b"1" + b"}" * 70, b'{"name": "\xed\xa0\x80"}'],
    ids=range(14),
)  # fmt: skip
async def test_what_is_no_json_object_is_refused(samples: Api, body: bytes) -> None:
    for method, path in (("POST", "/people"), ("PATCH", "/people/30"), ("POST", "/people/30/contacts")):
        assert await samples.call(method, path, data=body) == INVALID_JSON


async def test_a_body_over_a_mebibyte_is_refused(samples: Api) -> None:
    body = b'{"name": "' + b"n" * LARGEST_BODY + b'"}'
    status, content = await samples.call("POST", "/people", data=io.BytesIO(body))
    assert (status, content.keys()) == (413, {"message"})


async def test_a_custom_field_may_be_nested_and_is_answered_as_it_was_sent(api: Api) -> None:
    value: Any = "deep"
    for _ in range(55):
        value = [value]
    person = await api.person(custom_fields=[{"id": "nest", "value": value}])
    assert person["custom_fields"] == [{"id": "nest", "value": value}]


async def test_every_answer_is_json_named_and_never_cached(samples: Api) -> None:
    names = set()
    for method, path, status in (
        ("GET", "/people/30", 200),
        ("GET", "/people", 200),
        ("GET", "/people/999", 404),
        ("GET", "/nothing", 404),
        ("GET", "/sd", 400),
        ("PUT", "/people", 405),
        ("POST", "/people", 400),
        ("HEAD", "/people/30", 200),
    ):
        async with samples.client.request(method, f"/v1{path}") as response:
            assert response.status == status
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"
            assert response.headers["Cache-Control"] == "no-store"
            names.add(response.headers["X-Request-Id"])
    assert len(names) == 8


async def test_a_deletion_is_answered_without_a_body(samples: Api) -> None:
    async with samples.client.delete("/v1/people/30/contacts") as response:
        assert (response.status, await response.read()) == (204, b"")
        assert "Content-Type" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"


async def test_a_hostile_host_header_cannot_break_the_links(samples: Api) -> None:
    async with samples.client.get("/v1/people", headers={"Host": 'a>; rel="next", <http://b'}) as response:
        if response.status == 200:
            assert response.headers["Link"].count("<") == 1
        else:
            assert response.status == 400


async def test_no_number_name_or_token_reaches_a_log(samples: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = await samples.person("Secretive Person")
    await samples.contact(person["id"], label="work", telephone="+1 713 987 2999")
    await samples.callers("7139872999")
    await samples.call("GET", "/people", headers={"Authorization": "Bearer guessed-token"})
    await samples.call(
        "POST",
        "/people",
        json={"name": "Secretive Person", "primary_email": "Secretive.Person@people.example"},
    )
    for secret in ("987 2999", "9872999", "Secretive", TOKEN, "guessed-token"):
        assert secret not in caplog.text


async def test_the_bytes_of_a_broken_request_reach_no_log(
    samples: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host, port = samples.app[RUNNER].addresses[0]
    for line in (
        b"GET /v1/sd?telephone=7139872967 HTTP/x.y",
        b"GET  7139872967",
        b"G\x00T /7139872967 HTTP/1.1",
    ):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(line + b"\r\nHost: 7139872967\r\n: 7139872967\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.0 400")
        writer.close()
        await writer.wait_closed()
    assert "9872967" not in caplog.text


async def test_an_unexpected_error_tells_the_client_and_the_log_nothing_of_the_person(
    samples: Api, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Database):
        async def look_up(self, work: Work[T]) -> T:
            number = "7139872967"
            raise RuntimeError(number, work)

    assert (await samples.call("GET", "/people/30"))[0] == 200  # who asks is remembered from here on
    opened = samples.app[DATABASE]
    samples.app._state[DATABASE] = Broken(opened._lookups, opened._reads, opened._writes)
    answer = await samples.call("GET", "/sd?telephone=7139872967")
    assert answer == (500, {"message": "Internal Server Error"})
    assert "unexpected RuntimeError at" in caplog.text
    assert "9872967" not in caplog.text


class TestEntityTags:
    async def tag(self, api: Api, path: str) -> str:
        async with api.client.get(f"/v1{path}") as response:
            assert response.status == 200
            return response.headers["ETag"]

    @pytest.mark.parametrize("path", ["/people/30", "/people", "/sd?telephone=7139872967", "/rate_limit"])
    async def test_an_answer_has_a_weak_tag_of_its_bytes(self, samples: Api, path: str) -> None:
        tag = await self.tag(samples, path)
        assert re.fullmatch(r'W/"[0-9a-f]{32}"', tag)
        assert await self.tag(samples, path) == tag

    async def test_a_change_changes_the_tag(self, samples: Api) -> None:
        tag = await self.tag(samples, "/people/30")
        assert (await samples.call("PATCH", "/people/30", json={"job_title": "Examiner"}))[0] == 200
        assert await self.tag(samples, "/people/30") != tag

    async def test_a_new_record_has_a_tag_and_an_error_or_a_deletion_has_none(self, samples: Api) -> None:
        body = {"name": "Ada Example", "primary_email": "ada@people.example"}
        for method, path, json, has_tag in (
            ("POST", "/people", body, True),
            ("POST", "/people", body, False),
            ("GET", "/people/999", None, False),
            ("DELETE", "/people/30/contacts", None, False),
        ):
            async with samples.client.request(method, f"/v1{path}", json=json) as response:
                assert ("ETag" in response.headers) is has_tag

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("written", ["{0}", "{1}", '"x", {0}', '{1},W/"y"', '"a,b", {1} , "c"', "*"])
    async def test_who_has_the_bytes_already_is_not_sent_them_again(
        self, samples: Api, method: str, written: str
    ) -> None:
        tag = await self.tag(samples, "/people/30")
        headers = {"If-None-Match": written.format(tag, tag.removeprefix("W/"))}
        async with samples.client.request(method, "/v1/people/30", headers=headers) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert response.headers["ETag"] == tag
            assert "Content-Type" not in response.headers

    @pytest.mark.parametrize("written", ["", '""', '"x"', "nonsense", 'W/"', "**", '"*"'])
    async def test_who_has_others_is_sent_these(self, samples: Api, written: str) -> None:
        async with samples.client.get("/v1/people/30", headers={"If-None-Match": written}) as response:
            assert response.status == 200
            assert await response.json()

    async def test_a_change_is_made_whatever_its_sender_has(self, samples: Api) -> None:
        status, person = await samples.call(
            "PATCH", "/people/30", json={"job_title": "Examiner"}, headers={"If-None-Match": "*"}
        )
        assert (status, person["job_title"]) == (200, "Examiner")

    async def test_who_is_not_let_in_learns_nothing_by_a_tag(self, samples: Api) -> None:
        headers = {"If-None-Match": "*", "Authorization": ""}
        assert await samples.call("GET", "/people/30", headers=headers) == UNAUTHORIZED


async def test_a_directory_without_a_token_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="token"):
        create_directory_app(database=tmp_path / "x.sqlite3", token="")


async def test_forty_clients_at_once_lose_nothing(api: Api) -> None:
    async def add(number: int) -> int:
        return await api.known_by(f"+1 212 555 {number:04}", name=f"Person {number}")

    ids = await asyncio.gather(*(add(number) for number in range(40)))
    found = await asyncio.gather(*(api.callers(f"212555{number:04}") for number in range(40)))
    assert found == [[number] for number in ids]


@pytest.mark.parametrize("path", ["/v1/people", "/nowhere"])
async def test_an_expectation_that_nobody_can_meet_is_refused_in_json(api: Api, path: str) -> None:
    async with api.client.get(path, headers={"Expect": "a-miracle"}) as response:
        assert (response.status, await response.json()) == (417, {"message": "Expectation Failed"})
        assert "a-miracle" not in await response.text()
