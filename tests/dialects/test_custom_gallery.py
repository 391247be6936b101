"""The gallery of descriptions: each is settings that can be started with, and reads its samples as its golden row says."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cti_lookup.dialects.custom.answers import DOCUMENTS
from cti_lookup.dialects.custom.auth import PROOFS
from cti_lookup.dialects.custom.description import PLAIN
from cti_lookup.dialects.custom.moments import UNITS
from cti_lookup.dialects.custom.transforms import PLAIN as TRANSFORMS
from cti_lookup.dialects.custom.words import EVENTS
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.settings import Source, load_settings
from cti_lookup.telephone import E164, Dialled, Internal, Invalid, Withheld

SAMPLES: Final = Path(__file__).with_name("samples")
GALLERY: Final = Path(__file__).parents[2] / "examples" / "sources"
NAMES: Final = sorted(path.stem for path in GALLERY.glob("*.toml"))
FILES: Final = sorted(path.name for path in SAMPLES.glob("custom.*"))

LONDON: Final = "+442079460958"
TEN: Final = 1780308000.0
"""Ten o'clock on the first of June 2026, UTC."""

GOLDEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "asterisk-ari.stasis_start.json": {
        "provider_id": "1780307940.12",
        "display_name": "KUMAR A",
        "callee": "1002",
        "occurred_at": TEN,
        "order": TEN,
    },
    "asterisk-ari.up.json": {
        "happening": Happening.ANSWERED,
        "provider_id": "1780307940.12",
        "caller": Withheld(""),
        "callee": "1002",
        "occurred_at": TEN + 5,
        "order": TEN + 5,
    },
    "bandwidth.initiate.json": {
        "provider_id": "c-1",
        "callee": "+17135550100",
        "attestation": Attestation.FULL,
        "occurred_at": TEN,
    },
    "bandwidth.private.json": {
        "provider_id": "c-2",
        "callee": "+17135550100",
        "caller": Withheld("Restricted"),
    },
    "bird.inbound.json": {"provider_id": "bird-1", "callee": "+17135550100"},
    "cloudtalk.step.json": {
        "provider_id": "6f1c0a52-0000-4000-8000-000000000001",
        "agents": ("ada@desk.example",),
    },
    "connect-8x8.received.json": {"provider_id": "s-1", "callee": "+17135550100"},
    "creomate.ringing.json": {
        "provider_id": "00000000-0000-0000-0000-000000000001",
        "callee": "+17135550100",
        "agents": ("809",),
        "display_name": "Lovelace, Ada",
    },
    "cursor.ringing.json": {"provider_id": "cti-1", "agents": ("1002",)},
    "didww.started.json": {"provider_id": "tag-7", "callee": "+17135550100", "key": "delivery-1"},
    "elks46.voice_start.form": {
        "provider_id": "c0000000000000000000000000000001",
        "callee": "+46700000000",
    },
    "exotel.incoming_call.json": {
        "provider_id": "call_1",
        "callee": "+17135550100",
        "agents": ("agent_001",),
        "display_name": "Ada Lovelace",
        "occurred_at": TEN + 0,
    },
    "five9.call.json": {"provider_id": "1234567", "caller": "+17135550142"},
    "five9.unfilled.json": {"caller": Invalid("$(call.ani)", "placeholder")},
    "freeswitch.create.json": {
        "provider_id": "call-1",
        "leg": "leg-1",
        "callee": "1002",
        "display_name": "KUMAR A",
    },
    "freeswitch.hangup.json": {
        "happening": Happening.ENDED,
        "result": Result.MISSED,
        "provider_id": "call-1",
        "leg": "leg-1",
        "caller": None,
    },
    "genesys.ask.txt": {"provider_id": "conv-1"},
    "ivozprovider.answer_out.json": {
        "happening": Happening.ANSWERED,
        "direction": Direction.OUTBOUND,
        "provider_id": "ivoz-18@pbx.example",
        "agents": ("1002",),
        "answered_by": "1002",
    },
    "ivozprovider.ring.json": {"provider_id": "ivoz-17@pbx.example", "agents": ("1002",)},
    "justcall.incoming.json": {
        "provider_id": "CA1",
        "callee": "+17135550100",
        "agents": ("ada@desk.example",),
        "key": "REQ-1",
    },
    "messagebird.items.json": {"provider_id": "call-1", "leg": "leg-1", "callee": "+17135550100"},
    "microsip.number.form": {},
    "mitel-micc.popup.txt": {"caller": "+17135550142", "callee": "1002", "queue": "Front desk"},
    "relatel.call_new.json": {},
    "ringotel.popup.txt": {"callee": "1002", "display_name": "Ada Lovelace"},
    "sinch.ice.json": {
        "provider_id": "00000000-0000-4000-8000-000000000001",
        "callee": "+17135550100",
        "occurred_at": TEN,
    },
    "softphone-pro.incoming.txt": {"provider_id": "call-1", "display_name": "Ada Lovelace"},
    "starface.incoming.json": {
        "region": "GB",
        "callee": "137",
        "agents": ("137",),
        "display_name": "Ada Lovelace",
    },
    "vonage-vbc.ringing.json": {
        "provider_id": "0a1b-c2d3",
        "leg": "0a1b-c2d3_1002",
        "agents": ("1002",),
        "display_name": "Ada Lovelace",
    },
    "wazo.created.json": {
        "provider_id": "1780307940.10",
        "leg": "1780307940.12",
        "agents": ("u-1",),
        "display_name": "KUMAR A",
    },
    "webex.alerting.json": {
        "provider_id": "session-1",
        "display_name": "ADA LOVELACE",
        "occurred_at": TEN,
        "order": TEN,
    },
    "webex.deleted.json": {
        "happening": Happening.ENDED,
        "direction": Direction.OUTBOUND,
        "provider_id": "session-1",
        "occurred_at": TEN + 30,
        "order": TEN + 30,
    },
    "webex.private.json": {
        "provider_id": "session-2",
        "caller": Withheld(LONDON),
        "occurred_at": TEN,
        "order": TEN,
    },
    "wildix.popup.txt": {"agents": ("1002",), "display_name": "Ada Lovelace"},
    "xarios.popup.txt": {"callee": "+17135550100", "queue": "Front desk"},
    "yealink.incoming.txt": {"provider_id": "12", "agents": ("1002",), "display_name": "KUMAR A"},
    "yealink.missed.txt": {
        "happening": Happening.ENDED,
        "result": Result.MISSED,
        "provider_id": "12",
        "agents": ("1002",),
        "display_name": "KUMAR A",
    },
}
"""What each sample is read as; what a row does not name is an inbound call that rings, from London."""


def loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Load a description as a service would, with its secrets in the environment."""
    path = GALLERY / f"{name}.toml"
    for number, variable in enumerate(re.findall(r'"env:(\w+)"', path.read_text())):
        monkeypatch.setenv(variable, f"the-secret-{number}" if number else "the-secret")
    monkeypatch.setenv("CTI_CONFIG", str(path))
    monkeypatch.setenv("CTI_PUBLIC_URL", "https://cti.example.com")
    (source,) = load_settings().sources.values()
    return source


def request_of(file: str) -> Request:
    """Make the request that a sample stands for; 46elks and MicroSIP tell the event in the URL."""
    content = (SAMPLES / f"custom.{file}").read_bytes()
    name = file.partition(".")[0]
    if file.endswith(".txt"):
        query = content.decode().strip()
        return Request({}, query, b"", "GET", f"/webhooks/{name}?{query}", token="the-secret")
    target = f"/webhooks/{name}?event=ringing"
    return Request({"X-PS-Event-Id": "delivery-1"}, "", content, target=target, token="the-secret")


def caller_of(event: CallEvent) -> object:
    match event.caller:
        case Dialled(number=E164(number)):
            return number
    return event.caller


def test_every_description_has_a_sample_and_every_sample_a_golden_row() -> None:
    assert {file.removeprefix("custom.") for file in FILES} == GOLDEN.keys()
    assert {file.partition(".")[0] for file in GOLDEN} == {*NAMES}


@pytest.mark.parametrize("file", GOLDEN)
def test_a_sample_is_read_as_its_golden_row_says(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = loaded(file.partition(".")[0], monkeypatch)
    expected = dict(GOLDEN[file])
    facts = Facts("front-desk", expected.pop("region", "US"))
    (event,) = source.spoken.read(request_of(file), facts)
    told = {name: getattr(event, name) for name in event.__struct_fields__} | {"caller": caller_of(event)}
    blank = {name: () if name == "agents" else None for name in event.__struct_fields__ if name != "source"}
    usual = {"happening": Happening.RINGING, "direction": Direction.INBOUND, "caller": LONDON}
    assert told == {"source": "front-desk", **blank, **usual, **expected}


@pytest.mark.parametrize("name", NAMES)
def test_a_description_proves_its_sender_by_a_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = loaded(name, monkeypatch)
    assert source.secrets
    assert not source.insecure


@pytest.mark.parametrize("name", NAMES)
def test_a_description_says_in_its_first_lines_what_it_is_for(name: str) -> None:
    assert re.match(r"# \S.*: .+\n", (GALLERY / f"{name}.toml").read_text())


def test_an_extension_that_calls_is_a_colleague(monkeypatch: pytest.MonkeyPatch) -> None:
    source = loaded("cursor", monkeypatch)
    request = Request({}, "", b'{"number": 1002, "state": "ringing"}')
    (event,) = source.spoken.read(request, Facts("front-desk", "US"))
    assert event.caller == Internal("1002", "1002")


def test_the_page_of_the_gallery_names_every_setting_and_every_proof() -> None:
    page = (GALLERY / "README.md").read_text()
    for name in (*PLAIN, *PROOFS, *TRANSFORMS, *DOCUMENTS, *EVENTS, *UNITS):
        assert f"`{name}`" in page or f"`{name} =" in page, name
