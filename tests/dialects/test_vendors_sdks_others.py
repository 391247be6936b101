"""What the vendors' own libraries sign, write or accept is what we accept, and what they refuse we refuse."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from multidict import CIMultiDict
from standardwebhooks import Webhook, WebhookVerificationError
from telnyx import Telnyx
from vonage_jwt import JwtClient, verify_signature  # type: ignore[import-untyped]  # ships no types

from cti_lookup.dialects.cloudevents import CLOUDEVENTS
from cti_lookup.dialects.dialect import Dialect, Facts, Request, Secrets
from cti_lookup.dialects.standard_webhooks import STANDARD_WEBHOOKS
from cti_lookup.dialects.telnyx import TELNYX
from cti_lookup.dialects.vonage import VONAGE
from cti_lookup.errors import Unverified
from tests.dialects.tokens import sha256_of, signed

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
SECRET = b"0123456789abcdef0123456789abcdef"


def is_verified(dialect: Dialect, body: bytes, headers: dict[str, str], secrets: Secrets, now: float) -> bool:
    assert dialect.verify is not None
    try:
        dialect.verify(Request(CIMultiDict(headers), "", body), secrets, now)
    except Unverified:
        return False
    return True


PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


@pytest.fixture
def telnyx() -> Iterator[Telnyx]:
    with Telnyx(api_key="a key made up", public_key=PUBLIC) as client:
        yield client


def telnyx_accepts(client: Telnyx, body: bytes, headers: dict[str, str]) -> bool:
    try:
        client.webhooks.unwrap(body.decode(), headers=headers)
    except Exception:  # noqa: BLE001  # its errors have changed from one version to the next
        return False
    return True


@pytest.mark.parametrize("name", ["initiated_incoming", "answered_agent", "hangup"])
@pytest.mark.parametrize(("more", "good"), [(b"", True), (b" ", False)])
def test_telnyxs_library_and_we_verify_the_same(telnyx: Telnyx, name: str, more: bytes, good: bool) -> None:
    now = time.time()  # the library reads the clock itself
    body, at = (SAMPLES / f"telnyx.call_{name}.json").read_bytes(), str(int(now))
    signature = base64.b64encode(PRIVATE.sign(at.encode() + b"|" + body)).decode()
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at}

    assert telnyx_accepts(telnyx, body + more, headers) is good
    assert is_verified(TELNYX, body + more, headers, (PUBLIC.encode(),), now) is good


def test_telnyxs_library_reads_the_same_out_of_our_sample(telnyx: Telnyx) -> None:
    body = (SAMPLES / "telnyx.call_initiated_incoming.json").read_bytes()
    theirs: Any = telnyx.webhooks.unsafe_unwrap(body.decode())
    (ours,) = TELNYX.read(Request({}, "", body), FACTS)

    assert ours.key == theirs.data.id
    assert (ours.provider_id, ours.leg) == (
        theirs.data.payload.call_session_id,
        theirs.data.payload.call_leg_id,
    )
    assert ours.caller is not None
    assert ours.caller.raw == theirs.data.payload.from_
    assert ours.occurred_at == theirs.data.occurred_at.timestamp()


@pytest.mark.parametrize(("secret", "good"), [(SECRET, True), (SECRET[::-1], False)])
def test_vonages_library_and_we_verify_the_same_tokens(secret: bytes, good: bool) -> None:
    body, now = (SAMPLES / "vonage.ringing_inbound.json").read_bytes(), 1780000000
    token = signed({"iat": now, "iss": "Vonage", "payload_hash": sha256_of(body)}, SECRET)

    assert verify_signature(token, secret.decode()) is good
    assert is_verified(VONAGE, body, {"Authorization": f"Bearer {token}"}, (secret,), float(now)) is good


def test_the_tokens_that_vonages_library_signs_for_its_api_are_no_webhooks() -> None:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    now = 1780000000
    claims = {"iat": now, "payload_hash": sha256_of(b"{}")}
    token = JwtClient("an application made up", pem).generate_application_jwt(claims).decode()

    assert not is_verified(VONAGE, b"{}", {"Authorization": f"Bearer {token}"}, (public,), float(now))


@pytest.mark.parametrize(
    "secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
@pytest.mark.parametrize(("more", "good"), [(b"", True), (b" ", False)])
def test_what_the_library_of_standard_webhooks_signs_we_verify(secret: str, more: bytes, good: bool) -> None:
    webhook, now = Webhook(secret), datetime.now(UTC)  # the library reads the clock itself
    body = (SAMPLES / "standard-webhooks.ringing.json").read_bytes()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {webhook.sign('msg_1', now, body.decode())}",
    }
    assert is_verified(STANDARD_WEBHOOKS, body + more, headers, (secret.encode(),), now.timestamp()) is good

    if good:
        assert webhook.verify(body, headers) == json.loads(body)
    else:
        with pytest.raises(WebhookVerificationError):
            webhook.verify(body + more, headers)


def cloud_event(name: str) -> CloudEvent:
    attributes = {
        "id": name,
        "source": "/zürich/trunk 1",
        "type": "com.example.call.ringing",
        "specversion": "1.0",
        "time": datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, {"from": "442079460958", "callId": name})


def bytes_of(message: HTTPMessage) -> bytes:
    return message.body if isinstance(message.body, bytes) else message.body.encode()


def read(body: bytes, headers: dict[str, str]) -> list[tuple[str | None, str | None, float | None]]:
    events = CLOUDEVENTS.read(Request(CIMultiDict(headers), "", body), FACTS)
    return [(event.provider_id, event.key, event.occurred_at) for event in events]


def expected(*names: str) -> list[tuple[str, str, float]]:
    return [(name, f"/zürich/trunk 1\n{name}", 1780000000.0) for name in names]


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_what_the_library_of_cloudevents_writes_we_read(write: Callable[[CloudEvent], HTTPMessage]) -> None:
    message = write(cloud_event("e-1"))

    assert read(bytes_of(message), message.headers) == expected("e-1")


def test_what_it_writes_we_read_in_batches() -> None:
    written = [bytes_of(to_structured_event(cloud_event(name))) for name in ("e-1", "e-2")]
    headers = {"Content-Type": "application/cloudevents-batch+json"}

    assert read(b"[" + b",".join(written) + b"]", headers) == expected("e-1", "e-2")
