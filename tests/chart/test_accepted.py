"""Every set of values gives manifests that Kubernetes accepts, and that helm has nothing to say about."""

import helm_python as helm
import jsonschema
import kubernetes_validate
import pytest

from tests.chart.release import CHART, EXAMPLES, Json, Release, install, values_of
from tests.chart.resources import SCHEMAS

KUBERNETES = ("1.25", "1.37")  # the oldest that Chart.yaml admits, and the newest whose schemas we have
ALWAYS = {"Deployment", "Service", "ConfigMap", "Pod"}


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [{}, *map(values_of, EXAMPLES)], ids=["defaults", *EXAMPLES])
def test_kubernetes_accepts_every_manifest_and_knows_every_field_of_it(
    chart: helm.Chart, values: Json, version: str
) -> None:
    release = install(chart, values)

    assert release.kinds >= ALWAYS
    for manifest in release.manifests:
        if manifest["kind"] in SCHEMAS:
            jsonschema.validate(manifest, SCHEMAS[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_an_unknown_field_would_not_be_accepted(embedded: Release) -> None:
    deployment = embedded.one("Deployment")
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES[0], strict=True)


def test_an_unknown_field_of_a_custom_resource_would_not_be_accepted(production: Release) -> None:
    monitor = production.one("ServiceMonitor")
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(monitor, SCHEMAS["ServiceMonitor"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_helm_lints_the_chart_without_a_warning(example: str) -> None:
    report = helm.lint(CHART, values_of(example), strict=True)

    assert report["errors"] == []
    assert [m["error"] for m in report["messages"]] == ["icon is recommended"]  # said for information


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_two_manifests_have_the_same_kind_and_name(chart: helm.Chart, example: str) -> None:
    names = [(m["kind"], m["metadata"]["name"]) for m in install(chart, values_of(example)).manifests]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_manifest_says_to_which_release_it_belongs(chart: helm.Chart, example: str) -> None:
    for manifest in install(chart, values_of(example)).manifests:
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "desk"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
