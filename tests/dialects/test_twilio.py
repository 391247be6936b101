"""Twilio's signatures by its published vectors, its forms by samples, and its empty answer."""

import base64
import hmac
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects import Dialect, Facts, Request, Told
from cti_lookup.dialects.parties import parties_of
from cti_lookup.dialects.twilio import TWILIO, TWILIO_LATE_FIELDS, urls_of
from cti_lookup.dialects.twilio_forms import attestation_of, moment_of
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Invalid, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
CALL = "CA0000000000000000000000000000a001"
LEG = "CA0000000000000000000000000000b001"
OWN = "+17135550100"
LONDON = Dialled("+442079460958", E164("+442079460958"))

# twilio-python 9.13.0, tests/unit/test_request_validator.py; HMAC-SHA256 of the first is computed here.
TOKEN = b"12345"
PAGE = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = urlencode(
    [
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
    ]
).encode()
REPEATED = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
JSON = b'{"property": "value", "boolean": true}'
JSON_PAGE = f"{PAGE}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
SIGNED_SHA256 = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="
SHA256 = "key=webhooks_sharedkey_example,algorithm=HMAC_SHA256"
VECTORS = [
    (PAGE, FORM, SIGNED),
    ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (PAGE, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with :443
    ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, SIGNED),
    ("http://mycompany.com/myapp.php?foo=1&bar=2", FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # signed with :80
    (PAGE, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    (JSON_PAGE, JSON, "a9nBmqA0ju/hNViExpshrM61xv4="),
]


def request(url: str, body: bytes, signature: str, method: str = "POST", **headers: str) -> Request:
    scheme, _, rest = url.partition("://")
    host, slash, page = rest.partition("/")
    named = {"X-Twilio-Signature": signature, **{name.replace("_", "-"): headers[name] for name in headers}}
    return Request(named, "", body, method, slash + page, f"{scheme}://{host}")


def verify(one: Request, *secrets: bytes, dialect: Dialect = TWILIO) -> None:
    assert dialect.verify is not None
    dialect.verify(one, secrets or (TOKEN,), 0.0)


def is_refused(one: Request, *secrets: bytes, dialect: Dialect = TWILIO) -> str:
    with pytest.raises(Unverified) as refused:
        verify(one, *secrets, dialect=dialect)
    return refused.value.reason


def settings_header(value: str) -> dict[str, str]:
    return {"X_Twilio_Webhooks_Signature_Settings": value}


@pytest.mark.parametrize(("url", "body", "signature"), VECTORS)
def test_a_published_vector_verifies(url: str, body: bytes, signature: str) -> None:
    verify(request(url, body, signature))


@pytest.mark.parametrize(("url", "body", "signature"), VECTORS)
def test_a_vector_with_one_byte_of_the_body_changed_does_not(url: str, body: bytes, signature: str) -> None:
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert is_refused(request(url, changed, signature)) == "signature"


@pytest.mark.parametrize(("url", "body", "signature"), VECTORS)
def test_a_vector_with_one_letter_of_the_page_changed_does_not(url: str, body: bytes, signature: str) -> None:
    for place in range(url.index("/myapp"), len(url)):
        changed = f"{url[:place]}{chr(ord(url[place]) ^ 1)}{url[place + 1 :]}"
        assert is_refused(request(changed, body, signature)) == "signature"


@pytest.mark.parametrize(("url", "body", "signature"), VECTORS)
def test_a_vector_with_one_letter_of_the_signature_changed_does_not(
    url: str, body: bytes, signature: str
) -> None:
    for place in range(len(signature)):
        changed = f"{signature[:place]}{chr(ord(signature[place]) ^ 1)}{signature[place + 1 :]}"
        assert is_refused(request(url, body, changed)) == "signature"


@pytest.mark.parametrize(("url", "body", "signature"), VECTORS)
def test_another_token_verifies_nothing_and_an_old_one_beside_the_new_does(
    url: str, body: bytes, signature: str
) -> None:
    assert is_refused(request(url, body, signature), b"12346") == "signature"
    verify(request(url, body, signature), b"12346", TOKEN)


def test_an_added_or_missing_field_is_refused() -> None:
    assert is_refused(request(PAGE, FORM + b"&Direction=inbound", SIGNED)) == "signature"
    assert is_refused(request(PAGE, FORM.partition(b"&")[2], SIGNED)) == "signature"


def test_a_missing_signature_is_said_to_be_missing() -> None:
    assert is_refused(request(PAGE, FORM, "")) == "missing"
    assert is_refused(Request({}, "", FORM)) == "missing"


def test_of_a_get_the_url_is_signed_and_nothing_else() -> None:
    url = f"https://cti.example/webhooks/desk?{FORM.decode()}"
    signature = base64.b64encode(hmac.new(TOKEN, url.encode(), "sha1").digest()).decode()

    verify(request(url, b"", signature, "GET"))
    assert is_refused(request(url.replace("8675309", "8675300"), b"", signature, "GET")) == "signature"


def test_the_body_of_a_get_is_not_read() -> None:
    one = request("https://cti.example/x?CallSid=CA1&From=%2B442079460958", b"CallSid=CA2", "", "GET")

    (event,) = TWILIO.read(one, FACTS)
    assert (event.provider_id, event.caller) == ("CA1", LONDON)


def test_a_json_body_without_its_hash_in_the_url_is_refused() -> None:
    url_alone = base64.b64encode(hmac.new(TOKEN, PAGE.encode(), "sha1").digest()).decode()

    assert is_refused(request(PAGE, JSON, url_alone)) == "signature"


def test_a_header_may_ask_for_sha256() -> None:
    verify(request(PAGE, FORM, SIGNED_SHA256, **settings_header(SHA256)))
    verify(request(PAGE, FORM, SIGNED_SHA256, **settings_header(SHA256)), b"sha256:12345")


def test_a_strong_secret_with_nothing_in_it_verifies_nothing() -> None:
    made = base64.b64encode(hmac.digest(b"", PAGE.encode(), "sha256")).decode()
    signed = request(PAGE, b"", made, "GET", **settings_header(SHA256))
    assert is_refused(signed, b"sha256:") == "signature"


def test_no_header_weakens_what_is_configured() -> None:
    assert is_refused(request(PAGE, FORM, SIGNED), b"sha256:12345") == "algorithm"
    weak = request(PAGE, FORM, SIGNED, **settings_header("key=x,algorithm=HMAC_SHA1"))
    assert is_refused(weak, b"sha256:12345") == "algorithm"
    assert is_refused(request(PAGE, FORM, SIGNED_SHA256)) == "signature"


@pytest.mark.parametrize("algorithm", ["HMAC_MD5", "none", "SHA1", "HMAC_SHA256,algorithm=HMAC_SHA1"])
def test_any_other_algorithm_is_refused(algorithm: str) -> None:
    one = request(PAGE, FORM, SIGNED, **settings_header(f"key=x,algorithm={algorithm}"))

    assert is_refused(one) == "algorithm"


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://cti.example/x", "https://cti.example:443/x"),
        ("https://cti.example:443/x", "https://cti.example/x"),
        ("https://cti.example:8443/x?a=1", "https://cti.example/x?a=1"),
        ("http://[::1]/x", "http://[::1]:80/x"),
        ("http://[::1]:8080", "http://[::1]"),
    ],
)
def test_the_port_is_signed_or_not(url: str, other: str) -> None:
    assert urls_of(url) == (url, other)


