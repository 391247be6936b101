"""One name leads from the sender through the log and the answer to the directory; nobody's number or name is taken for one."""

import asyncio

import pytest
from multidict import CIMultiDict

from cti_lookup.request_ids import CURRENT, name_request, parent_of
from tests.servers.fake_directory import FakeDirectory
from tests.service.conftest import BEARER, Service

UUID = "0AF76519-16cd-43dd-8448-eb211c80319c"
DIGITS = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{DIGITS}-b7ad6b7169203331-01"


def named(**headers: str) -> str:
    return name_request(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize("told", [UUID, DIGITS])
def test_a_request_has_the_name_that_its_sender_gave_it(told: str) -> None:
    assert named(X_Request_Id=told, traceparent=PARENT) == told
    assert CURRENT.get() == told


@pytest.mark.parametrize("told", [PARENT, PARENT.replace("00-", "cc-", 1) + "-what-comes-later"])
def test_a_request_without_a_name_has_that_of_its_trace(told: str) -> None:
    assert named(traceparent=told, X_Request_Id="front desk") == DIGITS


@pytest.mark.parametrize(
    "told",
    [
        "+17139872967",
        "00000000-0000-0000-0000-017139872967",
        "00000000000000000000017139872967",
        "ashok.kumar@people.example",
        f"{UUID}\n",
        f"{DIGITS}0",
        f"{DIGITS[:8]}-{DIGITS[8:]}",
        "",
    ],
)
def test_what_might_tell_of_somebody_is_no_name(told: str) -> None:
    name = named(X_Request_Id=told)

    assert len(name) == 32
    assert int(name, 16)
    assert name != told


@pytest.mark.parametrize(
    "told",
    [
        "",
        PARENT.replace("00-", "ff-", 1),
        PARENT.replace(DIGITS, "0" * 32),
        PARENT.replace(DIGITS, "00000000000000000000017139872967"),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        PARENT.upper(),
        PARENT[:-1],
        f"{PARENT}more",
    ],
)
def test_what_is_no_trace_is_passed_over(told: str) -> None:
    assert parent_of({"traceparent": told}) is None


def test_no_two_requests_have_one_name() -> None:
    assert len({named() for _ in range(1000)}) == 1000


async def test_the_name_is_in_the_line_and_the_answer_and_at_the_directory(
    service: Service, directory: FakeDirectory
) -> None:
    event = {"event": "newCall", "from": "+442079460999", "direction": "in", "callId": "1"}
    headers = {**BEARER, "X-Request-Id": UUID}
    async with service.client.post("/webhooks/generic", json=event, headers=headers) as response:
        assert response.headers.getall("X-Request-Id") == [UUID]

    assert [line["request"] for line in service.logged] == [UUID]
    assert CIMultiDict(directory.requests[0].headers)["X-Request-Id"] == UUID


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/lookup?telephone=1", 200),
        ("GET", "/v1/lookup", 422),
        ("GET", "/v1/calls", 200),
        ("GET", "/v1/calls/stream", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/lookup", 405),
        ("GET", "/livez", 200),
        ("POST", "/webhooks/nobody", 404),
        ("POST", "/webhooks/generic", 200),
    ],
)
async def test_whatever_is_answered_tells_the_name(
    service: Service, method: str, path: str, status: int
) -> None:
    headers = {**BEARER, "X-Request-Id": UUID}
    async with service.client.request(method, path, headers=headers) as response:
        assert (response.status, response.headers.getall("X-Request-Id")) == (status, [UUID])


async def test_an_answer_before_the_body_came_tells_the_name_too(service: Service) -> None:
    headers = {**BEARER, "X-Request-Id": UUID}
    async with service.client.post("/webhooks/generic", data=b"x" * 100_000, headers=headers) as response:
        assert (response.status, response.headers.getall("X-Request-Id")) == (413, [UUID])


async def test_requests_of_one_connection_and_of_one_moment_keep_their_names(service: Service) -> None:
    async def ring(number: int) -> tuple[str, str]:
        event = {"event": "newCall", "from": "+442079460999", "direction": "in", "callId": str(number)}
        async with service.client.post("/webhooks/generic", json=event, headers=BEARER) as response:
            told = await response.json()
            return told["call"]["id"], response.headers["X-Request-Id"]

    named_in_answers = dict(await asyncio.gather(*map(ring, range(20))))
    named_in_lines = {line["call"]: line["request"] for line in service.logged}

    assert named_in_lines == named_in_answers
    assert len(set(named_in_lines.values())) == 20


async def test_each_event_of_a_call_is_one_line(service: Service) -> None:
    for event in ("newCall", "answer", "hangup"):
        await service.ring(callId="1", event=event)

    assert [(line["event"], line["state"]) for line in service.logged] == [
        ("webhook", "ringing"),
        ("webhook", "answered"),
        ("webhook", "ended"),
    ]
