"""The runbook has a section for each alert, and the page on metrics tells of each metric."""

import re

import pytest

from cti_lookup.tallies import DEFINITIONS
from tests.observability.promql import ALERTS, ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
PAGE = (ROOT / "docs" / "observability.md").read_text()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))


def anchor(heading: str) -> str:
    """Give the anchor that a heading has once the page is shown."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_runbook_has_a_section_for_each_alert_in_their_order_and_no_other() -> None:
    assert list(SECTIONS) == [rule["alert"] for rule in ALERTS]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_the_address_in_an_alert_leads_to_its_section(rule: dict[str, dict[str, str]]) -> None:
    page, _, place = rule["annotations"]["runbook_url"].partition("#")
    assert (ROOT / page).read_text() == RUNBOOK
    assert place in map(anchor, SECTIONS)


@pytest.mark.parametrize("alert", SECTIONS)
def test_a_section_says_what_it_means_what_is_noticed_where_to_look_and_what_to_do(alert: str) -> None:
    told = re.findall(r"^\*\*([\w ]+)\.\*\* \S+", SECTIONS[alert], re.MULTILINE)
    assert told == ["Means", "Agents notice", "Look at", "Do"]


def test_every_alert_and_file_that_the_runbook_names_is_there() -> None:
    assert set(re.findall(r"`(Cti[A-Z]\w+)`", RUNBOOK + PAGE)) <= set(SECTIONS)
    for place in re.findall(r"\]\(([^)#]+)\)", RUNBOOK + PAGE):
        assert (ROOT / "docs" / place).resolve().exists(), place


def test_every_metric_is_defined_by_the_code_s_own_sentence() -> None:
    rows = re.findall(r"^\| `(cti_\w+?)(?:_total)?(?:\{[^}]*\})?` \| (.*) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == DEFINITIONS
