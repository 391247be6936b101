"""Plivo's signatures by its published vectors, its forms by samples, and its empty answer."""

import base64
import hmac
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.dialects import Facts, Request
from cti_lookup.dialects.plivo import PLIVO
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Invalid, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "DE")
CALL = "00000000-0000-4000-8000-00000000c001"
LEG = "00000000-0000-4000-8000-00000000d001"
OWN = "+17135550100"
LONDON = Dialled("442079460958", E164("+442079460958"))

# plivo-go and plivo-dotnet, tests of signature V3; V2: the SDKs' tests.
TOKEN = b"Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
BASE = "https://plivobin.non-prod.plivops.com"
PAGE = "/api/v1/validate_signature03.xml/"
NONCE = "31627761595286130198"
FORM = urlencode(
    {
        "Direction": "outbound",
        "From": "19792014278",
        "ALegUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
        "CallStatus": "in-progress",
        "BillRate": "0.002",
        "ParentAuthID": "MANWVLYTK4ZWU1YTY4QA",
        "To": "sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com",
        "ALegRequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
        "CallUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
        "RequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
        "SIP-H-To": "<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1",
        "SessionStart": "2020-04-08 11:34:33.238707",
        "Event": "StartApp",
    }
)
POSTED = "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="
GOT = "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ="
V3 = "X-Plivo-Signature-V3"


def post(body: str = FORM, signature: str = POSTED, target: str = f"{PAGE}?a=b&c=d", **more: str) -> Request:
    headers = {V3: signature, f"{V3}-Nonce": NONCE, **{name.replace("_", "-"): more[name] for name in more}}
    return Request(headers, "", body.encode(), "POST", target, BASE)


def get(query: str = f"a=b&c=d&{FORM}", signature: str = GOT) -> Request:
    return Request({V3: signature, f"{V3}-Nonce": NONCE}, query, b"", "GET", f"{PAGE}?{query}", BASE)


def verify(one: Request, *secrets: bytes) -> None:
    assert PLIVO.verify is not None
    PLIVO.verify(one, secrets or (TOKEN,), 0.0)


def is_refused(one: Request, *secrets: bytes) -> str:
    with pytest.raises(Unverified) as refused:
        verify(one, *secrets)
    return refused.value.reason


def made(text: str) -> str:
    return base64.b64encode(hmac.new(TOKEN, f"{text}.{NONCE}".encode(), "sha256").digest()).decode()


def test_the_published_vectors_verify() -> None:
    verify(post())
    verify(get())


def test_the_order_of_fields_does_not_matter() -> None:
    verify(get(f"{FORM}&c=d&a=b"))
    verify(post("&".join(reversed(FORM.split("&"))), target=f"{PAGE}?c=d&a=b"))


def test_a_vector_with_one_byte_of_the_body_changed_does_not_verify() -> None:
    for place in range(len(FORM)):
        changed = f"{FORM[:place]}{chr(ord(FORM[place]) ^ 1)}{FORM[place + 1 :]}"
        assert is_refused(post(changed)) == "signature"
        assert is_refused(get(f"a=b&c=d&{changed}")) == "signature"


def test_a_vector_with_one_letter_of_the_page_changed_does_not_verify() -> None:
    target = f"{PAGE}?a=b&c=d"
    for place in range(len(target)):
        changed = f"{target[:place]}{chr(ord(target[place]) ^ 1)}{target[place + 1 :]}"
        assert is_refused(post(target=changed)) == "signature"


def test_a_vector_with_one_letter_of_signature_or_nonce_changed_does_not_verify() -> None:
    for place in range(len(POSTED)):
        changed = f"{POSTED[:place]}{chr(ord(POSTED[place]) ^ 1)}{POSTED[place + 1 :]}"
        assert is_refused(post(signature=changed)) == "signature"
    for place in range(len(NONCE)):
        changed = f"{NONCE[:place]}{chr(ord(NONCE[place]) ^ 1)}{NONCE[place + 1 :]}"
        assert is_refused(post(X_Plivo_Signature_V3_Nonce=changed)) == "signature"


