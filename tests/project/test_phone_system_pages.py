"""The pages for administrators: each dialect has one, its settings load, and its line does what the page says."""

import asyncio
import base64
import os
import re
import sys
import time
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from cti_lookup.dialects import DIALECTS
from cti_lookup.dialects.dialect import CUSTOM
from cti_lookup.playing.players import PLAYERS
from cti_lookup.settings import Settings
from tests.conftest import SettableClock
from tests.service.conftest import KEY, StartService, no_settings_from_outside, start

__all__ = ["no_settings_from_outside", "start"]  # fixtures of the service's tests

FOLDER: Final = Path(__file__).parents[2] / "docs" / "phone-systems"
PAGES: Final = {page.stem: page.read_text(encoding="utf-8") for page in sorted(FOLDER.glob("[!R]*.md"))}
INDEX: Final = (FOLDER / "README.md").read_text(encoding="utf-8")
PUBLIC_URL: Final = "https://cti.example"
HERE: Final = "http://127.0.0.1:8080"
ANYTHING: Final = "…"
PATIENCE: Final = 60.0
"""Seconds for a line; on a busy machine a program starts slowly."""

PRIVATE_KEY: Final = base64.b64encode(bytes(range(32))).decode()
SECRETS: Final = {
    "TELNYX_TEST_KEY": PRIVATE_KEY,
    "TELNYX_PUBLIC_KEY": PLAYERS["telnyx"].secret_of(PRIVATE_KEY.encode()).decode(),
}
"""All other secrets may be any text."""


def blocks(page: str, kind: str) -> list[str]:
    """Give the blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


def secrets_of(page: str) -> dict[str, str]:
    """Give a value to each secret that a page names."""
    named = set(re.findall(r"env:([A-Z_]+)", PAGES[page]))
    return {name: SECRETS.get(name, "0123456789abcdef0123456789abcdef") for name in named}


@pytest.fixture
def table(page: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give the sources that a page sets, with its secrets in the environment."""
    for name, value in secrets_of(page).items():
        monkeypatch.setenv(name, value)
    (settings,) = blocks(page, "toml")
    loaded: dict[str, Any] = tomllib.loads(settings)["sources"]
    return loaded


def listed() -> dict[str, str]:
    """Give the dialects of the index, and the page of each."""
    return dict(re.findall(r"^\| \[`([a-z0-9-]+)`\]\(([a-z0-9-]+)\.md\) ", INDEX, re.MULTILINE))


def test_every_dialect_is_listed_and_nothing_else_is() -> None:
    assert set(listed()) == {*DIALECTS, CUSTOM}


def test_every_page_is_listed_and_every_listed_page_is_there() -> None:
    assert set(listed().values()) == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_to_set_on_both_sides_what_it_cannot_do_and_how_to_try_it(page: str) -> None:
    headings = re.findall(r"^## (.+)$", PAGES[page], re.MULTILINE)

    assert headings == ["There", "Here", "What it cannot do", "Try it"]
    assert f"`{page}`" in PAGES[page].splitlines()[0]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_settings_load(page: str, table: dict[str, Any]) -> None:
    settings = Settings.model_validate({"sources": table, "public_url": PUBLIC_URL, "api_keys": KEY})

    (source,) = settings.sources.values()
    assert source.dialect == page
    assert "CTI_PUBLIC_URL" in PAGES[page] or not source.spoken.needs_public_url


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_s_line_gives_what_the_page_says(
    page: str, table: dict[str, Any], start: StartService, clock: SettableClock
) -> None:
    clock.now = time.time()
    service = await start(sources=table, public_url=PUBLIC_URL)
    await service.lookup()
    (line,) = blocks(page, "sh")

    said = await run(line.replace(HERE, f"http://127.0.0.1:{service.port}"), secrets_of(page))

    assert re.fullmatch(pattern_of(blocks(page, "text")[-1]), said.strip(), re.DOTALL), said
    assert [one["source"] for one in service.logged if one["event"] == "webhook"] == list(table)


async def run(line: str, secrets: dict[str, str]) -> str:
    """Run a line as a shell does that finds our program, and give what it prints."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_shell(
        line,
        env={"PATH": programs, "LANG": "C.UTF-8", **secrets},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert not complained, complained.decode()
    return said.decode()


def pattern_of(text: str) -> str:
    """Make a pattern of what a page shows, in which … is anything."""
    return ".*?".join(re.escape(part) for part in text.strip().split(ANYTHING))
