"""SignalWire's two signatures by its published vectors, its forms and JSON by samples, its empty answers."""

import base64
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects import Facts, Request, Told
from cti_lookup.dialects.signalwire import SIGNALWIRE
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Invalid

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
CALL = "00000000-0000-4000-8000-00000000a001"
LEG = "00000000-0000-4000-8000-00000000b001"
OWN = "+17135550100"
NUMBER = E164("+442079460958")

# signalwire 2.1.1 (PyPI), signalwire/tests/test_request_validator.py.
SWML_KEY = b"PSK_7TruNcSNTxp4zNrykMj4EPzF"
SWML_URL = "https://81f2-2-45-18-191.ngrok-free.app"
SWML_SIGNED = "b18500437ebb010220ddd770cbe6fd531ea0ba0d"
SWML = json.dumps(
    {
        "call": {
            "call_id": "b5d63b2e-f75b-4dc8-b6d4-269b635f96c0",
            "node_id": "fa3570ae-f8bd-42c2-83f4-9950d906c91b@us-west",
            "segment_id": "b5d63b2e-f75b-4dc8-b6d4-269b635f96c0",
            "call_state": "created",
            "direction": "inbound",
            "type": "phone",
            "from": "+12135877632",
            "to": "+12089806814",
            "from_number": "+12135877632",
            "to_number": "+12089806814",
            "project_id": "4b7ae78a-d02e-4889-a63b-08b156d5916e",
            "space_id": "62615f44-2a34-4235-b38b-76b5a1de6ef8",
        },
        "vars": {},
    },
    separators=(",", ":"),
).encode()
FORM_KEY = b"PSK_V3bF8oyeRNpJWGoRWHNYQMUU"
BUSY = {
    "AccountSid": "6bfbbe86-a901-4197-8759-2a0de1fa319d",
    "ApiVersion": "2010-04-01",
    "CallbackSource": "call-progress-events",
    "CallSid": "0703574f-b151-465d-aedb-28972eb513c7",
    "CallStatus": "busy",
    "Direction": "outbound-api",
    "From": "sip:+17063958228@sip.swire.io",
    "HangupBy": "sip:jpsantos@joaosantos-2a0de1fa319d.sip.swire.io",
    "HangupDirection": "inbound",
    "Timestamp": "Thu, 09 Nov 2023 17:05:04 +0000",
    "To": "sip:jpsantos@joaosantos-2a0de1fa319d.sip.swire.io",
    "SipResultCode": "486",
}
NO_ANSWER = BUSY | {
    "CallSid": "a97d4e8a-6047-4e2b-be48-fb96b33b5642",
    "Timestamp": "Thu, 09 Nov 2023 14:40:55 +0000",
    "CallStatus": "no-answer",
    "HangupDirection": "outbound",
    "HangupBy": "sip:+17063958228@sip.swire.io",
    "SipResultCode": "487",
}
VECTORS = [
    (SWML_URL, "/", SWML, SWML_KEY, SWML_SIGNED),
    (
        "http://0aac-189-71-169-171.ngrok-free.app",
        "/voice",
        urlencode(BUSY).encode(),
        FORM_KEY,
        "lf3nWPmUr2y6jSeeoMW4mg58vgI=",
    ),
    (
        "https://675d-189-71-169-171.ngrok-free.app",
        "/voice",
        urlencode(NO_ANSWER).encode(),
        FORM_KEY,
        "muUMpldcBHlzuXGZ5gbw1ETZCYA=",
    ),
    (
        "https://675d-189-71-169-171.ngrok-free.app",
        "/voice",
        json.dumps(NO_ANSWER, indent=4).encode(),
        FORM_KEY,
        "muUMpldcBHlzuXGZ5gbw1ETZCYA=",
    ),
]
HEADERS = ["X-SignalWire-Signature", "X-Twilio-Signature"]


def request(base: str, target: str, body: bytes, signature: str, header: str = HEADERS[0]) -> Request:
    return Request({header: signature}, "", body, "POST", target, base)


def verify(one: Request, *secrets: bytes) -> None:
    assert SIGNALWIRE.verify is not None
    SIGNALWIRE.verify(one, secrets, 0.0)


def is_refused(one: Request, *secrets: bytes) -> str:
    with pytest.raises(Unverified) as refused:
        verify(one, *secrets)
    return refused.value.reason


@pytest.mark.parametrize(("base", "target", "body", "key", "signature"), VECTORS)
def test_a_published_vector_verifies_under_either_header(
    base: str, target: str, body: bytes, key: bytes, signature: str
) -> None:
    for header in HEADERS:
        verify(request(base, target, body, signature, header), key)
        verify(request(base, target, body, signature, header), b"another", key)


@pytest.mark.parametrize(("base", "target", "body", "key", "signature"), VECTORS)
def test_a_vector_with_anything_changed_does_not(
    base: str, target: str, body: bytes, key: bytes, signature: str
) -> None:
    assert is_refused(request(base, target, body, signature), b"another") == "signature"
    assert is_refused(request(base, f"{target}x", body, signature), key) == "signature"
    assert is_refused(request(base.replace("ngrok", "ngrol"), target, body, signature), key) == "signature"
    for place in range(len(signature)):
        changed = f"{signature[:place]}{chr(ord(signature[place]) ^ 1)}{signature[place + 1 :]}"
        assert is_refused(request(base, target, body, changed), key) == "signature"


@pytest.mark.parametrize(("base", "target", "body", "key", "signature"), VECTORS[:3])
def test_a_vector_with_one_byte_of_the_body_changed_does_not(
    base: str, target: str, body: bytes, key: bytes, signature: str
) -> None:
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert is_refused(request(base, target, changed, signature), key) == "signature"