def test_another_token_verifies_nothing_and_an_old_one_beside_the_new_does() -> None:
    assert is_refused(post(), b"another") == "signature"
    verify(post(), b"another", TOKEN)


def test_one_good_signature_of_a_list_is_enough() -> None:
    verify(post(signature=f"bm90IHRoaXM=, {POSTED}"))
    verify(post(signature=f"{POSTED},bm90IHRoaXM="))
    assert is_refused(post(signature="bm90IHRoaXM=,,bm90IHRoaXQ=")) == "signature"


def test_a_list_may_stand_in_several_lines() -> None:
    lines = CIMultiDict([(V3, "bm90IHRoaXM="), (V3.lower(), POSTED), (f"{V3}-Nonce", NONCE)])

    verify(Request(lines, "", FORM.encode(), "POST", f"{PAGE}?a=b&c=d", BASE))


def test_the_signature_of_the_main_account_is_good_too() -> None:
    verify(post(signature="bm90IHRoaXM=", X_Plivo_Signature_Ma_V3=POSTED))
    verify(post(signature="", X_Plivo_Signature_Ma_V3=POSTED))


def test_a_url_without_query_is_signed_with_a_question_mark_or_without() -> None:
    page = "https://plivobin.non-prod.plivops.com/webhooks/desk"

    for text in (f"{page}?CallUUID1From2", f"{page}CallUUID1From2"):
        verify(post("From=2&CallUUID=1", made(text), "/webhooks/desk"))
    assert is_refused(post("From=2&CallUUID=1", made(f"{page}?"), "/webhooks/desk")) == "signature"


def test_v2_is_refused_by_name_although_its_signature_is_right() -> None:
    signed = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="
    one = Request(
        {"X-Plivo-Signature-V2": signed, "X-Plivo-Signature-V2-Nonce": "12345"},
        "",
        FORM.encode(),
        "POST",
        "",
        "https://answer.url",
    )

    made_v2 = base64.b64encode(hmac.new(b"my_auth_token", b"https://answer.url12345", "sha256").digest())
    assert made_v2.decode() == signed
    assert is_refused(one, b"my_auth_token") == "algorithm"


@pytest.mark.parametrize("missing", [V3, f"{V3}-Nonce"])
def test_a_missing_header_is_said_to_be_missing(missing: str) -> None:
    one = post()
    headers = {name: value for name, value in one.headers.items() if name != missing}

    assert is_refused(Request(headers, "", one.body, "POST", one.target, one.base)) == "missing"


def test_a_nonce_cannot_take_in_a_piece_of_the_body() -> None:
    moved = made("https://plivobin.non-prod.plivops.com/x?From2")
    one = post("From=2.3", moved, "/x", X_Plivo_Signature_V3_Nonce=f"3.{NONCE}")

    assert is_refused(one) == "signature"


def read(body: bytes) -> tuple[CallEvent, ...]:
    return PLIVO.read(Request({}, "", body), FACTS)


def sample(name: str) -> CallEvent:
    (event,) = read((SAMPLES / f"plivo.{name}.form").read_bytes())
    return event


GOLDEN = {
    "StartApp_in": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee=OWN,
        display_name="+442079460958",
        key=f"{CALL}:StartApp:ringing",
    ),
    "StartApp_out": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ANSWERED,
        direction=Direction.OUTBOUND,
        caller=Invalid("sip:ada382029104@phone.example", "text"),
        callee=OWN,
        agents=("ada382029104",),
        answered_by="ada382029104",
        key=f"{CALL}:StartApp:in-progress",
    ),
    "Hangup_missed": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.INBOUND,
        caller=Withheld("anonymous"),
        callee=OWN,
        result=Result.MISSED,
        key=f"{CALL}:Hangup:no-answer",
    ),
    "leg_Hangup": CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.ENDED,
        direction=Direction.INBOUND,
        caller=LONDON,
        agents=("ada",),
        result=Result.ANSWERED,
        leg=LEG,
        key=f"{LEG}:Hangup:completed",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_sample_reads_as_it_should(name: str) -> None:
    assert sample(name) == GOLDEN[name]


