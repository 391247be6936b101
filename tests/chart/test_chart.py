"""The chart gives manifests that Kubernetes accepts, and refuses values that cannot work."""

import base64
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

HERE = Path(__file__).parent
CHART = HERE.parents[1] / "helm"
EXAMPLES = ("embedded", "external")
KUBERNETES = ("1.25", "1.37")  # the oldest that Chart.yaml admits, and the newest whose schemas we have

# What a manifest, a set of values and a piece of either look like once decoded.
Json = dict[str, Any]


class Release:
    """What one set of values installs: its manifests, by kind and name."""

    def __init__(self, rendered: dict[str, str]) -> None:
        """Take what the chart rendered, a text for each template."""
        texts = [text for path, text in rendered.items() if path.endswith(".yaml")]
        self.manifests: list[Json] = [
            manifest for text in texts for manifest in yaml.safe_load_all(text) if manifest
        ]

    def one(self, kind: str, name: str = "desk-cti-lookup") -> Json:
        """Return the one manifest of this kind and name."""
        (found,) = [m for m in self.manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
        return found

    @property
    def kinds(self) -> set[str]:
        return {manifest["kind"] for manifest in self.manifests}

    @property
    def pod(self) -> Json:
        pod: Json = self.one("Deployment")["spec"]["template"]["spec"]
        return pod

    @property
    def container(self) -> Json:
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def fixed_variables(self) -> dict[str, str]:
        return {variable["name"]: variable["value"] for variable in self.container["env"]}


@pytest.fixture(scope="module")
def chart() -> Iterator[helm.Chart]:
    with helm.Chart.load(CHART) as loaded:
        yield loaded


def values_of(example: str) -> Json:
    return helm.values_from_yaml((HERE / f"{example}.yaml").read_text())


def install(chart: helm.Chart, values: Json | None = None) -> Release:
    return Release(chart.render(values, name="desk", namespace="service-desk"))


@pytest.fixture
def embedded(chart: helm.Chart) -> Release:
    return install(chart, values_of("embedded"))


@pytest.fixture
def external(chart: helm.Chart) -> Release:
    return install(chart, values_of("external"))


# --- what is accepted


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [{}, *map(values_of, EXAMPLES)], ids=["defaults", *EXAMPLES])
def test_kubernetes_accepts_every_manifest_and_knows_every_field_of_it(
    chart: helm.Chart, values: Json, version: str
) -> None:
    manifests = install(chart, values).manifests

    assert {"Deployment", "Service", "ConfigMap", "ServiceAccount", "Pod"} <= {m["kind"] for m in manifests}
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_an_unknown_field_would_not_be_accepted(embedded: Release) -> None:
    deployment = embedded.one("Deployment")
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES[0], strict=True)


@pytest.mark.parametrize("example", EXAMPLES)
def test_helm_lints_the_chart_without_a_warning(example: str) -> None:
    report = helm.lint(CHART, values_of(example), strict=True)

    assert report["errors"] == []
    assert [m["error"] for m in report["messages"]] == ["icon is recommended"]  # said for information


