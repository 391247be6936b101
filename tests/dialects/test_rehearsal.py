"""How an event in a file would be read: field by field, and no number in full unless that is asked for."""

import json
import tomllib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cti_lookup.cli import app
from cti_lookup.dialects.custom import described
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.errors import SettingsError
from cti_lookup.rehearsal import Headers, Rehearsed, rehearse, without_numbers

DESCRIPTION: Final = (
    'event = { path = "state", map = { RING = "ringing" } }\nremote = "number"\nown = "line"\ncall = "id"\n'
    'name = "shown"\ntime = "at"\n'
)
EVENT: Final = {
    "state": "RING",
    "number": "+442079460958",
    "line": "17135550100",
    "id": "02079460958",
    "shown": "Ada 020 7946 0958",
    "at": 1780308000,
}


def read(event: object, *, show: bool = False, more: str = "") -> Rehearsed:
    custom = described(tomllib.loads(DESCRIPTION + more))
    request = Request(Headers({}), "", json.dumps(event).encode())
    return rehearse(custom.dialect, custom, (b"s",), request, Facts("desk", "GB", 0.0), show=show)


def lines(rehearsed: Rehearsed) -> dict[str, tuple[str, str]]:
    (told,) = rehearsed.events
    return {line.name: (line.found, line.read) for line in told if (line.found, line.read) != ("", "–")}


def test_each_field_is_told_as_it_was_found_and_as_it_is_read() -> None:
    assert lines(read(EVENT, show=True)) == {
        "event": ("RING", "ringing"),
        "direction": ("", "inbound"),
        "remote": ("+442079460958", "+442079460958"),
        "own": ("17135550100", "+17135550100"),
        "call": ("02079460958", "02079460958"),
        "name": ("Ada 020 7946 0958", "Ada 020 7946 0958"),
        "time": ("1780308000", "1780308000.0"),
    }


def test_no_number_is_told_in_full() -> None:
    told = lines(read(EVENT))
    assert told["remote"] == ("+44•••58", "+4420•••0958")
    assert told["call"] == ("020•••58", "020•••58")
    assert told["name"][1] == "Ada 020•••58"
    assert not any("79460958" in text or "7946 0958" in text for pair in told.values() for text in pair)
    assert lines(read(EVENT | {"number": "KzQ0MjA3OTQ2MDk1OA=="}))["remote"] == ("•••", "no number: text")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("1002", "extension 1002"),
        ("anonymous", "withheld"),
        ("$remote", "no number: placeholder"),
        (None, "–"),
    ],
)
def test_a_caller_who_is_no_number_is_told_as_what_it_is(number: str | None, told: str) -> None:
    assert dict(lines(read(EVENT | {"number": number}))).get("remote", ("", "–"))[1] == told


def test_an_event_that_is_ignored_says_which_word_it_was() -> None:
    assert lines(read(EVENT | {"state": "DTMF"})) == {"event": ("DTMF", "ignored")}


def test_a_proof_is_tried_on_the_request_as_it_is() -> None:
    assert read(EVENT).proof.startswith("its sender shows a key")
    assert read(EVENT, more='auth = { hmac = { header = "X" } }').proof == "refused: missing"


def test_what_cannot_be_read_says_why() -> None:
    rehearsed = read(5)
    assert (rehearsed.events, rehearsed.trouble) == ((), "The body is no form with a value in it.")


def test_an_event_of_any_other_dialect_is_told_too() -> None:
    request = Request(Headers({}), "", b'{"from": "+442079460958", "callId": "7"}')
    told = lines(rehearse(GENERIC, None, (), request, Facts("desk", None), show=True))
    assert (told["remote"], told["call"]) == (("", "+442079460958"), ("", "7"))


@settings(max_examples=50)
@given(st.from_regex(r"\+?[0-9]([ ()./-]{0,3}[0-9]){6,20}", fullmatch=True), st.text(max_size=5))
def test_whatever_stands_around_a_number_it_is_not_told(number: str, around: str) -> None:
    assert number not in without_numbers(f"{around} {number} {around}")


def test_headers_are_found_in_any_letter_case() -> None:
    headers = Headers({"X-Sig": "a"})
    assert (headers["x-sig"], headers.get("X-SIG"), "x-SIG" in headers, [*headers]) == (
        "a",
        "a",
        True,
        ["x-sig"],
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with settings and an event."""
    described_source = '[sources.desk]\ndialect = "custom"\nsecrets = ["the-secret"]\n[sources.desk.custom]\n'
    auth = 'auth = { header_token = "X-T" }\n'
    fetched = '[sources.phone]\ndialect = "custom"\nsecrets = ["s"]\n[sources.phone.custom]\nread = "query"\n'
    (tmp_path / "cti.toml").write_text(described_source + auth + DESCRIPTION + fetched + DESCRIPTION)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    (tmp_path / "url.txt").write_text("https://cti.example.com/x?state=RING&number=+442079460958\n")
    monkeypatch.setenv("CTI_CONFIG", str(tmp_path / "cti.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
class TestCheck:
    def run(self, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["check", *arguments])
        if isinstance(done.exception, SettingsError):
            raise done.exception
        return done.exit_code, done.output

    def test_an_event_in_a_file_is_told_field_by_field(self) -> None:
        status, said = self.run("--event", "event.json", "--source", "desk", "--header", "x-t: the-secret")
        assert status == 0
        assert "proof: good" in said
        assert "+4420•••0958" in said
        assert "79460958" not in said
        assert "the-secret" not in said

    def test_numbers_are_told_in_full_where_that_is_asked_for(self) -> None:
        assert "+442079460958" in self.run("--event", "event.json", "--source", "desk", "--show")[1]

    def test_a_url_that_was_fetched_is_read_as_one(self) -> None:
        status, said = self.run("--event", "url.txt", "--source", "phone", "--get", "--show")
        assert status == 0
        assert "+442079460958" in said

    def test_an_event_that_cannot_be_read_ends_with_a_failure(self, folder: Path) -> None:
        (folder / "event.json").write_bytes(b"\xff{")
        assert self.run("--event", "event.json", "--source", "desk")[0] == 1

    def test_a_source_and_a_header_that_are_none_are_said(self) -> None:
        with pytest.raises(SettingsError, match="--source: is one of desk, phone"):
            self.run("--event", "event.json", "--source", "x")
        with pytest.raises(SettingsError, match="--header: is written"):
            self.run("--event", "event.json", "--source", "desk", "--header", "the-secret")