@pytest.mark.parametrize("half", [0xD800, 0xDCFF])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_half_a_character_is_refused(half: int, method: str) -> None:
    assert is_refused(request(f"{PAGE}&x={chr(half)}", FORM, SIGNED, method)) == "signature"
    assert is_refused(request(PAGE, FORM, chr(half), method)) == "signature"


def test_without_a_public_url_nothing_verifies() -> None:
    assert is_refused(Request({"X-Twilio-Signature": SIGNED}, "", FORM, "POST", "/myapp.php?foo=1&bar=2"))
    assert TWILIO.needs_public_url


# As one public project tells it: its own account's vector, and the same with the field added after signing.
LATE_PAGE = "https://api.acme.com/twilio/voice"
LATE = b"CallSid=CA1&From=%2B5511987654321&StirVerstat=TN-Validation-Passed-A"
LATE_TOKEN = b"token"


def test_fields_added_after_signing_are_let_through_only_where_that_is_switched_on() -> None:
    late = request(LATE_PAGE, LATE, "Ihky8QgItPXqyMDC+gSUkX2dt4M=")

    assert is_refused(late, LATE_TOKEN) == "signature"
    verify(late, LATE_TOKEN, dialect=TWILIO_LATE_FIELDS)
    verify(request(LATE_PAGE, LATE, "A8xudRcvIv+pFEwk/mgVzWhDutw="), LATE_TOKEN)


def test_fields_added_after_signing_are_never_believed() -> None:
    one = request(LATE_PAGE, LATE, "")

    assert TWILIO.read(one, FACTS)[0].attestation is Attestation.FULL
    assert TWILIO_LATE_FIELDS.read(one, FACTS)[0].attestation is None


def test_where_late_fields_are_let_through_no_other_field_is() -> None:
    late = request(LATE_PAGE, LATE + b"&To=1", "Ihky8QgItPXqyMDC+gSUkX2dt4M=")

    assert is_refused(late, LATE_TOKEN, dialect=TWILIO_LATE_FIELDS) == "signature"


