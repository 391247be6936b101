"""The dashboard asks for what there is, in the order in which one looks for a cause, and says what is normal."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.promql import ALERTS, EVERY_RULE, ROOT, Exposed, alternatives, selectors, unknown
from tests.observability.test_rules import promtool

DASHBOARD: Any = json.loads((ROOT / "helm" / "dashboards" / "cti-lookup.json").read_text())
VARIABLES = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
ROWS = [panel for panel in DASHBOARD["panels"] if panel["type"] == "row"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SOURCE = "\n".join(path.read_text() for path in sorted((ROOT / "cti_lookup").rglob("*.py")))


def plain(query: str) -> str:
    """Write a query without Grafana's variables."""
    return re.sub(r"\$\w+", ".*", query.replace("$__rate_interval", "5m"))


def queries_of(panel: Any) -> list[str]:
    return [plain(target["expr"]) for target in panel["targets"]]


QUERIES = [query for panel in PANELS for query in queries_of(panel)]
QUERIES += [plain(one["expr"]) for one in DASHBOARD["annotations"]["list"]]
EXPRESSIONS = [rule["expr"] for rule in EVERY_RULE]


@pytest.mark.slow
async def test_every_series_and_label_that_is_asked_for_is_exposed(exposed: Exposed) -> None:
    assert {query: faults for query in QUERIES + EXPRESSIONS if (faults := unknown(query, exposed))} == {}


@pytest.mark.slow
async def test_every_metric_of_ours_is_on_the_dashboard(exposed: Exposed) -> None:
    asked = {one.name.removesuffix("_bucket") for query in QUERIES for one in selectors(query)}
    ours = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in exposed
        if name.startswith("cti_") and not name.endswith("_created")
    }
    assert ours - asked == set()


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("rate(cti_lookup_total[5m])", ["cti_lookup_total"]),
        ('sum by (outcome) (up{job="x"})', ["by (outcome)"]),
        ('cti_cache_entries{tier="memory"}', ["cti_cache_entries{tier}"]),
        ("max(cti_cache_entries) / on (job) group_left () up offset 1d", []),
    ],
)
def test_a_query_for_what_there_is_not_would_be_found(query: str, fault: list[str]) -> None:
    assert unknown(query, {"cti_cache_entries": set()}) == fault


@pytest.mark.parametrize("query", sorted({*QUERIES, *EXPRESSIONS}))
def test_every_word_that_a_query_looks_for_is_a_word_of_the_program(query: str) -> None:
    wanted = {
        word for one in selectors(query) for key, text in one.labels.items() for word in alternatives(text)
    }
    assert {word for word in wanted if f'"{word}"' not in SOURCE} - {"firing"} == set()


@pytest.mark.slow
def test_prometheus_takes_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"asked:{number}", "expr": query} for number, query in enumerate(QUERIES)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    promtool("check", "rules", str(file))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_in_words_what_it_shows_and_what_is_normal(panel: Any) -> None:
    assert re.search(r"\w+ \w+.*\. Normal: \w+", panel["description"])
    assert panel["description"].endswith(".")


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_legend_names_only_labels_that_its_query_keeps(panel: Any) -> None:
    for target in panel["targets"]:
        legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.findall(r"\bby \(([^)]*)\)", target["expr"])
        if legend and kept:
            assert legend <= {label.strip() for label in kept[0].split(",")}
        elif legend:
            assert legend == {"instance"}


def test_rows_are_numbered_in_the_order_in_which_one_looks_for_a_cause() -> None:
    assert [row["title"].partition(".")[0] for row in ROWS] == [str(n) for n in range(1, len(ROWS) + 1)]
    assert [row["gridPos"]["y"] for row in ROWS] == sorted(row["gridPos"]["y"] for row in ROWS)


def overlap(one: Any, other: Any) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )


def test_no_panel_lies_over_another_or_outside() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_whoever_looks_can_choose_a_data_source_a_job_a_replica_and_a_source() -> None:
    assert list(VARIABLES) == ["datasource", "job", "instance", "source"]
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "$datasource"


def test_each_query_is_of_the_chosen_job() -> None:
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    assert [query for query in asked if 'job=~"$job"' not in query and "ALERTS" not in query] == []


def test_the_dashboard_marks_the_alerts_of_the_rules() -> None:
    (marked,) = DASHBOARD["annotations"]["list"]
    (pattern,) = re.findall(r'alertname=~"([^"]+)"', marked["expr"])
    assert all(re.fullmatch(pattern, rule["alert"]) for rule in ALERTS)