def test_every_sample_is_expected() -> None:
    assert {path.name.split(".")[1] for path in SAMPLES.glob("plivo.*")} == set(GOLDEN)


def test_a_get_reads_as_a_post_does() -> None:
    body = (SAMPLES / "plivo.StartApp_in.form").read_text()
    one = Request({}, "", b"CallUUID=another", "GET", f"/webhooks/desk?a=b&{body}")

    assert PLIVO.read(one, FACTS) == (GOLDEN["StartApp_in"],)


@pytest.mark.parametrize(
    ("fields", "happening", "result"),
    [
        ("Event=StartApp&CallStatus=in-progress&Direction=inbound", Happening.RINGING, None),
        ("Event=Redirect&CallStatus=in-progress&Direction=inbound", Happening.OTHER, None),
        ("CallStatus=in-progress&Direction=inbound&DialStatus=completed", Happening.ANSWERED, None),
        ("Event=Hangup&CallStatus=completed&Direction=inbound", Happening.ENDED, None),
        (
            "Event=Hangup&CallStatus=completed&Direction=inbound&DialStatus=completed",
            Happening.ENDED,
            Result.ANSWERED,
        ),
        ("Event=Hangup&CallStatus=completed&Direction=outbound", Happening.ENDED, Result.ANSWERED),
        ("Event=Hangup&CallStatus=busy&Direction=outbound", Happening.ENDED, Result.REJECTED),
        ("Event=Hangup&CallStatus=failed&Direction=outbound", Happening.ENDED, Result.FAILED),
        ("Event=Hangup&CallStatus=timeout&Direction=outbound", Happening.ENDED, Result.MISSED),
        ("Event=Hangup&CallStatus=cancel&Direction=outbound", Happening.ENDED, Result.MISSED),
        ("Event=Ring&CallStatus=ringing&Direction=outbound", Happening.RINGING, None),
        (
            "Event=StartApp&CallStatus=in-progress&Direction=outbound&Machine=true",
            Happening.VOICEMAIL,
            None,
        ),
        ("Event=Whatever&Direction=outbound", Happening.OTHER, None),
    ],
)
def test_event_and_status_tell_what_happened(
    fields: str, happening: Happening, result: Result | None
) -> None:
    (event,) = read(f"CallUUID={CALL}&{fields}".encode())

    assert (event.happening, event.result) == (happening, result)


def test_what_tells_of_no_call_is_none() -> None:
    assert read(b"") == ()
    assert read(b"MessageUUID=1&From=442079460958") == ()


def test_the_answer_is_a_document_that_does_nothing() -> None:
    document = ET.fromstring(PLIVO.nothing.body)  # noqa: S314  # our own

    assert (document.tag, len(document), document.attrib) == ("Response", 0, {})
    assert (PLIVO.nothing.content_type, PLIVO.needs_public_url, PLIVO.timeless) == ("text/xml", True, True)


@given(
    body=st.binary(max_size=200) | st.builds(lambda tail: FORM.encode() + tail, st.binary(max_size=40)),
    target=st.text(max_size=60),
    method=st.sampled_from(["GET", "POST"]),
    shown=st.text(max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_or_read(body: bytes, target: str, method: str, shown: str) -> None:
    one = Request({V3: shown, f"{V3}-Nonce": shown}, "", body, method, target, BASE)

    is_refused(one)
    is_refused(Request({V3: POSTED, f"{V3}-Nonce": NONCE}, "", body, method, target, BASE))
    try:
        events = PLIVO.read(one, FACTS)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)
