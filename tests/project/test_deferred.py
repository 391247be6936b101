"""What is imported later is there, and a start imports none of what its settings do not ask for."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.deferred import Deferred, Shelf
from cti_lookup.dialects import DIALECTS

PACKAGE: Final = Path(__file__).parents[2] / "cti_lookup"
NEVER_NEEDED: Final = frozenset(
    {
        "cryptography",
        "cti_lookup.dialects.custom",
        "cti_lookup.dialects.twilio",
        "cti_lookup.directory",
        "cti_lookup.playing",
        "cti_lookup.web.openapi",
        "jmespath",
        "jwt",
        "opentelemetry",
        "redis",
        "rich",
        "sqlite3",
    }
)
"""Modules that a service needs none of where the directory is elsewhere, no Redis is set and phones write as `generic`."""


def places() -> Iterator[str]:
    """Find all places of things that are imported later."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"cti_lookup\.[a-z0-9_.]+:[A-Za-z0-9_]+", text):
                yield text


@pytest.mark.parametrize("place", sorted(set(places())))
def test_what_is_imported_later_is_there(place: str) -> None:
    assert Deferred[object](place).get() is not None


def test_a_dialect_stands_under_its_own_name() -> None:
    assert {name: dialect.name for name, dialect in DIALECTS.items()} == {name: name for name in DIALECTS}


def test_a_shelf_says_what_it_holds_without_importing_it() -> None:
    shelf: Shelf[object] = Shelf({"one": "cti_lookup.there_is_no_such_module:ONE"})

    assert ("one" in shelf, "two" in shelf, list(shelf), len(shelf)) == (True, False, ["one"], 1)
    with pytest.raises(ModuleNotFoundError):
        shelf["one"]


@pytest.mark.slow
def test_a_start_imports_none_of_what_its_settings_do_not_ask_for(tmp_path: Path) -> None:
    said = b"".join(_said_while_starting(tmp_path))
    imported = {line.rpartition("|")[2].strip() for line in said.decode().splitlines()}

    assert "cti_lookup.rservice.client" in imported
    assert imported & NEVER_NEEDED == set()


def _said_while_starting(folder: Path) -> Iterator[bytes]:
    """Start a service that says what it imports, until it listens."""
    settings = {"CTI_PORT": "0", "CTI_DIRECTORY_URL": "http://127.0.0.1:9/v1", "CTI_DIRECTORY_TOKEN": "token"}
    service = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "cti_lookup", "serve"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with service:
        assert service.stdout is not None
        for line in service.stdout:
            yield line
            if b"listens at" in line:
                break
        service.terminate()
