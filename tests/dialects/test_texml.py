"""TeXML: Twilio's form fields under Telnyx' signature."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.dialects import Facts, Request
from cti_lookup.dialects.texml import TEXML
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import Attestation, CallEvent, Direction, Happening
from cti_lookup.telephone import E164, Dialled

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw())
NOW = 1795292103.0
BODY = (SAMPLES / "texml.answered.form").read_bytes()
NUMBER = E164("+442079460958")


def signed(body: bytes = BODY, **changed: str) -> Request:
    at = "1795292103"
    signature = base64.b64encode(KEY.sign(f"{at}|".encode() + BODY)).decode()
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at}
    return Request(headers | {name.replace("_", "-"): text for name, text in changed.items()}, "", body)


def verify(one: Request, now: float = NOW) -> None:
    assert TEXML.verify is not None
    TEXML.verify(one, (PUBLIC,), now)


def is_refused(one: Request, now: float = NOW) -> str:
    with pytest.raises(Unverified) as refused:
        verify(one, now)
    return refused.value.reason


def test_a_signed_form_verifies() -> None:
    verify(signed())


def test_a_form_with_one_byte_changed_does_not() -> None:
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert is_refused(signed(changed)) == "signature"


def test_another_time_than_the_signed_one_does_not() -> None:
    assert is_refused(signed(telnyx_timestamp="1795292104")) == "signature"


@pytest.mark.parametrize("away", [-301.0, 301.0])
def test_a_time_too_far_away_is_stale(away: float) -> None:
    assert is_refused(signed(), NOW + away) == "stale"


@pytest.mark.parametrize(
    "text", ["1_795292103", "+1795292103", "1795292103.0", "１７９５２９２１０３", "now"]
)
def test_a_time_that_is_no_plain_number_is_stale(text: str) -> None:
    assert is_refused(signed(telnyx_timestamp=text)) == "stale"


def test_a_missing_header_is_said_to_be_missing() -> None:
    assert is_refused(signed(telnyx_signature_ed25519="")) == "missing"
    assert is_refused(signed(telnyx_timestamp="")) == "missing"


def sample(name: str) -> CallEvent:
    (event,) = TEXML.read(Request({}, "", (SAMPLES / f"texml.{name}.form").read_bytes()), FACTS)
    return event


def test_an_agents_answer_belongs_to_the_call_that_rang_the_agent() -> None:
    assert sample("answered") == CallEvent(
        source="front-desk",
        provider_id="v3:example-call",
        happening=Happening.ANSWERED,
        direction=Direction.INBOUND,
        caller=Dialled("+442079460958", NUMBER),
        callee=None,
        agents=("ada",),
        answered_by="ada",
        display_name="Ada Example",
        leg="v3:example-leg",
        key="v3:example-leg:in-progress:2",
        order=2.0,
        occurred_at=NOW,
        attestation=Attestation.FULL,
    )


def test_a_call_that_comes_in_rings() -> None:
    assert sample("ringing_in") == CallEvent(
        source="front-desk",
        provider_id="v3:example-call",
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=Dialled("+44-20-7946-0958", NUMBER),
        callee="+17135550100",
        display_name="Ada Example",
        key="v3:example-call:ringing",
        attestation=Attestation.FAILED,
    )


@pytest.mark.parametrize(
    ("level", "validated", "expected"),
    [
        ("A", "true", Attestation.FULL),
        ("b", "True", Attestation.PARTIAL),
        ("C", "true", Attestation.GATEWAY),
        ("A", "false", Attestation.FAILED),
        ("", "false", None),
        ("A", "", None),
        ("D", "true", None),
    ],
)
def test_an_attestation_counts_as_far_as_it_was_validated(
    level: str, validated: str, expected: Attestation | None
) -> None:
    body = f"CallSid=1&CallStatus=ringing&ShakenStirAttestation={level}&ShakenStirValidated={validated}"
    (event,) = TEXML.read(Request({}, "", body.encode()), FACTS)

    assert event.attestation is expected


def test_a_query_is_not_read_as_nothing_signs_it() -> None:
    query = BODY.decode()

    assert TEXML.read(Request({}, query, b"", "GET", f"/webhooks/desk?{query}"), FACTS) == ()


def test_a_state_without_direction_is_what_it_says() -> None:
    (event,) = TEXML.read(Request({}, "", b"CallSid=1&CallStatus=in-progress&From=%2B442079460958"), FACTS)

    assert event.happening is Happening.ANSWERED


@given(body=st.binary(max_size=200), shown=st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_or_read(body: bytes, shown: str) -> None:
    headers = {"telnyx-signature-ed25519": shown, "telnyx-timestamp": "1795292103"}

    is_refused(Request(headers, "", body))
    try:
        events = TEXML.read(Request(headers, "", body), FACTS)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)
