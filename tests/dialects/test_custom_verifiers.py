"""Proofs that a description can ask for: published vectors verify, and nothing that differs by one byte does."""

import base64
import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.dialects.custom import Custom, described
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.rehearsal import Headers

NOW: Final = 1780308000.0
BASE: Final = "https://cti.example.com"
TARGET: Final = "/webhooks/desk?a=1"
SECRET: Final = b"the-secret"
BODY: Final = b'{"event":"ringing","from":"+442079460958","type":"call.completed"}'


def custom(auth: str, more: str = "") -> Custom:
    return described(tomllib.loads(f'auth = {auth}\nevent = "event"\nremote = "from"\n{more}'))


def request(
    headers: Mapping[str, str] | None = None,
    body: bytes = BODY,
    *,
    target: str = TARGET,
    base: str = BASE,
    token: str = "",
) -> Request:
    return Request(Headers(headers or {}), "", body, "POST", target, base, token)


def verify(auth: str, shown: Request, *secrets: bytes, now: float = NOW) -> None:
    made = custom(auth).dialect
    assert made.verify is not None
    made.verify(shown, secrets or (SECRET,), now)


def reason(auth: str, shown: Request, *secrets: bytes, now: float = NOW) -> str:
    with pytest.raises(Unverified) as refused:
        verify(auth, shown, *secrets, now=now)
    return refused.value.reason


# Vectors that vendors published, or that are computed from their documented algorithm (`own`).

