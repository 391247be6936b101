"""What Twilio's and Plivo's own libraries sign is verified, and what they refuse is refused."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plivo.utils import validate_v3_signature
from plivo.utils.signature_v3 import construct_get_url, construct_post_url, get_signature_v3
from twilio.request_validator import RequestValidator

from cti_lookup.dialects import Dialect, Request
from cti_lookup.dialects.plivo import PLIVO
from cti_lookup.dialects.twilio import TWILIO
from cti_lookup.errors import Unverified

BASE = "https://cti.example"
TOKEN = "a token made up"
NONCE = "31627761595286130198"

names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-_"), min_size=2)
values = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
forms = st.dictionaries(names, values, max_size=6)
queries = st.sampled_from(["", "?a=b&c=d", "?c=d&a=%20b+c", "?a=1&a=0", "?x="])
targets = st.builds("/webhooks/desk{}".format, queries)


def is_verified(dialect: Dialect, one: Request) -> bool:
    assert dialect.verify is not None
    try:
        dialect.verify(one, (TOKEN.encode(),), 0.0)
    except Unverified:
        return False
    return True


def twilio(body: bytes, target: str, signature: str, method: str = "POST") -> Request:
    return Request({"X-Twilio-Signature": signature}, "", body, method, target, BASE)


@given(fields=forms, target=targets)
@settings(max_examples=150, deadline=None)
def test_a_form_that_twilios_library_signs_is_verified(fields: dict[str, str], target: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(BASE + target, fields)

    assert is_verified(TWILIO, twilio(urlencode(fields).encode(), target, signature))


@given(fields=forms, more=values)
@settings(max_examples=100, deadline=None)
def test_a_form_with_a_field_more_is_refused_by_twilios_library_and_by_us(
    fields: dict[str, str], more: str
) -> None:
    validator = RequestValidator(TOKEN)
    target = "/webhooks/desk"
    signature = validator.compute_signature(BASE + target, fields)
    longer = fields | {"~more": more}

    assert not validator.validate(BASE + target, longer, signature)
    assert not is_verified(TWILIO, twilio(urlencode(longer).encode(), target, signature))


@given(fields=forms, port=st.sampled_from(["", ":443", ":8443"]))
@settings(max_examples=50, deadline=None)
def test_a_get_that_twilios_library_signs_is_verified_whatever_the_port(
    fields: dict[str, str], port: str
) -> None:
    target = f"/webhooks/desk?{urlencode(fields)}"
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}{port}{target}", {})
    one = Request({"X-Twilio-Signature": signature}, "", b"", "GET", target, BASE + port)

    assert is_verified(TWILIO, one)


@given(body=st.text(st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_json_body_that_twilios_library_signs_is_verified(body: str) -> None:
    validator = RequestValidator(TOKEN)
    target = f"/webhooks/desk?bodySHA256={validator.compute_hash(body)}"
    signature = validator.compute_signature(BASE + target, {})

    assert is_verified(TWILIO, twilio(body.encode(), target, signature))
    assert not is_verified(TWILIO, twilio(body.encode() + b" ", target, signature))


def test_a_form_that_twilios_library_signs_with_sha256_is_verified() -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/x", {"From": "1"}, "HMAC_SHA256")
    headers = {
        "X-Twilio-Signature": signature,
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_example,algorithm=HMAC_SHA256",
    }

    assert is_verified(TWILIO, Request(headers, "", b"From=1", "POST", "/x", BASE))


def plivo(body: bytes, target: str, signature: str, method: str) -> Request:
    headers = {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": NONCE}
    return Request(headers, "", body, method, target, BASE)


@given(fields=forms, target=targets)
@settings(max_examples=150, deadline=None)
def test_a_form_that_plivos_library_signs_is_verified(fields: dict[str, str], target: str) -> None:
    text = construct_post_url(BASE + target, fields).decode()
    signature = get_signature_v3(TOKEN, text, NONCE).decode()

    assert validate_v3_signature("POST", BASE + target, NONCE, TOKEN, signature, fields)
    assert is_verified(PLIVO, plivo(urlencode(fields).encode(), target, signature, "POST"))
    changed = fields | {"~more": "1"}
    assert not is_verified(PLIVO, plivo(urlencode(changed).encode(), target, signature, "POST"))


@given(fields=forms, target=targets)
@settings(max_examples=150, deadline=None)
def test_a_get_that_plivos_library_signs_is_verified(fields: dict[str, str], target: str) -> None:
    text = construct_get_url(BASE + target, dict(fields)).decode()
    signature = get_signature_v3(TOKEN, text, NONCE).decode()
    got = f"{target}{'&' if '?' in target else '?'}{urlencode(fields)}" if fields else target

    assert is_verified(PLIVO, plivo(b"", got, signature, "GET"))
    more = f"{got}{'&' if '?' in got else '?'}From=1"
    assert not is_verified(PLIVO, plivo(b"", more, signature, "GET"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_plivos_library_refuses_is_refused(method: str) -> None:
    signature = get_signature_v3(TOKEN, "https://cti.example/another", NONCE).decode()

    assert not validate_v3_signature(method, f"{BASE}/x", NONCE, TOKEN, signature, {})
    assert not is_verified(PLIVO, plivo(b"", "/x", signature, method))
