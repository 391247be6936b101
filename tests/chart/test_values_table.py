"""The table in the chart's README lists every value with its default."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import helm_python as helm
import yaml

from tests.chart.release import CHART, Json

README = (CHART / "README.md").read_text(encoding="utf-8")
SHOWN_WHOLE = {"settings", "sources", "secrets", "resources", "dashboards.labels"}


def values(of: Json, within: str = "") -> Iterator[tuple[str, object]]:
    """Give each value by its path, and those that are shown in one row as a whole."""
    for key, value in of.items():
        path = f"{within}{key}"
        if isinstance(value, dict) and value and path not in SHOWN_WHOLE:
            yield from values(value, f"{path}.")
        else:
            yield path, value


def shown(path: str, value: object) -> str:
    if path == "settings":
        return "all empty"
    if value in ("", {}, []):
        return "–"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def rows(heading: str) -> list[list[str]]:
    """Read the table under a heading, without its head."""
    table = re.search(r"(?:^\|.*\n)+", README.split(f"## {heading}\n", 1)[1], re.MULTILINE)
    assert table
    return [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table[0].splitlines()[2:]]


def test_every_value_stands_in_the_table_with_its_default() -> None:
    there = {
        path: shown(path, value)
        for path, value in values(yaml.safe_load((CHART / "values.yaml").read_text()))
    }

    assert {path.strip("`"): default for path, default, _ in rows("Values")} == there


def test_the_settings_are_empty_unless_somebody_sets_them() -> None:
    settings = helm.values_from_yaml((CHART / "values.yaml").read_text())["settings"]

    assert set(settings.values()) == {""}


def test_every_template_stands_in_the_table_of_what_is_installed() -> None:
    told = " ".join(cell for cell, _ in rows("What it installs"))
    kinds = {
        kind
        for path in (CHART / "templates").rglob("*.yaml")
        for kind in re.findall(r"^kind: (\w+)$", Path(path).read_text(), re.MULTILINE)
    }

    assert {kind for kind in kinds if kind not in told} == set()
