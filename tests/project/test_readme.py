"""The README is the specification: what it lists is what there is."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from typer.main import get_command

from cti_lookup.answers import Outcome
from cti_lookup.app import create_app
from cti_lookup.cli import app as command_line
from cti_lookup.errors import Rejected
from cti_lookup.logs import open_log
from cti_lookup.matching import Rule
from cti_lookup.settings import NAMES, Settings
from cti_lookup.tallies import DEFINITIONS
from cti_lookup.web.unserved import ANYTHING

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, tuple[str, ...]]:
    """Read the first table under a heading: its first column, and the other cells."""
    section = README.split(f"# {heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table, f"there is no table under {heading}"
    cells = [
        tuple(cell.strip() for cell in line.strip("|\n").split(" | ")) for line in table[0].splitlines()[2:]
    ]
    return {first.strip().strip("`"): tuple(rest) for first, *rest in cells}


def test_every_setting_stands_in_the_table_and_nothing_else_does() -> None:
    assert set(rows("Settings")) == set(NAMES)


def test_every_default_in_the_table_is_the_code_s() -> None:
    told = {name: cells[0] for name, cells in rows("Settings").items()}
    for name, field in Settings.model_fields.items():
        if name == "sources":
            continue
        shown = "–" if field.default in (None, ()) else f"`{field.default}`"
        assert told[f"CTI_{name.upper()}"] == shown, name


def own_path(resource: web.AbstractResource) -> bool:
    """Tell whether a path is one source's own, which `/webhooks/{source}` stands for, or what is left."""
    return resource.canonical in ("/webhooks/generic", ANYTHING)


def served() -> set[str]:
    """Give every route that is served, as `POST /path`."""
    app = create_app(Settings.model_construct(), log=open_log())
    return {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD" and not own_path(route.resource)
    }


def test_every_route_stands_in_the_table_and_nothing_else_does() -> None:
    told = rows("Routes")
    also = {
        name.replace("POST", method)
        for name, cells in told.items()
        for method in ("GET", "OPTIONS")
        if "also `GET`" in cells[0] and f"`{method}`" in cells[0]
    }
    assert set(told) | also == served()


def test_every_metric_is_defined_by_the_code_s_own_sentence() -> None:
    told = {re.sub(r"_total|\{.*\}", "", name): cells[0] for name, cells in rows("Metrics").items()}
    assert told == DEFINITIONS


def test_every_command_stands_in_the_table() -> None:
    told = {name.split()[1] for name in rows("Commands")}
    assert told == set(get_command(command_line).list_commands(None))  # type: ignore[attr-defined]  # a group


def test_every_outcome_and_rule_is_explained() -> None:
    assert set(rows("Seven outcomes")) == {outcome.value for outcome in Outcome}
    assert set(rows("Rules of matching")) == {rule.value for rule in Rule}


def rejections(kind: type[Rejected]) -> list[type[Rejected]]:
    return [kind, *(below for child in kind.__subclasses__() for below in rejections(child))]


@pytest.mark.parametrize("kind", rejections(Rejected)[1:], ids=lambda kind: kind.__name__)
def test_every_problem_code_is_listed_with_its_status(kind: type[Rejected]) -> None:
    assert re.search(rf"`{kind.reason}`[^.]*\b{kind.status}\b", README)


@pytest.mark.parametrize("place", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_every_file_the_readme_points_at_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_place_in_the_repository_table_is_there() -> None:
    for places in rows("In this repository"):
        for place in re.findall(r"[\w/-]+(?:\.py|/)|Dockerfile", places):
            assert (ROOT / place).exists() or (ROOT / "cti_lookup" / place).exists(), place


def test_nothing_is_left_to_be_filled_in() -> None:
    assert not re.search(r"\b(?:BENCH|TODO|TBD|XXX)\b", README)
