"""Placetel: signed forms with national numbers."""

import hashlib
import hmac
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.placetel import PLACETEL
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld

SAMPLES = Path(__file__).with_name("samples")
HEADER = "X-PLACETEL-SIGNATURE"
BERLIN = Dialled("03023125017", E164("+493023125017"))
CALL = "0c59d3a1e7-1"

# Source: Placetel/call-control-notify-api README, "Security".
BODY = (
    b"call_id=4a4cbb39578170aed9a2761a7bec8c7e704a541f52291ef603d6f5f152980c3c"
    b"&event=CallAccepted&from=0123456789&to=0987654321"
)
SIGNATURE = "c4f823c5b8806432fe2b83b1fc2ee714422e0cdfb4b5129152a7d0bbcd7792d0"
SECRET = b"12345"


def verify(body: bytes, signature: str, *secrets: bytes) -> None:
    assert PLACETEL.verify is not None
    PLACETEL.verify(Request(CIMultiDict({HEADER.lower(): signature}), "", body), secrets, 0.0)


def read(body: bytes) -> CallEvent:
    (event,) = PLACETEL.read(Request({}, "", body), Facts("front-desk", "DE"))
    return event


def read_form(**fields: str) -> CallEvent:
    return read(urlencode(fields).encode())


def test_the_published_signature_verifies() -> None:
    verify(BODY, SIGNATURE, SECRET)


def test_any_of_several_secrets_verifies() -> None:
    verify(BODY, SIGNATURE, b"the old one", SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (BODY[:-1] + b"2", SIGNATURE, SECRET),
        (BODY + b"&", SIGNATURE, SECRET),
        (b"", SIGNATURE, SECRET),
        (BODY, SIGNATURE, b"12346"),
        (BODY, SIGNATURE, b""),
        (BODY, "d" + SIGNATURE[1:], SECRET),
        (BODY, SIGNATURE.upper(), SECRET),
        (BODY, SIGNATURE[:-2], SECRET),
        (BODY, SIGNATURE + "00", SECRET),
        (BODY, "é" * 64, SECRET),
    ],
)
def test_a_signature_of_anything_else_does_not(body: bytes, signature: str, secret: bytes) -> None:
    with pytest.raises(Unverified) as caught:
        verify(body, signature, secret)

    assert caught.value.reason == "signature"


def test_each_changed_byte_of_the_body_is_noticed() -> None:
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(Unverified):
            verify(changed, SIGNATURE, SECRET)


def test_without_secrets_nothing_verifies() -> None:
    with pytest.raises(Unverified):
        verify(BODY, SIGNATURE)


@pytest.mark.parametrize("signature", ["", " "])
def test_a_missing_signature_is_told_apart(signature: str) -> None:
    with pytest.raises(Unverified) as caught:
        verify(BODY, signature, SECRET)

    assert caught.value.reason == "missing"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "IncomingCall",
            CallEvent(
                "front-desk",
                CALL,
                Happening.RINGING,
                Direction.INBOUND,
                BERLIN,
                callee="+492214710042",
                key=f"{CALL}\nincomingcall",
            ),
        ),
        (
            "OutgoingCall",
            CallEvent(
                "front-desk",
                "0c59d3a1e7-2",
                Happening.RINGING,
                Direction.OUTBOUND,
                BERLIN,
                callee="7777examplea@fpbx.example",
                agents=("7777examplea@fpbx.example",),
                key="0c59d3a1e7-2\noutgoingcall",
            ),
        ),
        (
            "CallAccepted",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ANSWERED,
                Direction.INBOUND,
                BERLIN,
                callee="+492214710042",
                agents=("7777exampleb@fpbx.example",),
                answered_by="7777exampleb@fpbx.example",
                key=f"{CALL}\ncallaccepted",
            ),
        ),
        (
            "HungUp_accepted",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ENDED,
                Direction.INBOUND,
                BERLIN,
                callee="+492214710042",
                result=Result.ANSWERED,
                key=f"{CALL}\nhungup",
            ),
        ),
        (
            "HungUp_missed",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ENDED,
                Direction.INBOUND,
                None,
                result=Result.MISSED,
                key=f"{CALL}\nhungup",
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read((SAMPLES / f"placetel.{name}.form").read_bytes()) == expected


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("voicemail", Result.VOICEMAIL),
        ("missed", Result.MISSED),
        ("blocked", Result.REJECTED),
        ("accepted", Result.ANSWERED),
        ("busy", Result.REJECTED),
        ("canceled", Result.MISSED),
        ("unavailable", Result.FAILED),
        ("congestion", Result.FAILED),
        ("something new", None),
        ("", None),
    ],
)
def test_a_type_says_how_the_call_ended(word: str, result: Result | None) -> None:
    assert read_form(event="HungUp", call_id=CALL, type=word).result is result


def test_a_caller_may_be_anonymous() -> None:
    event = read_form(event="IncomingCall", call_id=CALL, **{"from": "anonymous"})

    assert event.caller == Withheld("anonymous")


@pytest.mark.parametrize("ours", ["7777examplea@fpbx.example", "02214710042"])
def test_the_end_of_an_outgoing_call_names_whom_we_called(ours: str) -> None:
    event = read_form(event="HungUp", direction="out", to="03023125017", **{"from": ours})

    assert (event.direction, event.caller) == (Direction.OUTBOUND, BERLIN)


def test_an_end_without_direction_was_outgoing_if_a_sip_user_called() -> None:
    event = read_form(event="HungUp", to="03023125017", **{"from": "7777examplea@fpbx.example"})

    assert (event.direction, event.caller) == (Direction.OUTBOUND, BERLIN)


def test_an_event_nobody_knows_changes_nothing() -> None:
    event = read_form(event="Recording", call_id=CALL)

    assert (event.happening, event.key) == (Happening.OTHER, None)


def test_only_the_signed_body_is_read() -> None:
    assert PLACETEL.read(Request({}, "event=IncomingCall&from=03023125017", b""), Facts("a", "DE")) == ()


def test_the_answer_is_an_empty_ok() -> None:
    event = read_form(event="IncomingCall", call_id=CALL)
    call = advance(None, event, 0.0)
    told = Told(Request({}, "", b""), event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (PLACETEL.answer(told), PLACETEL.nothing):
        assert (answered.status, answered.body) == (200, b"")


def test_what_signs_no_time_is_remembered() -> None:
    assert PLACETEL.timeless


NAMES = st.sampled_from(["event", "from", "to", "direction", "call_id", "peer", "type"])
BODIES = st.binary() | st.dictionaries(
    NAMES, st.text() | st.binary() | st.sampled_from(["HungUp", "IncomingCall"])
).map(lambda fields: urlencode(fields, errors="replace").encode())


@given(BODIES, st.text())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_unless_signed_and_then_are_an_event_or_none(body: bytes, shown: str) -> None:
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if shown != signature:
        with pytest.raises(Unverified):
            verify(body, shown, SECRET)
    verify(body, signature, SECRET)
    try:
        PLACETEL.read(Request({}, "", body), Facts("front-desk", "DE"))
    except Rejected:
        return