# --- what is refused


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param({"replicas": "two"}, "/replicas", id="a count in words"),
        pytest.param({"replica": 2}, "'replica' not allowed", id="a misspelled value"),
        pytest.param({"settings": {"CTI_REGIO": "US"}}, "'CTI_REGIO' not allowed", id="a misspelled setting"),
        pytest.param({"settings": {"CTI_API_KEYS": "k"}}, "'CTI_API_KEYS' not allowed", id="an open secret"),
        pytest.param(
            {"settings": {"CTI_REDIS_URL": "redis://:pw@redis"}},
            "'CTI_REDIS_URL' not allowed",
            id="an open password",
        ),
        pytest.param(
            {"settings": {"CTI_REGION": "usa"}}, "/settings/CTI_REGION", id="a region not of ISO 3166"
        ),
        pytest.param(
            {"settings": {"CTI_DIRECTORY_URL": "api.example.com"}},
            "/settings/CTI_DIRECTORY_URL",
            id="a URL without its scheme",
        ),
        pytest.param(
            {"settings": {"CTI_DIRECTORY_URL": "https://user:pw@api.example.com/v1"}},
            "/settings/CTI_DIRECTORY_URL",
            id="a URL with a password",
        ),
        pytest.param(
            {"settings": {"CTI_DIRECTORY_QUERY": "last9"}},
            "/settings/CTI_DIRECTORY_QUERY",
            id="an unknown query",
        ),
        pytest.param(
            {"settings": {"CTI_CACHE_TTL": 0}}, "/settings/CTI_CACHE_TTL", id="a cache of no seconds"
        ),
        pytest.param({"settings": {"CTI_LOOKUP_BUDGET": "1s"}}, "/settings/CTI_LOOKUP_BUDGET", id="a unit"),
        pytest.param(
            {"secrets": {"cti secret": "s"}}, "'cti secret' does not match", id="a secret that is no variable"
        ),
        pytest.param({"secrets": {"CTI_SECRET": ""}}, "/secrets/CTI_SECRET", id="an empty secret"),
        pytest.param({"service": {"port": 70000}}, "/service/port", id="a port that is none"),
        pytest.param({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy", id="an unknown policy"),
        pytest.param({"directory": {"size": "1 GB"}}, "/directory/size", id="a size not of Kubernetes"),
    ],
)
def test_the_schema_refuses_wrong_values_and_names_them(
    chart: helm.Chart, values: Json, complaint: str
) -> None:
    with pytest.raises(helm.HelmValuesError) as refusal:
        install(chart, values)

    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param({"replicas": 2}, "one per pod", id="several pods, each with people of its own"),
        pytest.param(
            {"existingSecret": "ours", "secrets": {"CTI_SECRET": "s"}}, "exclude each other", id="two secrets"
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused_in_a_sentence(
    chart: helm.Chart, values: Json, complaint: str
) -> None:
    with pytest.raises(helm.HelmRenderError) as refusal:
        install(chart, values)

    assert complaint in str(refusal.value)


# --- what is installed


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_runs_without_root_and_without_a_way_to_become_it(chart: helm.Chart, example: str) -> None:
    release = install(chart, values_of(example))

    for pod in (release.pod, release.one("Pod", "desk-cti-lookup-test-ready")["spec"]):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_no_variable_of_ours_comes_from_the_names_of_services(embedded: Release) -> None:
    """Kubernetes would set CTI_LOOKUP_PORT for a Service called cti-lookup, a setting nobody made."""
    assert embedded.pod["enableServiceLinks"] is False


def test_liveness_and_readiness_are_two_questions(embedded: Release) -> None:
    assert embedded.container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert embedded.container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_the_service_leads_to_the_pods_of_its_release(embedded: Release) -> None:
    service = embedded.one("Service")["spec"]
    deployment = embedded.one("Deployment")["spec"]

    assert service["selector"] == deployment["selector"]["matchLabels"]
    assert service["selector"].items() <= deployment["template"]["metadata"]["labels"].items()
    assert service["ports"][0]["targetPort"] == embedded.container["ports"][0]["name"]


def test_the_embedded_directory_has_a_place_to_write(embedded: Release) -> None:
    folder = Path(embedded.fixed_variables["CTI_DIRECTORY_DB"]).parent
    (mount,) = [m for m in embedded.container["volumeMounts"] if m["mountPath"] == str(folder)]

    assert {"name": mount["name"], "emptyDir": {"sizeLimit": "1Gi"}} in embedded.pod["volumes"]


def test_an_external_directory_needs_no_place(external: Release) -> None:
    assert "CTI_DIRECTORY_DB" not in external.fixed_variables
    assert "directory" not in [volume["name"] for volume in external.pod["volumes"]]


def test_settings_arrive_as_they_were_written_and_empty_ones_not_at_all(external: Release) -> None:
    assert external.one("ConfigMap")["data"] == {
        "CTI_PUBLIC_URL": "https://cti.example.com",
        "CTI_DIRECTORY_URL": "https://api.example.com/v1",
        "CTI_DIRECTORY_ACCOUNT": "widget",
        "CTI_DIRECTORY_QUERY": "9",
        "CTI_REGION": "DE",
        "CTI_CACHE_STALE_TTL": "1000000",
        "CTI_LOOKUP_BUDGET": "0.5",
    }


def test_the_toml_file_is_mounted_where_the_service_looks_for_it(external: Release) -> None:
    file = Path(external.fixed_variables["CTI_CONFIG"])
    data = external.one("ConfigMap", "desk-cti-lookup-config")["data"]
    mounted = {mount["mountPath"] for mount in external.container["volumeMounts"]}

    assert tomllib.loads(data[file.name])["sources"]["front-desk"]["dialect"] == "twilio"
    assert str(file.parent) in mounted


def test_secrets_of_the_values_become_a_secret_and_stand_nowhere_else(embedded: Release) -> None:
    secrets = values_of("embedded")["secrets"]
    data = embedded.one("Secret")["data"]
    others = json.dumps([m for m in embedded.manifests if m["kind"] != "Secret"])

    assert {name: base64.b64decode(value).decode() for name, value in data.items()} == secrets
    assert {"secretRef": {"name": "desk-cti-lookup"}} in embedded.container["envFrom"]
    assert not [value for value in secrets.values() if value in others]


def test_an_existing_secret_is_used_and_none_is_made(external: Release) -> None:
    assert "Secret" not in external.kinds
    assert {"secretRef": {"name": "cti-lookup-secrets"}} in external.container["envFrom"]


def test_without_secrets_the_pod_waits_for_none(chart: helm.Chart) -> None:
    release = install(chart)

    assert "Secret" not in release.kinds
    assert [list(source) for source in release.container["envFrom"]] == [["configMapRef"]]


@pytest.mark.parametrize(
    "change",
    [{"settings": {"CTI_REGION": "DE"}}, {"secrets": {"CTI_SECRET": "another"}}, {"config": "[sources]"}],
    ids=["a setting", "a secret", "the file"],
)
def test_a_change_of_what_is_read_at_the_start_starts_new_pods(chart: helm.Chart, change: Json) -> None:
    def annotations(values: Json | None) -> Json:
        found: Json = install(chart, values).one("Deployment")["spec"]["template"]["metadata"]
        return found

    assert annotations(change) != annotations(None)


def test_a_release_named_after_the_chart_is_not_named_twice(chart: helm.Chart) -> None:
    release = Release(chart.render(name="cti-lookup"))

    assert {manifest["metadata"]["name"] for manifest in release.manifests} == {
        "cti-lookup",
        "cti-lookup-test-ready",
    }


def test_the_notes_warn_of_people_that_are_lost_with_the_pod(chart: helm.Chart) -> None:
    notes = {
        example: chart.render(values_of(example), name="desk")["cti-lookup/templates/NOTES.txt"]
        for example in EXAMPLES
    }

    assert "lost with the pod" in notes["embedded"]
    assert "lost with the pod" not in notes["external"]
