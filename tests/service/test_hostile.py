"""Arbitrary bytes at every door of a running service: an answer or a refusal, never a failure of ours."""

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.service.conftest import BEARER, KEY, Service
from tests.service.wire import exchange, request_line, status_of

pytestmark = pytest.mark.slow

# The service is one for all examples, on purpose: what one of them breaks, the next ones find broken.
often = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(
    ["event", "from", "to", "direction", "callId", "user", "user[]", "cause", "queue", "answeringNumber"]
)
words = st.sampled_from(["newCall", "answer", "hangup", "in", "out", "+17139872967", "1002", "anonymous"])
types = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
    ]
)


def assert_no_failure(service: Service, status: int) -> None:
    assert 200 <= status < 500
    assert [line for line in service.logged if line["level"] == "error"] == []


async def post(service: Service, body: bytes, content_type: str) -> int:
    headers = BEARER | ({"Content-Type": content_type} if content_type else {})
    async with service.client.post("/webhooks/generic", data=body, headers=headers) as response:
        await response.read()
        return response.status


@given(st.binary(max_size=300), types)
@example(b"", "")
@example(b'{"callId":' + b"9" * 5000 + b"}", "application/json")
@example(b'{"from":' + b"9" * 5000 + b"}", "application/json")
@example(b'{"user":[' + b"9" * 5000 + b"]}", "application/json")
@example(b'{"from":"' + b"9" * 60000 + b'"}', "application/json")
@example(b'{"from":"' + b"(" * 60000 + b'"}', "application/json")
@example(b"from=%00%ff%ed%a0%80&callId=%ed%a0%80", "application/x-www-form-urlencoded")
@example("\ufeff{}".encode(), "application/json")
@often
async def test_any_body_is_answered_or_refused(service: Service, body: bytes, content_type: str) -> None:
    assert_no_failure(service, await post(service, body, content_type))


@given(st.dictionaries(names, words | json_values, max_size=6))
@often
async def test_any_event_is_answered_or_refused(service: Service, event: dict[str, object]) -> None:
    async with service.client.post("/webhooks/generic", json=event, headers=BEARER) as response:
        assert_no_failure(service, response.status)
        if response.status == 200:
            answer = await response.json()
            assert answer["call"]["lookup"] == answer["lookup"]


@given(st.lists(st.tuples(names, st.binary(max_size=40)), max_size=6))
@often
async def test_any_form_is_answered_or_refused(service: Service, fields: list[tuple[str, bytes]]) -> None:
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields).encode()
    assert_no_failure(service, await post(service, body, "application/x-www-form-urlencoded"))


@given(st.binary(max_size=60), st.binary(max_size=20))
@often
async def test_any_caller_is_answered(service: Service, caller: bytes, region: bytes) -> None:
    for route, name in (("lookup", "telephone"), ("cnam", "number")):
        query = f"{name}={quote_from_bytes(caller)}&region={quote_from_bytes(region)}&key={KEY}"
        async with service.client.get(URL(f"/v1/{route}?{query}", encoded=True)) as response:
            assert_no_failure(service, response.status)
            if route == "cnam":
                assert response.status == 200


@given(
    st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"BREW"]),
    st.sampled_from([b"/", b"/webhooks/", b"/webhooks/generic/", b"/api/v1/cti/", b"/v1/", b"/metrics"]),
    st.binary(max_size=30),
)
@often
async def test_any_path_is_answered_or_refused(
    service: Service, method: bytes, start: bytes, rest: bytes
) -> None:
    target = start + quote_from_bytes(rest).encode()
    assert_no_failure(service, status_of(await exchange(service.port, request_line(method, target))))


header_values = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0"))


@given(
    st.sampled_from(
        [b"Authorization", b"X-API-Key", b"Content-Type", b"Content-Encoding", b"Accept", b"Cookie"]
    ),
    st.sampled_from([b"", b"Bearer ", b"Basic ", b"application/json; charset="]),
    header_values,
)
@often
async def test_any_header_is_answered_or_refused(
    service: Service, name: bytes, start: bytes, value: bytes
) -> None:
    header = name + b": " + start + value
    for request in (
        request_line(b"GET", b"/v1/lookup?telephone=1234", header),
        request_line(b"POST", b"/webhooks/generic/" + KEY.encode(), header, b"Content-Length: 2", body=b"{}"),
    ):
        assert_no_failure(service, status_of(await exchange(service.port, request)))