def read(body: bytes) -> tuple[CallEvent, ...]:
    return TWILIO.read(request("https://cti.example/webhooks/desk", body, ""), FACTS)


def sample(name: str) -> CallEvent:
    (event,) = read((SAMPLES / f"twilio.{name}.form").read_bytes())
    return event


def form(**fields: str) -> CallEvent:
    (event,) = read(urlencode({"CallSid": CALL, "CallStatus": "ringing", **fields}).encode())
    return event


GOLDEN = {
    "ringing_in": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        display_name="EXAMPLE ADA",
        key=f"{CALL}:ringing",
        attestation=Attestation.PARTIAL,
    ),
    "anonymous_client": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=Withheld("client:Anonymous"),
        key=f"{CALL}:ringing",
    ),
    "restricted_in": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=Withheld("RESTRICTED"),
        callee=OWN,
        key=f"{CALL}:ringing",
    ),
    "agent_leg_answered": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ANSWERED,
        direction=Direction.INBOUND,
        caller=LONDON,
        agents=("ada",),
        answered_by="ada",
        leg=LEG,
        key=f"{LEG}:in-progress:2",
        order=2.0,
        occurred_at=1795292103.0,
    ),
    "agent_leg_busy": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.INBOUND,
        caller=LONDON,
        agents=("100",),
        result=Result.REJECTED,
        leg=LEG,
        key=f"{LEG}:busy:3",
        order=3.0,
        occurred_at=1795292105.0,
    ),
    "completed_in": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:completed:0",
        order=0.0,
        occurred_at=1795292164.0,
    ),
    "dial_done": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ANSWERED,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:in-progress:completed",
    ),
    "digits_in": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.OTHER,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:in-progress",
    ),
    "outbound_answered": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ANSWERED,
        direction=Direction.OUTBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:in-progress:2",
        order=2.0,
        occurred_at=1795292103.0,
    ),
    "outbound_machine": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.VOICEMAIL,
        direction=Direction.OUTBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:in-progress:machine_start",
    ),
    "agent_dials": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.OUTBOUND,
        caller=LONDON,
        agents=("ada",),
        key=f"{CALL}:ringing",
    ),
    "came_round": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        key=f"{CALL}:ringing",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_sample_reads_as_it_should(name: str) -> None:
    assert sample(name) == GOLDEN[name]


def test_every_sample_is_expected() -> None:
    assert {path.name.split(".")[1] for path in SAMPLES.glob("twilio.*")} == set(GOLDEN)


@pytest.mark.parametrize(
    ("status", "happening", "result"),
    [
        ("queued", Happening.RINGING, None),
        ("initiated", Happening.RINGING, None),
        ("ringing", Happening.RINGING, None),
        ("in-progress", Happening.ANSWERED, None),
        ("answered", Happening.ANSWERED, None),
        ("completed", Happening.ENDED, Result.ANSWERED),
        ("busy", Happening.ENDED, Result.REJECTED),
        ("failed", Happening.ENDED, Result.FAILED),
        ("no-answer", Happening.ENDED, Result.MISSED),
        ("canceled", Happening.ENDED, Result.MISSED),
        ("paused", Happening.OTHER, None),
    ],
)
def test_an_outgoing_call_is_what_its_status_says(
    status: str, happening: Happening, result: Result | None
) -> None:
    event = form(CallStatus=status, Direction="outbound-api", From=OWN, To="+442079460958")

    assert (event.happening, event.result, event.caller) == (happening, result, LONDON)


def test_a_script_that_takes_an_incoming_call_is_nobody_who_answers() -> None:
    events = [sample(name) for name in ("ringing_in", "digits_in", "completed_in")]

    call = None
    for event in events:
        call = advance(call, event, 1.0)
    assert call is not None
    assert call.result is Result.MISSED


def test_the_end_of_an_incoming_call_knows_that_its_dial_was_answered() -> None:
    event = form(
        CallStatus="completed", Direction="inbound", DialCallStatus="completed", From="+442079460958"
    )

    assert event.result is Result.ANSWERED


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"", 0),
        (b"MessageSid=SM1&From=%2B442079460958&Body=hello", 0),
        (b"CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed", 0),
        (b"CallSid=CA1&From=%2B442079460958", 1),
        (b"CallSid=CA1&From=", 0),
    ],
)
def test_what_tells_of_no_call_is_none(body: bytes, events: int) -> None:
    assert len(read(body)) == events


def test_a_digit_without_a_status_does_not_ring() -> None:
    (event,) = read(FORM)

    assert (event.happening, event.provider_id) == (Happening.OTHER, "CA1234567890ABCDE")
    assert event.caller == Dialled("+14158675309", E164("+14158675309"))


