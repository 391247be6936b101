"""`cti-lookup send` says what is answered, prints what it would send, and says what is wrong with its options."""

import asyncio
import shlex
import time
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.errors import SettingsError
from cti_lookup.playing.command import send
from cti_lookup.playing.players import PLAYERS
from tests.conftest import SettableClock
from tests.service.conftest import Service, StartService, no_settings_from_outside, start

__all__ = ["no_settings_from_outside", "start"]  # fixtures of the service's tests

SECRET: Final = "0123456789abcdef0123456789abcdef"
ZOOM: Final = {"zoom": {"dialect": "zoom", "secrets": [SECRET]}}


@pytest.fixture
async def service(start: StartService, clock: SettableClock) -> Service:
    clock.now = time.time()
    return await start(sources=ZOOM)


def url_of(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}/webhooks/zoom"


async def test_each_part_of_a_call_is_told_with_its_answer(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(send, "zoom", url=url_of(service), secret=SECRET, script=True)

    said = capsys.readouterr().out.splitlines()
    assert [line.split() for line in said] == [[act, "200", "{}"] for act, _ in PLAYERS["zoom"].script]


async def test_without_script_it_only_rings(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    await asyncio.to_thread(send, "zoom", url=url_of(service), secret=SECRET)

    assert capsys.readouterr().out.split() == ["ring", "200", "{}"]


async def test_the_status_says_that_something_was_refused(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        await asyncio.to_thread(send, "zoom", url=url_of(service), secret="another")

    assert left.value.code == 1
    assert capsys.readouterr().out.startswith("ring     401  ")


def test_nobody_to_reach_is_said_in_a_sentence() -> None:
    with pytest.raises(ConnectionError, match="--url: could not be reached"):
        send("zoom", url="http://127.0.0.1:9/webhooks/zoom", secret=SECRET)


@pytest.mark.parametrize("name", PLAYERS)
def test_every_request_can_be_printed_as_a_line_for_the_shell(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    send(name, url="http://127.0.0.1:8080/webhooks/x", secret=secret, script=True, printed=True)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PLAYERS[name].script)
    assert all(shlex.split(line)[0] == "curl" for line in lines)


def test_two_plays_are_two_calls(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        send("generic", printed=True)

    first, second = capsys.readouterr().out.splitlines()
    assert first != second


def test_who_calls_and_who_is_called_can_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    send("sipgate", caller="+442079460958", callee="+493023125000", printed=True)

    assert "from=442079460958&to=493023125000" in capsys.readouterr().out


def test_a_secret_may_stand_in_the_environment_or_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PBX_KEY", "of-the-environment")
    (tmp_path / "key").write_text("of-a-file\n")
    send("generic", secret="env:PBX_KEY", printed=True)
    send("generic", secret=f"file:{tmp_path / 'key'}", printed=True)

    first, second = capsys.readouterr().out.splitlines()
    assert "Bearer of-the-environment" in first
    assert "Bearer of-a-file" in second


def test_of_a_private_key_the_public_half_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    send("telnyx", secret="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", printed=True)

    assert "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"dialect": "telefax"}, "DIALECT: is none of generic, "),
        ({"secret": "env:NOT_SET"}, "--secret: "),
        ({"url": "ftp://127.0.0.1/"}, "--url: is no http or https URL"),
        ({"url": "http://[/"}, "--url or --public-url: "),
        ({"public_url": "nowhere"}, "--url or --public-url: "),
        ({"dialect": "telnyx", "secret": "short"}, "--secret: is to be an Ed25519 private key"),
        ({"dialect": "standard-webhooks", "secret": "whsec_~"}, "--secret: is to be base64 after whsec_"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_option_is_said(options: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsError) as error:
        send(**{"dialect": "generic", "printed": True, **options})  # type: ignore[arg-type]  # texts and a flag

    assert error.value.faults[0].startswith(fault)