SWML_BODY: Final = (
    b'{"call":{"call_id":"b5d63b2e-f75b-4dc8-b6d4-269b635f96c0","node_id":"fa3570ae-f8bd-42c2-83f4-9950d906c91b@us-west"'
    b',"segment_id":"b5d63b2e-f75b-4dc8-b6d4-269b635f96c0","call_state":"created","direction":"inbound","type":"phone",'
    b'"from":"+12135877632","to":"+12089806814","from_number":"+12135877632","to_number":"+12089806814",'
    b'"project_id":"4b7ae78a-d02e-4889-a63b-08b156d5916e","space_id":"62615f44-2a34-4235-b38b-76b5a1de6ef8"},"vars":{}}'
)
JUSTCALL_TYPE: Final = b'{"type":"call.completed","data":{}}'
VECTORS: Final[Mapping[str, tuple[str, Request, bytes, float]]] = {
    "placetel: Placetel/call-control-notify-api README": (
        '{ hmac = { header = "X-PLACETEL-SIGNATURE" } }',
        request(
            {"X-PLACETEL-SIGNATURE": "c4f823c5b8806432fe2b83b1fc2ee714422e0cdfb4b5129152a7d0bbcd7792d0"},
            b"call_id=4a4cbb39578170aed9a2761a7bec8c7e704a541f52291ef603d6f5f152980c3c"
            b"&event=CallAccepted&from=0123456789&to=0987654321",
        ),
        b"12345",
        NOW,
    ),
    "sinch: callback signing documentation": (
        """{ hmac = { header = "Authorization", prefix = "application 669E367E-6BBA-48AB-AF15-266871C28135:",
        encoding = "base64", key = "base64",
        template = "{method}\\n{md5_b64_body}\\n{header:Content-Type}\\nx-timestamp:{time}\\n{path}",
        timestamp = { header = "x-timestamp", unit = "iso" } } }""".replace("\n        ", " "),
        request(
            {
                "Authorization": "application 669E367E-6BBA-48AB-AF15-266871C28135:"
                "Tg6fMyo8mj9pYfWQ9ssbx3Tc1BNC87IEygAfLbJqZb4=",
                "Content-Type": "application/json",
                "x-timestamp": "2014-09-24T10:59:41Z",
            },
            b'{"event":"ace","callid":"822aa4b7-05b4-4d83-87c7-1f835ee0b6f6_257",'
            b'"timestamp":"2014-09-24T10:59:41Z","version":1}',
            target="/sinch/callback/ace",
        ),
        b"BeIukql3pTKJ8RGL5zo0DA==",
        1411556381.0,
    ),
    "signalwire SWML: signalwire 2.1.1, request validator tests": (
        '{ hmac = { header = "X-SignalWire-Signature", alg = "sha1", template = "{url}{body}" } }',
        request(
            {"X-SignalWire-Signature": "b18500437ebb010220ddd770cbe6fd531ea0ba0d"},
            SWML_BODY,
            base="https://81f2-2-45-18-191.ngrok-free.app",
            target="/",
        ),
        b"PSK_7TruNcSNTxp4zNrykMj4EPzF",
        NOW,
    ),
    "justcall: webhook signature documentation": (
        """{ hmac = { header = "x-justcall-signature", template = "{secret}|{url_encoded}|{field:type}|{time}",
        timestamp = { header = "x-justcall-request-timestamp", unit = "iso" } } }""".replace(
            "\n        ", " "
        ),
        request(
            {
                "x-justcall-signature": "56761bae5b27a784a3ddd2af828bc5def7176bc0a8650199b04c737bd39bbecf",
                "x-justcall-request-timestamp": "2024-03-21 17:08:22",
            },
            JUSTCALL_TYPE,
            base="https://webhook.site",
            target="/3bcea770-370a-4b09-8b66-426f687e08a4",
        ),
        b"ea39089c40790e9dc7a080ec95e849b8fa0fa5fb",
        1711040902.0,
    ),
    "didww: own": (
        '{ kv_hmac = { header = "X-PS-Signature" } }',
        request(
            {
                "X-PS-Signature": "t=1790847297,"
                "v1=ac14bf5357e7d2e3ccc0fec2053546232905581999f77a92ff4f50d741d08923"
            },
            b'{"type":"call.started"}',
        ),
        b"didww-secret",
        1790847297.0,
    ),
    "standard webhooks: standardwebhooks 1.1.0 tests": (
        '"standard_webhooks"',
        request(
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            b'{"test": 2432232314}',
        ),
        b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        1614265330.0,
    ),
    "twilio: twilio-python 9.13.0, request validator tests": (
        '"twilio"',
        request(
            {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
            b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
            base="https://mycompany.com",
            target="/myapp.php?foo=1&bar=2",
        ),
        b"12345",
        NOW,
    ),
}
COVERS_NO_BODY: Final = {"justcall"}
COVERS_NO_URL: Final = {"placetel", "didww", "standard webhooks"}
NO_TIME: Final = {"placetel", "signalwire SWML", "twilio"}


def vendor(name: str) -> str:
    return name.partition(":")[0]


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_verifies_beside_another_secret(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    verify(auth, shown, secret, now=now)
    verify(auth, shown, b"the old one", secret, now=now)


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_verifies_with_no_other_secret(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    assert reason(auth, shown, secret + b"0", now=now) == "signature"
    assert reason(auth, shown, b"", now=now) == "signature"


@pytest.mark.parametrize("name", [name for name in VECTORS if vendor(name) not in COVERS_NO_BODY])
def test_a_vector_verifies_with_no_byte_of_its_body_changed(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    for at in range(0, len(shown.body), 7):
        body = shown.body[:at] + bytes([shown.body[at] ^ 1]) + shown.body[at + 1 :]
        assert reason(
            auth, request(shown.headers, body, target=shown.target, base=shown.base), secret, now=now
        )


@pytest.mark.parametrize("name", [name for name in VECTORS if vendor(name) not in COVERS_NO_URL])
def test_a_vector_that_covers_the_url_verifies_for_no_other(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    other = request(shown.headers, shown.body, target=f"{shown.target}x", base=shown.base)
    assert reason(auth, other, secret, now=now) == "signature"


@pytest.mark.parametrize("name", [name for name in VECTORS if vendor(name) not in NO_TIME])
def test_a_vector_that_covers_a_time_is_stale_before_and_after_it(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    assert reason(auth, shown, secret, now=now + 301) == "stale"
    assert reason(auth, shown, secret, now=now - 301) == "stale"


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_without_any_one_of_its_headers_is_refused(name: str) -> None:
    auth, shown, secret, now = VECTORS[name]
    for missing in shown.headers:
        rest = {other: value for other, value in shown.headers.items() if other != missing}
        assert reason(auth, request(rest, shown.body, target=shown.target, base=shown.base), secret, now=now)


@pytest.mark.parametrize("name", VECTORS)
def test_only_a_scheme_without_a_time_remembers_what_it_heard(name: str) -> None:
    assert custom(VECTORS[name][0]).dialect.timeless == (vendor(name) in NO_TIME)


# Schemes of which no vector is published.


def signed(template: bytes, digest: str = "sha256", secret: bytes = SECRET) -> bytes:
    return hmac.new(secret, template, digest).digest()


def test_bird_signs_time_url_and_the_bytes_of_the_bodys_hash() -> None:
    auth = (
        '{ hmac = { header = "messagebird-signature", encoding = "base64", template = "{time}\\n{url}\\n{sha256_body}",'
        ' timestamp = { header = "messagebird-request-timestamp", unit = "s" } } }'
    )
    covered = b"1780308000\n" + f"{BASE}{TARGET}\n".encode() + hashlib.sha256(BODY).digest()
    shown = {
        "messagebird-signature": base64.b64encode(signed(covered)).decode(),
        "messagebird-request-timestamp": "1780308000",
    }
    verify(auth, request(shown))
    assert reason(auth, request(shown, BODY + b" ")) == "signature"
    assert reason(auth, request(shown | {"messagebird-request-timestamp": "1780308001"})) == "signature"


def test_zooms_prefix_and_milliseconds_can_be_written() -> None:
    auth = (
        '{ hmac = { header = "x-sig", prefix = "v0=", template = "v0:{time}:{body}",'
        ' timestamp = { header = "x-at", unit = "ms" } } }'
    )
    shown = {"x-sig": f"v0={signed(b'v0:1780308000000:' + BODY).hex()}", "x-at": "1780308000000"}
    verify(auth, request(shown))
    assert reason(auth, request(shown | {"x-sig": shown["x-sig"][3:]})) == "signature"
    assert reason(auth, request(shown | {"x-at": "178030800000٠"})) == "stale"


def test_one_of_several_signatures_is_enough() -> None:
    auth = '{ hmac = { header = "x-sig", encoding = "base64", separator = " ", prefix = "v1," } }'
    good = f"v1,{base64.b64encode(signed(BODY)).decode()}"
    verify(auth, request({"x-sig": f"v1,AAAA {good}"}))
    assert reason(auth, request({"x-sig": "v1,AAAA v2,BBBB"})) == "signature"


def test_hexadecimal_may_be_in_capitals_and_base64_has_one_spelling() -> None:
    verify('{ hmac = { header = "x-sig" } }', request({"x-sig": signed(BODY).hex().upper()}))
    auth = '{ hmac = { header = "x-sig", encoding = "base64" } }'
    good = base64.b64encode(signed(BODY)).decode()
    other_bits = good[:-2] + chr(ord(good[-2]) + 1) + good[-1]
    assert base64.b64decode(other_bits) == base64.b64decode(good)
    verify(auth, request({"x-sig": good}))
    assert reason(auth, request({"x-sig": other_bits})) == "signature"


@pytest.mark.parametrize("key", ["hex", "base64"])
def test_a_secret_that_is_no_key_signs_nothing(key: str) -> None:
    auth = f'{{ hmac = {{ header = "x-sig", key = "{key}" }} }}'
    assert reason(auth, request({"x-sig": signed(BODY, secret=b"").hex()}), b"", b"%%%") == "signature"


def test_a_stripe_like_header_has_one_time_and_any_number_of_signatures() -> None:
    auth = '{ kv_hmac = { header = "x-sig" } }'
    good = signed(b"1780308000." + BODY).hex()
    verify(auth, request({"x-sig": f"t=1780308000, v1={'0' * 64},v1={good}"}))
    assert reason(auth, request({"x-sig": f"t=1780308000,t=1780308000,v1={good}"})) == "missing"
    assert reason(auth, request({"x-sig": f"t=1780308000,v0={good}"})) == "signature"
    assert reason(auth, request({"x-sig": f"v1={good}"})) == "missing"


def test_an_ed25519_signature_covers_time_and_body() -> None:
    auth = '{ ed25519 = { header = "x-sig", template = "{time}|{body}", timestamp = { header = "x-at" } } }'
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    shown = {"x-sig": base64.b64encode(key.sign(b"1780308000|" + BODY)).decode(), "x-at": "1780308000"}
    verify(auth, request(shown), public)
    assert reason(auth, request(shown, BODY + b" "), public) == "signature"
    assert reason(auth, request(shown), base64.b64encode(bytes(32))) == "signature"


# Tokens.

JWT: Final = (
    '{ jwt = { header = "MessageBird-Signature-JWT", algorithms = ["HS256", "HS512"], issuer = "MessageBird",'
    ' url_hash = "url_hash", body_hash = "payload_hash", tolerance = 5 } }'
)
KEY: Final = b"a secret of a length that no library warns of, and that is ours; a secret of a length"


def claims(**changed: Any) -> dict[str, Any]:
    said = {
        "iss": "MessageBird",
        "nbf": NOW,
        "exp": NOW + 60,
        "url_hash": hashlib.sha256(f"{BASE}{TARGET}".encode()).hexdigest(),
        "payload_hash": hashlib.sha256(BODY).hexdigest(),
    }
    return {name: value for name, value in (said | changed).items() if value is not None}


def with_token(
    said: dict[str, Any], *, algorithm: str = "HS256", key: Any = KEY, body: bytes = BODY
) -> Request:
    made = jwt.encode(said, key, algorithm)
    return request({"MessageBird-Signature-JWT": made}, body)


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_token_that_says_what_it_must_verifies(algorithm: str) -> None:
    verify(JWT, with_token(claims(), algorithm=algorithm), b"old", KEY)


def test_a_request_without_a_body_needs_no_hash_of_one() -> None:
    verify(JWT, with_token(claims(payload_hash=None), body=b""), KEY)
    assert reason(JWT, with_token(claims(), body=b""), KEY) == "claims"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "Somebody"}, "claims"),
        ({"iss": None}, "claims"),
        ({"iss": 5}, None),
        ({"url_hash": "0" * 64}, "claims"),
        ({"url_hash": None}, "claims"),
        ({"payload_hash": "0" * 64}, "claims"),
        ({"payload_hash": None}, "claims"),
        ({"exp": NOW - 6}, "stale"),
        ({"nbf": NOW + 6}, "stale"),
        ({"iat": NOW - 6}, "stale"),
        ({"iat": NOW + 6}, "stale"),
        ({"exp": "soon"}, "claims"),
        ({"exp": None}, "claims"),
    ],
)
def test_a_token_that_says_anything_else_is_refused(changed: dict[str, Any], expected: str | None) -> None:
    if expected is None:  # PyJWT itself makes no such token
        with pytest.raises(TypeError):
            with_token(claims(**changed))
        return
    assert reason(JWT, with_token(claims(**changed)), KEY) == expected


def test_no_algorithm_is_taken_but_those_written_down() -> None:
    private = generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert reason(JWT, with_token(claims(), algorithm="HS384"), KEY) == "algorithm"
    assert reason(JWT, with_token(claims(), algorithm="RS256", key=private), KEY) == "algorithm"
    assert reason(JWT, with_token(claims(), algorithm="none", key=None), KEY) in ("algorithm", "signature")
    only_public = '{ jwt = { header = "MessageBird-Signature-JWT", algorithms = ["RS256"] } }'
    verify(only_public, with_token(claims(), algorithm="RS256", key=private), public)
    assert reason(only_public, with_token(claims()), public) == "algorithm"


def test_a_public_key_is_no_secret_of_an_hmac() -> None:
    public = (
        generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    head, said, _ = jwt.encode(claims(), KEY, "HS256").split(".")
    made = base64.urlsafe_b64encode(signed(f"{head}.{said}".encode(), secret=public)).decode().rstrip("=")
    shown = request({"MessageBird-Signature-JWT": f"{head}.{said}.{made}"})
    assert reason(JWT, shown, public) == "signature"


def test_a_body_that_is_a_token_is_read_from_its_claims() -> None:
    made = custom('{ jwt = { where = "body" } }').dialect
    body = jwt.encode({"event": "ringing", "from": "+442079460958", "iat": NOW}, KEY, "HS256").encode()
    shown = request(body=body)
    assert made.verify is not None
    assert made.timeless
    made.verify(shown, (KEY,), NOW)
    assert len(made.read(shown, Facts("desk", None))) == 1
    with pytest.raises(Unverified):
        made.verify(request(body=BODY), (KEY,), NOW)


# Secrets that are shown.


@pytest.mark.parametrize(
    ("auth", "good", "bad"),
    [
        ('"path_token"', request(token="the-secret"), request(token="the-secres")),
        ("{ path_token = true }", request(token="the-secret"), request()),
        ('{ header_token = "X-T" }', request({"x-t": "the-secret"}), request({"X-T": "the-secret0"})),
        (
            '{ header_token = { name = "Authorization", prefix = "Token " } }',
            request({"Authorization": "Token the-secret"}),
            request({"Authorization": "the-secret"}),
        ),
        ('{ query_token = "k" }', request(target="/x?k=the-secret"), request(target="/x?k=the-secres")),
        ('{ query_token = "k" }', request(target="/x?k=the-secret"), request(target="/x?k=a&k=the-secret")),
        ('{ body_token = "a.b" }', request(body=b'{"a":{"b":"the-secret"}}'), request(body=b'{"a":{"b":1}}')),
        ('{ body_token = "/a/b" }', request(body=b'{"a":{"b":"the-secret"}}'), request(body=b"\xff")),
        (
            '"basic"',
            request({"Authorization": "Basic dGhlLXNlY3JldA=="}),
            request({"Authorization": "Basic ???"}),
        ),
    ],
)
def test_a_secret_is_taken_where_it_is_shown_and_nothing_else(auth: str, good: Request, bad: Request) -> None:
    verify(auth, good, b"the-old-one", SECRET)
    assert reason(auth, bad) in ("missing", "signature")
    assert reason(auth, request()) == "missing"


def test_basic_is_user_and_password_together() -> None:
    shown = request({"Authorization": f"Basic {base64.b64encode(b'desk:pass:word').decode()}"})
    verify('"basic"', shown, b"desk:pass:word")
    assert reason('"basic"', shown, b"pass:word") == "signature"


def test_several_proofs_are_all_asked_for_each_by_its_own_secret() -> None:
    auth = '{ path_token = { secrets = [1] }, hmac = { header = "x-sig", secrets = [2] } }'
    made = custom(auth)
    shown = request({"x-sig": signed(BODY).hex()}, token="in-the-path")
    verify(auth, shown, b"in-the-path", SECRET)
    assert made.highest_secret == 2
    assert reason(auth, shown, SECRET, b"in-the-path") == "signature"
    assert reason(auth, request({"x-sig": signed(BODY).hex()}), b"in-the-path", SECRET) == "missing"
    by_path = request({"x-sig": signed(BODY, secret=b"in-the-path").hex()}, token="in-the-path")
    assert reason(auth, by_path, b"in-the-path", SECRET) == "signature"


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("192.0.2.7", True),
        ("10.0.0.1, 192.0.2.7", True),
        ("192.0.2.7, 10.0.0.1", False),
        ("x", False),
        ("", False),
    ],
)
def test_an_address_is_the_one_that_our_own_proxy_added(address: str, *, is_good: bool) -> None:
    auth = '{ path_token = true, ip_allow = { header = "X-Real-IP", networks = ["192.0.2.0/24", "2001:db8::/32"] } }'
    shown = request({"X-Real-IP": address}, token="the-secret")
    if is_good:
        verify(auth, shown)
    else:
        assert reason(auth, shown) in ("missing", "signature")


def test_what_no_signature_covers_is_not_read() -> None:
    made = custom('{ hmac = { header = "x-sig" } }').dialect
    unsigned = Request({}, "event=ringing&from=%2B442079460958", b"", "GET", "/x?event=ringing")
    with pytest.raises(Rejected):
        made.read(unsigned, Facts("desk", None))
    covered = custom('{ hmac = { header = "x-sig", template = "{url}{body}" } }').dialect
    assert len(covered.read(unsigned, Facts("desk", None))) == 1


AUTHS: Final = (
    *(auth for auth, *_ in VECTORS.values()),
    JWT,
    '"basic"',
    '"plivo"',
    '{ jwt = { where = "body" } }',
)


@settings(max_examples=20)
@given(
    auth=st.sampled_from(AUTHS),
    shown=st.text(st.characters(codec="utf-8"), max_size=40) | st.just("a.b.c"),
    body=st.binary(max_size=60),
    target=st.text(max_size=20),
)
def test_any_bytes_are_refused(auth: str, shown: str, body: bytes, target: str) -> None:
    names = (
        "Authorization x-timestamp X-SignalWire-Signature x-justcall-signature x-justcall-request-timestamp"
        " X-PS-Signature X-PLACETEL-SIGNATURE webhook-id webhook-timestamp webhook-signature X-Twilio-Signature"
        " MessageBird-Signature-JWT X-Plivo-Signature-V3 X-Plivo-Signature-V3-Nonce"
    )
    headers = dict.fromkeys(names.split(), shown)
    assert reason(auth, request(headers, body, target=target)) in (
        "missing",
        "signature",
        "stale",
        "algorithm",
        "claims",
    )
