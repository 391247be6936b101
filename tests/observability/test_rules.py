"""Each alert fires when it should, rests when it should, and says where to read on."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.alerting import CASES, Case
from tests.observability.promql import ALERTS, RULES_FILE

BY_NAME = {rule["alert"]: rule for rule in ALERTS}
LONG = 120
"""Minutes after which the rules are tried every five of them: a day of minutes takes ten seconds."""

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ \$value \| humanize\w* \}\}")


def said(text: str, case: Case) -> str:
    """Write an annotation as Prometheus is to write it."""
    with_labels = _LABEL.sub(lambda found: case.labels[found[1]], text)
    return _VALUE.sub(case.value or "", with_labels)


def expected(case: Case) -> list[Any]:
    if case.value is None:
        return []
    rule = BY_NAME[case.alert]
    return [
        {
            "exp_labels": {**case.labels, **rule["labels"]},
            "exp_annotations": {key: said(text, case) for key, text in rule["annotations"].items()},
        }
    ]


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_prometheus_takes_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES_FILE))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_alert_is(case: Case, tmp_path: Path) -> None:
    asked = {"eval_time": f"{case.minute}m", "alertname": case.alert, "exp_alerts": expected(case)}
    told = {
        "rule_files": [str(RULES_FILE)],
        "evaluation_interval": f"{5 if case.minute > LONG else 1}m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": one.text, "values": one.values} for one in case.happens],
                "alert_rule_test": [asked],
            }
        ],
    }
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump(told))
    promtool("test", "rules", str(file))


@pytest.mark.parametrize("alert", BY_NAME)
def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(alert: str) -> None:
    cases = [case for case in CASES if case.alert == alert]
    assert {case.value is None for case in cases} == {True, False}


@pytest.mark.parametrize("alert", BY_NAME)
def test_each_alert_says_how_grave_it_is_what_happened_and_where_to_read_on(alert: str) -> None:
    rule = BY_NAME[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{alert.lower()}"
    assert all(text.endswith(".") for key, text in rule["annotations"].items() if key != "runbook_url")
