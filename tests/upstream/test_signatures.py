"""Whose word a message is: signatures, their algorithms, and what they claim."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.errors import BadKey, Rejected, Unreadable, WrongField
from cti_lookup.rservice.signatures import LONGEST_TOKEN, verifier_of
from cti_lookup.rservice.writers import Unsigned, Verifier
from tests.upstream.signing import (
    CHANGED,
    ISSUER,
    NOW,
    SECRET,
    claims,
    ec_key,
    plain,
    public,
    rsa_key,
    signed,
)


def opens(verifier: Verifier, body: bytes) -> bool:
    """Tell whether a body is taken; a signature that is refused is a bad key."""
    try:
        return verifier.opened(body, NOW).message == CHANGED
    except BadKey:
        return False


def raw_token(header: Any, payload: bytes, signature: bytes = b"") -> str:
    """Write a token that no library would."""
    parts = (json.dumps(header).encode(), payload, signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def forged(header: Any, key: bytes = b"", digest: str = "sha256") -> bytes:
    """Sign a message with HMAC whatever its header says."""
    token = raw_token(header, json.dumps(claims()).encode())
    signature = hmac.new(key, token.rpartition(".")[0].encode(), digest).digest()
    return json.dumps({"jwt": raw_token(header, json.dumps(claims()).encode(), signature)}).encode()


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_an_rsa_key_opens_what_its_owner_signed(algorithm: str) -> None:
    assert opens(verifier_of([public(rsa_key())]), signed(rsa_key(), algorithm))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_secret_opens_what_its_owner_signed(algorithm: str) -> None:
    assert opens(verifier_of([SECRET]), signed(SECRET, algorithm))


@pytest.mark.parametrize(
    ("curve", "algorithm"), [("secp256r1", "ES256"), ("secp384r1", "ES384"), ("secp521r1", "ES512")]
)
def test_a_key_on_a_curve_opens_what_its_owner_signed(curve: str, algorithm: str) -> None:
    assert opens(verifier_of([public(ec_key(curve))]), signed(ec_key(curve), algorithm))


def test_of_several_keys_any_opens_while_one_replaces_another() -> None:
    verifier = verifier_of([public(rsa_key()), public(ec_key()), SECRET])
    assert opens(verifier, signed())
    assert opens(verifier, signed(ec_key(), "ES256"))
    assert opens(verifier, signed(rsa_key(), "RS256"))


def test_another_key_of_the_same_kind_opens_nothing() -> None:
    assert not opens(verifier_of([public(rsa_key())]), signed(rsa_key(name="other"), "RS256"))
    assert not opens(verifier_of([SECRET]), signed(SECRET + "!"))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_message_that_says_it_needs_no_signature_is_refused(algorithm: str) -> None:
    for key in (SECRET, public(rsa_key())):
        body = json.dumps({"jwt": raw_token({"alg": algorithm}, json.dumps(claims()).encode())}).encode()
        assert not opens(verifier_of([key]), body)


def test_a_public_key_is_never_taken_for_a_secret() -> None:
    pem = public(rsa_key())
    for key in (pem.encode(), pem.strip().encode()):
        assert not opens(verifier_of([pem]), forged({"alg": "HS256"}, key))


@pytest.mark.parametrize(
    "header",
    [{}, {"alg": None}, {"alg": []}, {"alg": {}}, {"alg": "PS256"}, {"alg": "EdDSA"}, {"alg": "ES256"}, [], "x", 7,
     {"alg": "HS256", "crit": ["x"]}, {"alg": "HS256", "b64": False, "crit": ["b64"]}, {"alg": "HS256", "kid": 7}],
    ids=repr,
)  # fmt: skip
def test_a_strange_header_is_refused(header: Any) -> None:
    assert not opens(verifier_of([SECRET]), forged(header, SECRET.encode()))


def test_a_header_cannot_bring_its_own_key() -> None:
    own = jwt.algorithms.HMACAlgorithm.to_jwk(b"k" * 32, as_dict=True)
    assert not opens(verifier_of([SECRET]), forged({"alg": "HS256", "jwk": own, "kid": "x"}, b"k" * 32))


def test_with_a_key_a_plain_message_is_refused_and_so_is_one_with_anything_beside_the_token() -> None:
    verifier = verifier_of([SECRET])
    mixed = json.dumps(json.loads(signed()) | {"event": "person.update"}).encode()
    for body in (plain(), mixed, b"{}"):
        with pytest.raises(BadKey, match="not signed"):
            verifier.opened(body, NOW)


def test_without_a_key_a_signed_message_is_refused_and_told_which_setting_is_missing() -> None:
    with pytest.raises(BadKey, match="CTI_UPSTREAM_JWT_KEYS"):
        verifier_of([]).opened(signed(), NOW)


@pytest.mark.parametrize(
    "token", [7, None, [], {}, "é", "x" * (LONGEST_TOKEN + 1)], ids=lambda token: repr(token)[:9]
)
def test_what_is_no_token_is_a_wrong_field(token: Any) -> None:
    with pytest.raises(WrongField) as caught:
        verifier_of([SECRET]).opened(json.dumps({"jwt": token}).encode(), NOW)
    assert caught.value.field == "jwt"


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({"iat": NOW - 300}, True),
        ({"iat": NOW - 301}, False),
        ({"iat": NOW + 300}, True),
        ({"iat": NOW + 301}, False),
        ({"iat": NOW + 0.5}, True),
        ({"nbf": None}, True),
        ({"nbf": NOW + 300}, True),
        ({"nbf": NOW + 301}, False),
        ({"exp": NOW - 299}, True),
        ({"exp": NOW - 300}, False),
        ({"exp": NOW + 60}, True),
    ],
    ids=repr,
)
def test_a_signature_is_taken_for_five_minutes_either_way(changes: dict[str, Any], taken: bool) -> None:
    assert opens(verifier_of([SECRET]), signed(**changes)) is taken


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iat", None), ("iat", "1795291200"), ("iat", True), ("iat", 10**400), ("iat", -1), ("nbf", "x"), ("exp", []),
        ("data", None), ("data", []), ("data", "x"), ("jti", 7), ("jti", ""), ("jti", "x" * 256), ("iss", 7), ("aud", 7),
        ("aud", [7]),
    ],
    ids=repr,
)  # fmt: skip
def test_a_claim_of_the_wrong_type_is_named(field: str, value: Any) -> None:
    with pytest.raises(WrongField) as caught:
        verifier_of([SECRET]).opened(signed(**{field: value}), NOW)
    assert caught.value.field == field


def test_a_claim_that_stands_twice_is_unreadable() -> None:
    payload = b'{"data": {}, "data": {}, "iat": 1}'
    body = json.dumps({"jwt": jwt.PyJWS().encode(payload, SECRET, algorithm="HS256")}).encode()
    with pytest.raises(Unreadable):
        verifier_of([SECRET]).opened(body, NOW)


@pytest.mark.parametrize("issuer", [None, "", ISSUER + "/", ISSUER.upper(), "https://other.example"])
def test_where_an_issuer_is_set_no_other_is_taken(issuer: str | None) -> None:
    verifier = verifier_of([SECRET], issuer=ISSUER)
    assert opens(verifier, signed())
    assert not opens(verifier, signed(iss=issuer))


@pytest.mark.parametrize(
    ("audience", "taken"),
    [
        ("us", True),
        (["us"], True),
        (["them", "us"], True),
        ("them", False),
        ([], False),
        (None, False),
        ("u", False),
    ],
)
def test_where_an_audience_is_set_the_message_must_be_for_it(audience: Any, taken: bool) -> None:
    assert opens(verifier_of([SECRET], audience="us"), signed(aud=audience)) is taken


def test_the_name_of_a_signature_is_told() -> None:
    assert verifier_of([SECRET]).opened(signed(jti="j-1"), NOW).jti == "j-1"
    assert verifier_of([SECRET]).opened(signed(jti=None), NOW).jti is None


KEYS_REFUSED = {
    "a short secret": "k" * 31,
    "no secret": "",
    "a short RSA key": public(rsa_key(1024)),
    "a curve nobody named": public(ec_key("secp256k1")),
    "a broken PEM": "-----BEGIN PUBLIC KEY-----\nc2VjcmV0\n-----END PUBLIC KEY-----",
    "half a PEM": public(rsa_key())[:200],
    "an SSH key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 somebody@somewhere",
    "a JWK": '{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}',
}


@pytest.mark.parametrize("key", KEYS_REFUSED.values(), ids=KEYS_REFUSED.keys())
def test_a_key_that_cannot_be_used_is_refused_at_the_start_without_being_told(key: str) -> None:
    with pytest.raises(ValueError, match=r"^holds a") as caught:
        verifier_of([SECRET, key])
    for part in key.split():
        assert len(part) < 8 or part not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_thirty_two_bytes_are_enough_for_a_secret_whatever_the_algorithm() -> None:
    for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        assert opens(verifier_of(["k" * 32]), forged({"alg": algorithm}, b"k" * 32, digest))


def test_an_issuer_without_a_key_is_refused_as_it_would_be_checked_nowhere() -> None:
    with pytest.raises(ValueError, match="there is no key"):
        verifier_of([], issuer=ISSUER)
    with pytest.raises(ValueError, match="there is no key"):
        verifier_of([], audience="us")


def test_with_no_key_plain_messages_are_taken() -> None:
    assert isinstance(verifier_of([]), Unsigned)
    assert opens(verifier_of([]), plain())


_SEGMENT = st.text("AQIDewoJ-_=.{}", max_size=20) | st.just("eyJhbGciOiJIUzI1NiJ9")


@given(st.lists(_SEGMENT, max_size=5).map(".".join) | st.text())
def test_any_token_whatever_is_a_rejection(token: str) -> None:
    for key in (SECRET, public(rsa_key()), public(ec_key())):
        with pytest.raises(Rejected):
            verifier_of([key]).opened(json.dumps({"jwt": token}).encode(), NOW)
