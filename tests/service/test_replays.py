"""A signed request is heard once, however it is written the second time; and OPTIONS makes no phone ring."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest

from tests.service.conftest import BEARER, Service, StartService

PUBLIC = "https://calls.example"
SECRET = "a-signing-secret-of-this-test"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TWILIO = "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=%2B12025550143&To=%2B12025550100"
PLIVO = "CallUUID=p1&CallStatus=ringing&Direction=inbound&From=12025550143&To=12025550100"
SWML = '{"call":{"call_id":"c1","call_state":"created","direction":"inbound","from":"+12025550143"}}'


def signed(dialect: str, body: str) -> dict[str, str]:
    """Sign a body as the sender does, for the source that is named like its dialect."""
    url = f"{PUBLIC}/webhooks/{dialect}"
    fields = "".join(name + value for name, value in sorted(parse_qsl(body)))
    if dialect == "plivo":
        digest = _hmac("sha256", f"{url}{fields}.12345")
        return {
            "X-Plivo-Signature-V3": base64.b64encode(digest).decode(),
            "X-Plivo-Signature-V3-Nonce": "12345",
        }
    if body.startswith("{"):
        return {"X-SignalWire-Signature": _hmac("sha1", url + body).hex()}
    return {"X-Twilio-Signature": base64.b64encode(_hmac("sha1", url + fields)).decode()}


def _hmac(algorithm: str, text: str) -> bytes:
    return hmac.new(SECRET.encode(), text.encode(), getattr(hashlib, algorithm)).digest()


@pytest.fixture
async def service(start: StartService) -> Service:
    dialects = ("twilio", "twilio-late-fields", "signalwire", "plivo", "generic", "cnam", "webex")
    sources = {one: {"dialect": one, "secrets": [SECRET]} for one in dialects}
    return await start(public_url=PUBLIC, sources=sources)


async def _post(service: Service, source: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    async with service.client.post(f"/webhooks/{source}", data=body, headers={**FORM, **headers}) as response:
        return response.status, await response.text()


def _written_otherwise(form: str) -> list[str]:
    return ["&".join(form.split("&")[::-1]), form.replace("ringing", "%72inging"), f"{form}&"]


@pytest.mark.parametrize(
    ("source", "form"),
    [("twilio", TWILIO), ("twilio-late-fields", TWILIO), ("signalwire", TWILIO), ("plivo", PLIVO)],
)
async def test_a_replay_is_known_however_its_fields_are_written(
    service: Service, source: str, form: str
) -> None:
    headers = signed(source, form)
    first = await _post(service, source, form, headers)
    others = _written_otherwise(form)
    if source != "plivo":
        others.append(f"{form}&CallSid=CA1")  # signed once however often it is there
    replays = [await _post(service, source, other, headers) for other in others]

    assert first[0] == 200
    assert replays == [first] * len(others)
    assert await service.counted("cti_webhooks_total", source=source, result="accepted") == 1.0
    assert await service.counted("cti_webhooks_total", source=source, result="repeated") == len(others)


async def test_a_replay_is_known_whatever_is_put_into_fields_that_are_not_signed(service: Service) -> None:
    headers = signed("twilio-late-fields", TWILIO)
    for late in ("", "&StirVerstat=TN-Validation-Passed-A", "&CallToken=1", "&CallToken=2"):
        await _post(service, "twilio-late-fields", TWILIO + late, headers)

    assert await service.counted("cti_webhooks_total", source="twilio-late-fields", result="accepted") == 1.0


async def test_another_request_with_a_signature_of_its_own_is_no_replay(service: Service) -> None:
    for sid in ("CA1", "CA2"):
        form = TWILIO.replace("CA1", sid)
        await _post(service, "twilio", form, signed("twilio", form))

    assert await service.counted("cti_webhooks_total", source="twilio", result="accepted") == 2.0


async def test_swml_is_answered_in_swml_also_if_it_is_a_replay_or_makes_no_sense(service: Service) -> None:
    nothing = (200, '{"version":"1.0.0","sections":{"main":[]}}')
    for body in (SWML, SWML, '{"call":{}}', '{"call":'):
        assert await _post(service, "signalwire", body, signed("signalwire", body)) == nothing


@pytest.mark.parametrize("source", ["generic", "cnam", "twilio", "webex"])
async def test_options_makes_no_phone_ring_even_with_a_key(service: Service, source: str) -> None:
    query = {"from": "+12025550143", "number": "+12025550143"}
    path = f"/webhooks/{source}"
    async with service.client.options(path, params=query, headers=BEARER) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, POST")
    assert await service.counted("cti_webhooks_total", source=source, result="ignored") == 1.0
    assert await service.counted("cti_calls_remembered") == 0.0