def test_a_signed_form_cannot_carry_a_call_in_json() -> None:
    base, target, _, key, signature = VECTORS[1]
    call = {"call_id": "forged", "call_state": "created", "from": "+442079460958", "direction": "inbound"}
    forged = json.dumps(BUSY | {"call": call}).encode()

    assert is_refused(request(base, target, forged, signature), key) == "signature"


def test_a_form_is_not_signed_by_its_raw_bytes() -> None:
    base, target, body, key, _ = VECTORS[1]
    raw = hmac.new(key, f"{base}{target}".encode() + body, "sha1")

    assert is_refused(request(base, target, body, raw.hexdigest()), key) == "signature"
    in_base64 = base64.b64encode(raw.digest()).decode()
    assert is_refused(request(base, target, body, in_base64), key) == "signature"


def test_a_missing_signature_is_said_to_be_missing() -> None:
    assert is_refused(Request({}, "", SWML, "POST", "/", SWML_URL), SWML_KEY) == "missing"


def sample(name: str) -> CallEvent:
    (event,) = SIGNALWIRE.read(request("", "", (SAMPLES / f"signalwire.{name}").read_bytes(), ""), FACTS)
    return event


GOLDEN = {
    "busy_out.form": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.OUTBOUND,
        caller=Invalid("sip:ada@example.sip.example", "text"),
        callee=OWN,
        agents=("ada",),
        result=Result.REJECTED,
        key=f"{CALL}:busy",
        occurred_at=1795292104.0,
    ),
    "created.json": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=Dialled("+442079460958", NUMBER),
        callee=OWN,
        key=f"{CALL}:initiated",
    ),
    "leg_answered.json": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ANSWERED,
        direction=Direction.INBOUND,
        caller=Dialled("sip:+442079460958@example.sip.example", NUMBER),
        agents=("ada",),
        answered_by="ada",
        leg=LEG,
        key=f"{LEG}:in-progress",
    ),
    "ended_unanswered.json": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.INBOUND,
        caller=Dialled("+442079460958", NUMBER),
        callee=OWN,
        result=Result.MISSED,
        key=f"{CALL}:no-answer",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_sample_reads_as_it_should(name: str) -> None:
    assert sample(name) == GOLDEN[name]


def test_every_sample_is_expected() -> None:
    assert {path.name.partition(".")[2] for path in SAMPLES.glob("signalwire.*")} == set(GOLDEN)


def test_flat_json_reads_as_the_form_does() -> None:
    as_form = SIGNALWIRE.read(request("", "", urlencode(BUSY).encode(), ""), FACTS)

    assert SIGNALWIRE.read(request("", "", json.dumps(BUSY).encode(), ""), FACTS) == as_form


@pytest.mark.parametrize("call", [None, [], "x", {}, {"call_id": None}, {"call_id": {}}, {"call_id": True}])
def test_json_without_a_call_tells_of_none(call: object) -> None:
    assert SIGNALWIRE.read(request("", "", json.dumps({"call": call}).encode(), ""), FACTS) == ()


@pytest.mark.parametrize(
    ("state", "reason", "happening", "result"),
    [
        ("created", None, Happening.RINGING, None),
        ("ringing", None, Happening.RINGING, None),
        ("answered", None, Happening.ANSWERED, None),
        ("ending", None, Happening.OTHER, None),
        ("ended", "hangup", Happening.ENDED, Result.ANSWERED),
        ("ended", None, Happening.ENDED, Result.ANSWERED),
        ("ended", "busy", Happening.ENDED, Result.REJECTED),
        ("ended", "decline", Happening.ENDED, Result.REJECTED),
        ("ended", "noAnswer", Happening.ENDED, Result.MISSED),
        ("ended", "cancel", Happening.ENDED, Result.MISSED),
        ("ended", "error", Happening.ENDED, Result.FAILED),
    ],
)
def test_a_state_tells_what_happened(
    state: str, reason: str | None, happening: Happening, result: Result | None
) -> None:
    call = {"call_id": CALL, "call_state": state, "end_reason": reason, "direction": "outbound"}
    (event,) = SIGNALWIRE.read(request("", "", json.dumps({"params": call}).encode(), ""), FACTS)

    assert (event.happening, event.result) == (happening, result)


def answer(name: str) -> tuple[str, bytes]:
    one = request("", "", (SAMPLES / f"signalwire.{name}").read_bytes(), "")
    (event,) = SIGNALWIRE.read(one, FACTS)
    call = advance(None, event, 1.0)
    told = Told(one, event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")
    answered = SIGNALWIRE.answer(told)
    return answered.content_type, answered.body


def test_json_is_answered_with_an_empty_document_in_json() -> None:
    content_type, body = answer("created.json")

    assert content_type == "application/json"
    assert json.loads(body) == {"version": "1.0.0", "sections": {"main": []}}


def test_a_form_is_answered_with_an_empty_document_in_xml() -> None:
    content_type, body = answer("busy_out.form")
    document = ET.fromstring(body)  # noqa: S314  # our own

    assert (content_type, document.tag, len(document)) == ("text/xml", "Response", 0)


@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["call", "params", "call_id", "from", "device", "CallSid"]), inner
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    target=st.text(max_size=60),
    method=st.sampled_from(["GET", "POST"]),
    shown=st.text(max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_or_read(body: bytes, target: str, method: str, shown: str) -> None:
    one = Request({HEADERS[0]: shown}, "", body, method, target, "https://cti.example")

    is_refused(one, FORM_KEY)
    try:
        events = SIGNALWIRE.read(one, FACTS)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)
