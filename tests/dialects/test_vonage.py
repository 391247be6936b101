"""Vonage Voice: events and answer requests under a signed token, and one event for each leg."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import CallBook, State, advance
from cti_lookup.dialects.dialect import Answered, Facts, Request, Told
from cti_lookup.dialects.vonage import VONAGE
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld
from tests.dialects.tokens import HEADER, sha256_of, signed

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1780000000.0
TALK = "CON-11111111-2222-4333-8444-555555555555"
LEG = "66666666-7777-4888-8999-aaaaaaaaaaaa"
LONDON = Dialled("442079460958", E164("+442079460958"))
DESK = "+17135550100"
QUERY = (SAMPLES / "vonage.answer_request.txt").read_text()


def body(name: str) -> bytes:
    return (SAMPLES / f"vonage.{name}.json").read_bytes()


def post(written: bytes, token: str = "") -> Request:
    return Request(CIMultiDict({"Authorization": f"Bearer {token}"}), "", written)


def get(query: str, token: str = "") -> Request:
    headers = CIMultiDict({"Authorization": f"Bearer {token}"})
    return Request(headers, query, b"", "GET", f"/webhooks/front-desk?{query}")


def token(covered: bytes, secret: bytes = SECRET, header: Mapping[str, Any] = HEADER, **claims: Any) -> str:
    said = {"iat": NOW, "jti": "1", "iss": "Vonage", "payload_hash": sha256_of(covered), **claims}
    return signed({name: value for name, value in said.items() if value is not None}, secret, dict(header))


def verify(request: Request, *secrets: bytes, now: float = NOW) -> None:
    assert VONAGE.verify is not None
    VONAGE.verify(request, secrets or (SECRET,), now)


def refused(request: Request, *secrets: bytes, now: float = NOW) -> str:
    with pytest.raises(Unverified) as caught:
        verify(request, *secrets, now=now)
    return caught.value.reason


def compact(fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def as_json(query: str) -> bytes:
    return compact(dict(parse_qsl(query)))


def read(request: Request) -> CallEvent:
    (event,) = VONAGE.read(request, FACTS)
    return event


def fields(**told: Any) -> CallEvent:
    return read(post(json.dumps({"conversation_uuid": TALK, "uuid": LEG, **told}).encode()))


def test_a_token_that_covers_the_body_verifies() -> None:
    written = body("ringing_inbound")

    verify(post(written, token(written)))
    verify(post(written, token(written)), b"the old one", SECRET)


def test_a_token_may_cover_the_body_without_its_blanks() -> None:
    written = '{ "from": "442079460958", "note": "grüß \\"dich\\"" }\n'.encode()

    verify(post(written, token('{"from":"442079460958","note":"grüß \\"dich\\""}'.encode())))


def test_a_token_that_covers_the_query_verifies() -> None:
    verify(get(QUERY, token(as_json(QUERY))))


def test_each_changed_byte_of_the_body_is_noticed() -> None:
    written = compact(json.loads(body("ringing_inbound")))
    made = token(written)
    for place in range(len(written)):
        changed = written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :]
        refused(post(changed, made))


@pytest.mark.parametrize("name", [name for name, _ in parse_qsl(QUERY)])
def test_each_changed_parameter_is_noticed(name: str) -> None:
    told = dict(parse_qsl(QUERY))
    made = token(as_json(QUERY))
    for other in (
        {**told, name: told[name] + "1"},
        {**told, name: ""},
        {other: value for other, value in told.items() if other != name},
        {name: told[name], **{other: value for other, value in reversed(told.items()) if other != name}},
    ):
        assert refused(get(urlencode(other), made)) == "signature"


@pytest.mark.parametrize("more", ["&x=1", "&x=1&x=2", "&from=442079460958", "&x", "&x="])
def test_a_parameter_that_was_added_is_noticed(more: str) -> None:
    assert refused(get(QUERY + more, token(as_json(QUERY)))) == "signature"


def test_a_body_is_not_covered_by_the_hash_of_a_query_nor_a_query_by_that_of_nothing() -> None:
    assert refused(post(body("ringing_inbound"), token(as_json(QUERY)))) == "signature"
    assert refused(get(QUERY, token(b""))) == "signature"


@pytest.mark.parametrize("claims", [{"payload_hash": None}, {"payload_hash": 7}, {"payload_hash": ["a"]}])
def test_a_token_that_covers_nothing_is_refused(claims: dict[str, Any]) -> None:
    assert refused(post(b"{}", token(b"{}", **claims))) == "claims"


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301, None])
def test_a_token_of_another_time_or_none_is_refused(at: float | None) -> None:
    assert refused(post(b"{}", token(b"{}", iat=at))) == "stale"


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "RS256"}, {"alg": "HS512"}])
def test_no_other_algorithm_is_taken(header: dict[str, str]) -> None:
    assert refused(post(b"{}", token(b"{}", header=header))) == "algorithm"


def test_another_secret_does_not_verify() -> None:
    assert refused(post(b"{}", token(b"{}", b"1" + SECRET[1:]))) == "signature"


@pytest.mark.parametrize("shown", ["", "Bearer", "Basic YTpi", "Bearer  "])
def test_a_request_without_a_token_is_refused(shown: str) -> None:
    request = Request(CIMultiDict({"Authorization": shown} if shown else {}), "", b"{}")

    assert refused(request) in ("missing", "signature")


def event(happening: Happening, word: str, at: float, stamp: str, **more: Any) -> CallEvent:
    more = {"direction": Direction.INBOUND, "caller": LONDON, "callee": DESK, **more}
    return CallEvent(
        "front-desk",
        TALK,
        happening,
        leg=LEG,
        key=f"{LEG}\n{word}\n2026-05-28T20:{stamp}Z",
        order=at,
        occurred_at=at,
        **more,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("started_inbound", event(Happening.RINGING, "started", 1780000000.0, "26:40.000")),
        ("ringing_inbound", event(Happening.RINGING, "ringing", 1780000000.25, "26:40.250")),
        ("answered_inbound", event(Happening.ANSWERED, "answered", 1780000005.0, "26:45.000")),
        ("completed_inbound", event(Happening.ENDED, "completed", 1780000080.0, "28:00.000")),
        (
            "unanswered_outbound",
            event(
                Happening.ENDED,
                "unanswered",
                1780000020.0,
                "27:00.000",
                direction=Direction.OUTBOUND,
                result=Result.MISSED,
            ),
        ),
        (
            "machine",
            event(Happening.VOICEMAIL, "machine", 1780000010.0, "26:50.000", direction=Direction.OUTBOUND),
        ),
        (
            "record",
            CallEvent(
                "front-desk",
                TALK,
                Happening.OTHER,
                Direction.INBOUND,
                None,
                order=1780000066.0,
                occurred_at=1780000066.0,
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(post(body(name))) == expected


@pytest.mark.parametrize("request_", [get(QUERY), post(body("answer_request"))])
def test_a_request_to_the_answer_url_tells_that_it_rings(request_: Request) -> None:
    assert read(request_) == CallEvent(
        "front-desk",
        TALK,
        Happening.RINGING,
        Direction.INBOUND,
        LONDON,
        callee=DESK,
        leg=LEG,
        key=f"{LEG}\nanswer request\n",
    )


@pytest.mark.parametrize(
    ("status", "happening", "result"),
    [
        ("busy", Happening.ENDED, Result.REJECTED),
        ("cancelled", Happening.ENDED, Result.MISSED),
        ("timeout", Happening.ENDED, Result.MISSED),
        ("rejected", Happening.ENDED, Result.REJECTED),
        ("failed", Happening.ENDED, Result.FAILED),
        ("human", Happening.ANSWERED, None),
        ("disconnected", Happening.OTHER, None),
        ("something new", Happening.OTHER, None),
    ],
)
def test_a_status_says_what_happened(status: str, happening: Happening, result: Result | None) -> None:
    told = fields(status=status)

    assert (told.happening, told.result) == (happening, result)


@pytest.mark.parametrize(
    "more",
    [
        {"dtmf": {"digits": "42", "timed_out": False}},
        {"speech": {"results": []}},
        {"payload": {"any": "thing"}},
        {"recording_url": "https://recordings.example/1"},
        {"type": "leg:status:update"},
    ],
)
def test_what_was_pressed_or_said_is_no_answer_request(more: dict[str, Any]) -> None:
    told = {"from": "442079460958", "to": "17135550100", **more}

    assert fields(**told).happening is Happening.OTHER
    assert answered(post(json.dumps({"uuid": LEG, **told}).encode())).status == 204


@pytest.mark.parametrize("region", ["US", "DE", "IN", None])
def test_no_region_changes_a_number_that_has_its_country_code(region: str | None) -> None:
    request = post(json.dumps({"uuid": LEG, "from": "61491570156", "to": "17135550100"}).encode())
    (told,) = VONAGE.read(request, Facts("front-desk", region))

    assert told.caller == Dialled("61491570156", E164("+61491570156"))
    assert told.callee == DESK


@pytest.mark.parametrize("raw", ["anonymous", "Restricted", "unknown", "", None])
def test_a_caller_may_show_no_number(raw: str | None) -> None:
    assert isinstance(fields(status="ringing", **{"from": raw}).caller, Withheld)


def test_a_leg_to_an_agents_phone_names_nobody_outside() -> None:
    told = fields(
        status="answered", direction="outbound", **{"from": "17135550100", "to": "sip:ada@desk.example"}
    )

    assert (told.caller, told.agents, told.answered_by) == (None, ("ada",), "ada")


@pytest.mark.parametrize("written", [b"{}", b'{"status": "ringing"}', b'{"reason": "Syntax error in NCCO."}'])
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert VONAGE.read(post(written), FACTS) == ()


async def test_a_leg_that_moved_ends_where_it_then_is() -> None:
    book = CallBook(lambda: NOW)
    for name in ("ringing_inbound", "answered_inbound", "transfer"):
        for told in VONAGE.read(post(body(name)), FACTS):
            call = await book.record(told)
    assert (call.state, call.caller) == (State.ANSWERED, LONDON)

    end = {**json.loads(body("completed_inbound")), "conversation_uuid": TALK[:-1] + "6"}
    ended = await book.record(read(post(json.dumps(end).encode())))

    assert (ended.id, ended.state, ended.result) == (call.id, State.ENDED, Result.ANSWERED)


def answered(request: Request) -> Answered:
    told = VONAGE.read(request, FACTS)[0]
    call = advance(None, told, 0.0)
    return VONAGE.answer(Told(request, told, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}"))


def test_an_event_is_answered_without_a_body() -> None:
    assert (answered(post(body("ringing_inbound"))).status, answered(post(body("machine"))).body) == (
        204,
        b"",
    )


@pytest.mark.parametrize("request_", [get(QUERY), post(body("answer_request"))])
def test_the_answer_url_is_answered_with_an_empty_list_of_actions(request_: Request) -> None:
    for one in (answered(request_), VONAGE.nothing):
        assert (one.status, one.content_type, json.loads(one.body)) == (200, "application/json", [])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["from", "to", "direction", "uuid", "conversation_uuid", "conversation_uuid_to", "status", "timestamp"]
)
BODIES = st.binary() | st.dictionaries(NAMES, VALUES).map(lambda told: json.dumps(told).encode())


@given(BODIES, st.text())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_are_an_event_or_none(written: bytes, query: str) -> None:
    for request in (post(written, token(b"something else")), get(query, "a.b.c")):
        refused(request)
        try:
            events = VONAGE.read(request, FACTS)
        except Rejected:
            continue
        if events:
            answered(request)
