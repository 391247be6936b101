"""Tokens that phone systems sign: one algorithm, one spelling, one way to read them."""

import json
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.dialects.tokens import claims_of, verified_claims
from cti_lookup.errors import Unreadable, Unverified
from tests.dialects.tokens import HEADER, encoded, signed

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1780000000.0

# Source: vonage-jwt 1.1.5, its tests.
PUBLISHED = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1"
    "NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9"
    ".88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM"
)
PUBLISHED_SECRET = b"qwertyuiopasdfghjklzxcvbnm123456"
PUBLISHED_AT = 1697634680.0


def refused(token: str, *secrets: bytes, now: float = NOW) -> str:
    with pytest.raises(Unverified) as caught:
        verified_claims(token, secrets or (SECRET,), now)
    return caught.value.reason


def test_the_published_token_verifies() -> None:
    assert verified_claims(PUBLISHED, (PUBLISHED_SECRET,), PUBLISHED_AT)["iat"] == PUBLISHED_AT


@pytest.mark.parametrize("place", range(len(PUBLISHED)))
def test_each_changed_letter_of_the_published_token_is_noticed(place: int) -> None:
    for letter in "Aa-":
        changed = PUBLISHED[:place] + letter + PUBLISHED[place + 1 :]
        if changed != PUBLISHED:
            refused(changed, PUBLISHED_SECRET, now=PUBLISHED_AT)


def test_the_unused_bits_of_a_signature_hold_nothing() -> None:
    assert PUBLISHED.endswith("M")
    assert refused(PUBLISHED[:-1] + "N", PUBLISHED_SECRET, now=PUBLISHED_AT) == "signature"


def test_what_pyjwt_signs_verifies() -> None:
    assert verified_claims(jwt.encode({"a": 1}, SECRET, "HS256"), (b"the old one", SECRET), NOW) == {"a": 1}


@pytest.mark.parametrize("secret", [SECRET[:-1], SECRET + b"\n", b"", SECRET.upper()])
def test_another_secret_or_none_does_not_verify(secret: bytes) -> None:
    assert refused(signed({"a": 1}, SECRET), secret) == "signature"
    assert refused(signed({"a": 1}, b""), b"") == "signature"


def test_without_secrets_nothing_verifies() -> None:
    with pytest.raises(Unverified):
        verified_claims(signed({}, SECRET), (), NOW)


def test_a_public_key_is_no_secret() -> None:
    key = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----"

    assert refused(signed({}, key), key) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS384"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": "hs256"},
        {"alg": ["HS256"]},
        {"alg": None},
        {},
        {**HEADER, "typ": "JWE"},
        {**HEADER, "typ": "at+jwt"},
        {**HEADER, "crit": ["exp"]},
        {**HEADER, "b64": False},
    ],
)
def test_a_header_may_ask_for_nothing_else(header: dict[str, Any]) -> None:
    assert refused(signed({"a": 1}, SECRET, header)) == "algorithm"


@pytest.mark.parametrize("header", [{"alg": "HS256"}, {"alg": "HS256", "typ": "jwt"}, {**HEADER, "kid": "1"}])
def test_a_header_may_say_less_or_more(header: dict[str, Any]) -> None:
    assert verified_claims(signed({"a": 1}, SECRET, header), (SECRET,), NOW) == {"a": 1}


@pytest.mark.parametrize("algorithm", ["sha384", "sha512", "sha1", "md5"])
def test_another_hash_under_the_right_name_does_not_verify(algorithm: str) -> None:
    assert refused(signed({}, SECRET, algorithm=algorithm)) == "signature"


@pytest.mark.parametrize(
    "header", [b'{"alg":"none","alg":"HS256"}', b"[]", b"\xff", b"null", b'{"alg":' + b"[" * 5000]
)
def test_a_header_that_can_be_read_in_two_ways_or_none_does_not_verify(header: bytes) -> None:
    assert refused(signed({}, SECRET, header)) == "signature"


def test_a_token_that_is_not_signed_does_not_verify() -> None:
    said = f"{encoded(json.dumps({'alg': 'none'}).encode())}.{encoded(b'{}')}"
    for token in (f"{said}.", said, f"{said}.AA", "", "..", "a.b.c.d", "é.é.é", f" {signed({}, SECRET)}"):
        refused(token)


@pytest.mark.parametrize(
    "claims", [b'{"a":1,"a":2}', b"[]", b"1", b"\xff", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 5000]
)
def test_claims_that_can_be_read_in_two_ways_or_none_are_refused(claims: bytes) -> None:
    assert refused(signed(claims, SECRET)) == "claims"


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": NOW - 300},
        {"iat": NOW + 300},
        {"nbf": NOW + 300},
        {"nbf": 0},
        {"exp": NOW - 300},
        {"exp": NOW * 10},
        {"iat": None, "exp": None},
    ],
)
def test_the_clocks_may_differ_by_five_minutes(claims: dict[str, Any]) -> None:
    verified_claims(signed(claims, SECRET), (SECRET,), NOW)


@pytest.mark.parametrize(
    "claims", [{"iat": NOW - 301}, {"iat": NOW + 301}, {"nbf": NOW + 301}, {"exp": NOW - 301}]
)
def test_but_by_no_more(claims: dict[str, Any]) -> None:
    assert refused(signed(claims, SECRET)) == "stale"


@pytest.mark.parametrize("value", ["1780000000", True, -1, 10**400, 10**12, [], {}])
@pytest.mark.parametrize("name", ["iat", "nbf", "exp"])
def test_a_time_that_is_none_is_refused(name: str, value: Any) -> None:
    assert refused(signed({name: value}, SECRET)) == "claims"


@given(st.text() | st.from_regex(r"[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{1,20}"), st.binary())
@settings(max_examples=150, deadline=None)
def test_any_text_is_refused(token: str, secret: bytes) -> None:
    refused(token, secret)
    try:
        claims_of(token)
    except Unreadable:
        return
