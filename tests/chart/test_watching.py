"""What Prometheus and Grafana are given."""

import json
from pathlib import Path

import helm_python as helm
import jsonschema
import pytest
import yaml

from tests.chart.release import NAME, Json, Release, install, values_of
from tests.chart.resources import SCHEMAS

# What templates of alerts look like: Helm must leave them alone.
RULES = """\
groups:
  - name: calls
    rules:
      - record: cti:lookups:rate5m
        expr: sum by (outcome) (rate(cti_lookups_total[5m]))
      - alert: NobodyAnswers
        expr: |
          absent(up{job="cti-lookup"} == 1)
        for: 5m
        labels:
          severity: critical
        annotations:
          summary: 'Nobody answers at {{ $labels.instance }}: {{ $value | humanize }}'
"""
DASHBOARD = {"title": "Calls", "panels": [{"title": 'by "tier"', "legendFormat": "{{tier}} – {{outcome}}"}]}


@pytest.fixture
def watched(copy: Path) -> Release:
    """Give a release of a chart with a file of rules and a dashboard."""
    for folder in ("rules", "dashboards"):
        (copy / folder).mkdir()
    (copy / "rules" / "calls.rules.yaml").write_text(RULES)
    (copy / "dashboards" / "calls.json").write_text(json.dumps(DASHBOARD, ensure_ascii=False, indent=2))
    with helm.Chart.load(copy) as chart:
        return install(chart, values_of("production"))


def test_prometheus_scrapes_the_service_where_it_serves_metrics(production: Release) -> None:
    monitor = production.one("ServiceMonitor")
    service = production.one("Service")

    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"] == [
        {"port": service["spec"]["ports"][0]["name"], "path": "/metrics", "interval": "15s"}
    ]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_a_job_is_found_by_its_alert_whatever_the_release_is_called(
    chart: helm.Chart, production: Release
) -> None:
    (down,) = [rule for rule in alerts(production) if rule["alert"] == "CtiDown"]
    renamed = install(chart, values_of("gateway")).one("ServiceMonitor", "caller-lookup")

    assert down["expr"] == 'up{job=~".*cti-lookup.*"} == 0'
    assert "jobLabel" not in production.one("ServiceMonitor")["spec"]  # the job is called as the Service
    assert "cti-lookup" in production.one("Service")["metadata"]["name"]
    assert renamed["metadata"]["labels"][renamed["spec"]["jobLabel"]] == "cti-lookup"


def alerts(release: Release) -> list[Json]:
    """Give the alerts of the chart's own rules."""
    (rule,) = release.all("PrometheusRule")
    return [one for group in rule["spec"]["groups"] for one in group["rules"] if "alert" in one]


def test_alerts_link_to_the_runbook_where_the_repository_can_be_read(
    chart: helm.Chart, production: Release
) -> None:
    links = {one["annotations"]["runbook_url"] for one in alerts(production)}
    unset = install(chart, {"prometheusRule": {"enabled": True}})

    assert "https://git.example.com/desk/cti-lookup/blob/main/docs/runbook.md#ctidown" in links
    assert all(link.startswith("https://git.example.com/desk/cti-lookup/blob/main/docs/") for link in links)
    assert {one["annotations"]["runbook_url"].partition("#")[0] for one in alerts(unset)} == {
        "docs/runbook.md"
    }


def test_working_hours_are_those_of_the_values(chart: helm.Chart, production: Release) -> None:
    unset = install(chart, {"prometheusRule": {"enabled": True}})
    for release, hours in ((production, "hour() >= 13 < 22"), (unset, "hour() >= 9 < 17")):
        bound = [one["alert"] for one in alerts(release) if hours in one["expr"]]
        assert bound == ["CtiSourceSilent", "CtiStreamsGone"]


def test_rules_arrive_as_they_were_written(watched: Release) -> None:
    rule = watched.one("PrometheusRule", f"{NAME}-calls")

    assert rule["spec"] == yaml.safe_load(RULES)
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    jsonschema.validate(rule, SCHEMAS["PrometheusRule"])


def test_a_dashboard_arrives_as_it_was_written_where_grafana_looks_for_it(watched: Release) -> None:
    dashboard = watched.one("ConfigMap", f"{NAME}-dashboard-calls")

    assert json.loads(dashboard["data"]["calls.json"]) == DASHBOARD
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["metadata"]["annotations"] == {"grafana_folder": "Telephony"}


def test_no_files_make_no_resources(copy: Path) -> None:
    with helm.Chart.load(copy) as chart:
        release = install(chart, values_of("production"))

    assert "PrometheusRule" not in release.kinds
    assert not [m for m in release.all("ConfigMap") if "dashboard" in m["metadata"]["name"]]


def test_nothing_of_it_is_there_unless_somebody_asks_for_it(external: Release) -> None:
    assert not {"PrometheusRule", "ServiceMonitor"} & external.kinds
    assert not [m for m in external.all("ConfigMap") if "dashboard" in m["metadata"]["name"]]
