"""Standard Webhooks: an id, a time and a list of signatures in headers, the generic words in the body."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.standard_webhooks import STANDARD_WEBHOOKS
from cti_lookup.dialects.verifying import hmac_of
from cti_lookup.errors import Rejected, Unverified, WrongField
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
CALL = "5b0c1c3e-8f1d-4f0e-9a52-0d4c5b6f7a81"
LONDON = Dialled("442079460958", E164("+442079460958"))

# Source: standardwebhooks 1.1.0, its tests.
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAME = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = "1614265330"
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = b"whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
ED25519 = f"v1a,{base64.b64encode(PRIVATE.sign(f'{NAME}.{AT}.'.encode() + BODY)).decode()}"


def verify(
    *secrets: bytes,
    name: str = NAME,
    at: str = AT,
    body: bytes = BODY,
    shown: str = SIGNATURE,
    now: float = float(AT),
) -> None:
    assert STANDARD_WEBHOOKS.verify is not None
    headers = CIMultiDict({"webhook-id": name, "webhook-timestamp": at, "webhook-signature": shown})
    STANDARD_WEBHOOKS.verify(Request(headers, "", body), secrets or (SECRET,), now)


def refused(*secrets: bytes, **changed: Any) -> str:
    with pytest.raises(Unverified) as caught:
        verify(*secrets, **changed)
    return caught.value.reason


def made_with(key: bytes) -> str:
    made = base64.b64encode(hmac_of("sha256", key, f"{NAME}.{AT}.".encode() + BODY))
    return f"v1,{made.decode()}"


def read(body: bytes) -> tuple[CallEvent, ...]:
    return STANDARD_WEBHOOKS.read(Request(CIMultiDict({"Webhook-Id": NAME}), "", body), FACTS)


def sample(name: str) -> tuple[CallEvent, ...]:
    return read((SAMPLES / f"standard-webhooks.{name}.json").read_bytes())


def test_the_published_signature_verifies() -> None:
    verify()


def test_any_of_several_signatures_and_secrets_is_good() -> None:
    verify(b"whsec_b2xk", SECRET, shown=f"v1,AAAA v2,? {SIGNATURE}")


@pytest.mark.parametrize("place", range(len(BODY)))
def test_each_changed_byte_of_the_body_is_noticed(place: int) -> None:
    assert refused(body=BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]) == "signature"


@pytest.mark.parametrize("place", range(3, len(SIGNATURE)))
def test_each_changed_letter_of_the_signature_is_noticed(place: int) -> None:
    for letter in "AB":
        changed = SIGNATURE[:place] + letter + SIGNATURE[place + 1 :]
        if changed != SIGNATURE:
            assert refused(shown=changed) == "signature"


def test_the_unused_bits_of_a_signature_hold_nothing() -> None:
    assert SIGNATURE.endswith("E=")
    assert refused(shown=SIGNATURE[:-2] + "F=") == "signature"


@pytest.mark.parametrize(
    "changed",
    [
        {"name": NAME + "1"},
        {"at": "1614265331"},
        {"at": "01614265330"},
        {"body": BODY + b"\n"},
        {"shown": SIGNATURE[3:]},
        {"shown": "v1," + SIGNATURE[3:-1]},
        {"shown": "v1"},
        {"shown": "v1,é"},
    ],
)
def test_a_signature_of_anything_else_does_not_verify(changed: dict[str, str]) -> None:
    assert refused(**changed) in ("signature", "algorithm")


@pytest.mark.parametrize("secret", [SECRET[:-1], b"whsec_", b"", b"whsec_?", b"whsec_b2xk"])
def test_another_secret_or_none_does_not_verify(secret: bytes) -> None:
    assert refused(secret) == "signature"
    assert refused(secret, shown=made_with(b"")) == "signature"


def test_without_a_beginning_a_secret_is_good_as_text_and_as_base64() -> None:
    verify(SECRET.removeprefix(b"whsec_"))
    verify(b"a plain secret", shown=made_with(b"a plain secret"))


def test_a_secret_may_have_lost_its_padding() -> None:
    for secret in (b"whsec_c2VjcmV0IQ==", b"whsec_c2VjcmV0IQ"):
        verify(secret, shown=made_with(b"secret!"))


def test_a_signature_of_a_private_key_verifies_under_its_public_key() -> None:
    verify(PUBLIC, shown=f"{SIGNATURE} {ED25519}")
    verify(SECRET, PUBLIC, shown=ED25519)


@pytest.mark.parametrize(
    "changed", [{"body": BODY + b" "}, {"name": "other"}, {"shown": "v1a," + SIGNATURE[3:]}]
)
def test_a_signature_of_a_private_key_covers_the_same(changed: dict[str, Any]) -> None:
    assert refused(PUBLIC, **{"shown": ED25519, **changed}) == "signature"


def test_a_public_key_makes_no_hmac() -> None:
    raw = base64.b64decode(PUBLIC.removeprefix(b"whpk_"))
    for key in (PUBLIC, PUBLIC.removeprefix(b"whpk_"), raw):
        assert refused(PUBLIC, shown=made_with(key)) == "signature"
    assert refused(b"whsk_AAAA", shown=made_with(base64.b64decode(b"AAAA"))) == "signature"


def test_a_secret_is_no_public_key() -> None:
    assert refused(PUBLIC.removeprefix(b"whpk_"), shown=ED25519) == "signature"


@pytest.mark.parametrize("shown", ["v2,AAAA", "v1b,AAAA", "V1,AAAA", ","])
def test_no_other_version_is_taken(shown: str) -> None:
    assert refused(shown=shown) == "algorithm"


@pytest.mark.parametrize("drift", [-301, 301])
def test_a_time_too_far_from_ours_is_stale(drift: int) -> None:
    assert refused(now=float(AT) + drift) == "stale"


@pytest.mark.parametrize("drift", [-300, 300])
def test_five_minutes_between_the_clocks_are_borne(drift: int) -> None:
    verify(now=float(AT) + drift)


@pytest.mark.parametrize("changed", [{"name": ""}, {"at": " "}, {"shown": ""}])
def test_a_missing_header_is_told_apart(changed: dict[str, str]) -> None:
    assert refused(**changed) == "missing"


def event(happening: Happening, at: float | None, **more: Any) -> CallEvent:
    return CallEvent(
        "front-desk",
        CALL,
        happening,
        Direction.INBOUND,
        LONDON,
        callee="+17135550100",
        key=NAME,
        order=at,
        occurred_at=at,
        **more,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", event(Happening.RINGING, None, agents=("Ada Example",))),
        ("ringing", event(Happening.RINGING, 1780000000.25, agents=("Ada Example",))),
        ("hangup", event(Happening.ENDED, 1780000080.0, result=Result.MISSED)),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert sample(name) == (expected,)


@pytest.mark.parametrize(
    ("kind", "happening"),
    [
        ("call.ringing", Happening.RINGING),
        ("call.new_call", Happening.RINGING),
        ("com.example.telephony.call.answered", Happening.ANSWERED),
        ("hangup", Happening.ENDED),
    ],
)
def test_the_type_says_what_happened_where_the_data_does_not(kind: str, happening: Happening) -> None:
    (told,) = read(json.dumps({"type": kind, "data": {"callId": 7, "from": "+442079460958"}}).encode())

    assert told.happening is happening


@pytest.mark.parametrize(
    "message",
    [
        {"test": 2432232314},
        {"type": "call.ringing"},
        {"type": "call.ringing", "data": []},
        {"type": "call.ringing", "data": {}},
        {"type": "contact.updated", "data": {"from": "2026-05-28"}},
        {"data": {"event": "ringing"}},
    ],
)
def test_what_tells_of_no_call_is_no_event(message: dict[str, Any]) -> None:
    assert read(json.dumps(message).encode()) == ()


def test_a_field_of_the_wrong_type_is_named() -> None:
    with pytest.raises(WrongField) as caught:
        read(b'{"data": {"from": "1", "callId": {}}}')

    assert caught.value.field == "callId"


def test_the_answer_is_an_empty_success() -> None:
    (told,) = sample("plain")
    call = advance(None, told, 0.0)
    heard = Told(Request({}, "", b""), told, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (STANDARD_WEBHOOKS.answer(heard), STANDARD_WEBHOOKS.nothing):
        assert (answered.status, answered.body) == (204, b"")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["type", "timestamp", "data", "from", "to", "callId", "event", "user", "direction"])
WORDS = st.dictionaries(NAMES, VALUES)
BODIES = st.binary() | st.dictionaries(NAMES, VALUES | WORDS).map(lambda told: json.dumps(told).encode())


@given(BODIES, st.text(), st.text(), st.text(), st.binary())
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused_and_are_an_event_or_none(
    body: bytes, name: str, at: str, shown: str, secret: bytes
) -> None:
    refused(secret, body=body, name=name, at=at, shown=shown)
    refused(secret, body=body, shown=f"v1,{shown} v1a,{shown}")
    try:
        read(body)
    except Rejected:
        return