def test_a_json_body_reads_as_a_form_does() -> None:
    (event,) = read(b'{"CallSid":"CA1","CallStatus":"ringing","From":"+442079460958","SequenceNumber":1}')

    assert (event.provider_id, event.caller, event.order) == ("CA1", LONDON, 1.0)


@pytest.mark.parametrize(
    ("party", "agents", "caller"),
    [
        ("client:ada", ("ada",), Invalid("client:ada", "text")),
        ("client:ada%40desk.example", ("ada@desk.example",), Invalid("client:ada%40desk.example", "text")),
        ("sip:+442079460958@sip.example", (), Dialled("sip:+442079460958@sip.example", LONDON.number)),
    ],
)
def test_an_outgoing_call_to_a_phone_names_its_agent(
    party: str, agents: tuple[str, ...], caller: object
) -> None:
    event = form(Direction="outbound-api", From=OWN, To=party)

    assert (event.agents, event.caller, event.callee) == (agents, caller, OWN)


def test_a_leg_that_dials_a_number_goes_out_to_it() -> None:
    event = form(Direction="outbound-dial", ParentCallSid="CA2", From=OWN, To="+442079460958")

    assert (event.provider_id, event.leg, event.direction, event.caller) == ("CA2", CALL, "outbound", LONDON)


@pytest.mark.parametrize("name", ["From", "Caller"])
def test_a_caller_that_is_blank_is_withheld_and_one_that_is_absent_unknown(name: str) -> None:
    assert form(**{name: ""}).caller == Withheld("")
    assert form().caller is None


@pytest.mark.parametrize(
    ("verstat", "expected"),
    [
        ("TN-Validation-Passed-A", Attestation.FULL),
        ("TN-Validation-Passed-B", Attestation.PARTIAL),
        ("TN-Validation-Passed-C", Attestation.GATEWAY),
        ("TN-Validation-Passed", Attestation.FULL),
        ("TN-Validation-Failed", Attestation.FAILED),
        ("TN-Validation-Failed-A", Attestation.FAILED),
        ("sip:+15617500080;verstat=TN-Validation-Passed@sip.example;user=phone", Attestation.FULL),
        ("No-TN-Validation", None),
        ("No-TN-Validation-Passed", None),
        ("TN-Validation-Passed-D", None),
        ("", None),
        (None, None),
    ],
)
def test_what_the_carrier_says_of_the_number_is_told(
    verstat: str | None, expected: Attestation | None
) -> None:
    assert attestation_of(verstat) is expected


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sat, 21 Nov 2026 20:15:03 +0000", 1795292103.0),
        ("Sat, 21 Nov 2026 21:15:03 +0100", 1795292103.0),
        ("2026-11-21T20:15:03Z", 1795292103.0),
        ("2026-11-21T20:15:03.5+00:00", 1795292103.5),
        ("2026-11-21T20:15:03", 1795292103.0),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_as_it_is_written(text: str | None, moment: float | None) -> None:
    assert moment_of(text) == moment


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert isinstance(moment_of(text), float | None)


def told(event: CallEvent) -> Told:
    call = advance(None, event, 1.0)
    lookup = Lookup(Outcome.WITHHELD, call.caller)
    return Told(request("https://cti.example/x", b"", ""), event, call, lookup, b"{}", b"{}")


def test_the_answer_is_a_document_that_does_nothing() -> None:
    for answered in (TWILIO.answer(told(sample("ringing_in"))), TWILIO.nothing):
        document = ET.fromstring(answered.body)  # noqa: S314  # our own
        assert (answered.status, answered.content_type) == (200, "text/xml")
        assert answered.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        assert (document.tag, len(document), document.attrib) == ("Response", 0, {})


@given(
    body=st.binary(max_size=200) | st.builds(lambda tail: FORM + tail, st.binary(max_size=40)),
    target=st.text(max_size=60),
    method=st.sampled_from(["GET", "POST"]),
    shown=st.text(max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_or_read(body: bytes, target: str, method: str, shown: str) -> None:
    headers = {"X-Twilio-Signature": shown, "X-Twilio-Webhooks-Signature-Settings": shown}
    one = Request(headers, "", body, method, target, "https://cti.example")

    is_refused(one)
    is_refused(one, dialect=TWILIO_LATE_FIELDS)
    try:
        events = TWILIO.read(one, FACTS)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)


def test_a_desk_phone_that_is_registered_with_the_carrier_calls_out() -> None:
    phone, dialled = "sip:ada@desk.sip.example.com", "sip:+12025550143@desk.sip.example.com:5060;user=phone"
    going = parties_of(phone, dialled, outbound=False, is_leg=False)
    coming = parties_of("sip:ada@elsewhere.example", dialled, outbound=False, is_leg=False)

    assert (going.direction, going.theirs, going.agent) == (Direction.OUTBOUND, dialled, "ada")
    assert coming.direction is Direction.INBOUND
