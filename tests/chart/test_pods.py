"""What runs: without root, drained before it ends, with what it is told and somewhere to write."""

import base64
import json
import tomllib
from pathlib import Path

import helm_python as helm
import pytest

from cti_lookup.dialects import DIALECTS
from cti_lookup.dialects.dialect import CUSTOM
from cti_lookup.serve import LAST_ANSWERS, SHUTDOWN
from cti_lookup.settings import NAMES, load_settings
from tests.chart.release import EXAMPLES, NAME, Json, Release, install, values_of

ROOT = Path(__file__).parents[2]
SET_BY_THE_CHART = {"CTI_HOST", "CTI_PORT", "CTI_CONFIG", "CTI_SECRETS_DIR", "CTI_DIRECTORY_DB", "CTI_DRAIN"}
# The embedded directory is asked by its own pod only.
OF_NO_USE_HERE = {"CTI_DIRECTORY_PORT"}
SECRETS = {
    "CTI_API_KEYS",
    "CTI_DIRECTORY_CLIENT_ID",
    "CTI_DIRECTORY_CLIENT_SECRET",
    "CTI_DIRECTORY_TOKEN",
    "CTI_REDIS_URL",
    "CTI_SECRET",
    "CTI_SECRET_PREVIOUS",
    "CTI_UPSTREAM_JWT_KEYS",
    "CTI_UPSTREAM_TOKENS",
}


# --- security


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_runs_without_root_and_without_a_way_to_become_it(chart: helm.Chart, example: str) -> None:
    release = install(chart, values_of(example))
    pods = [m["spec"]["template"]["spec"] for m in release.all("Deployment")]
    pods += [m["spec"] for m in release.all("Pod")]

    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["resources"]["limits"]["memory"]
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_the_user_is_the_image_s(embedded: Release) -> None:
    context = embedded.pod["securityContext"]

    assert f"\nUSER {context['runAsUser']}:{context['runAsGroup']}\n" in (ROOT / "Dockerfile").read_text()


def test_no_variable_of_ours_comes_from_the_names_of_services(embedded: Release) -> None:
    """Kubernetes would set CTI_LOOKUP_PORT for a Service called cti-lookup, a setting nobody made."""
    assert embedded.pod["enableServiceLinks"] is False


def test_an_image_may_be_named_by_its_bytes(external: Release, embedded: Release) -> None:
    assert external.container["image"] == f"images.example.com/desk/cti-lookup:0.1.0-test@sha256:{'0' * 64}"
    assert embedded.container["image"] == "cti-lookup:0.1.0"
    assert external.pod["imagePullSecrets"] == [{"name": "images"}]


# --- life


def test_start_life_and_readiness_are_three_questions(embedded: Release) -> None:
    asked = {
        probe: embedded.container[probe]["httpGet"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }

    assert asked == {
        "startupProbe": {"path": "/readyz", "port": "http"},
        "livenessProbe": {"path": "/livez", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
    }


@pytest.mark.parametrize("seconds", [1, 10, 300])
def test_a_pod_that_is_to_go_is_left_alone_first_and_then_has_time_to_end(
    chart: helm.Chart, seconds: int
) -> None:
    release = install(chart, {"drainSeconds": seconds})
    before = release.container["lifecycle"]["preStop"]["exec"]["command"]

    assert before == ["sleep", str(seconds)]
    told_to_leave = int(release.fixed_variables["CTI_DRAIN"])
    assert told_to_leave > 0
    assert release.pod["terminationGracePeriodSeconds"] >= seconds + told_to_leave + LAST_ANSWERS + SHUTDOWN


def test_an_upgrade_takes_no_pod_away_before_another_is_ready(external: Release) -> None:
    assert external.deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_several_pods_are_spread_and_one_alone_is_not(external: Release, embedded: Release) -> None:
    constraints = external.pod["topologySpreadConstraints"]

    assert [one["topologyKey"] for one in constraints] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    for one in constraints:
        assert one["labelSelector"] == external.deployment["selector"]
    assert "topologySpreadConstraints" not in embedded.pod


def test_constraints_of_one_s_own_replace_the_chart_s(chart: helm.Chart) -> None:
    (constraint,) = install(chart, values_of("gateway")).pod["topologySpreadConstraints"]

    assert constraint["whenUnsatisfiable"] == "DoNotSchedule"


def test_who_scales_decides_how_many_there_are(production: Release, external: Release) -> None:
    scaling = production.one("HorizontalPodAutoscaler")["spec"]

    assert "replicas" not in production.deployment
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (3, 12)
    assert scaling["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    assert external.deployment["replicas"] == 3
    assert "HorizontalPodAutoscaler" not in external.kinds


def test_a_budget_of_disruptions_is_for_several_pods_only(
    production: Release, external: Release, embedded: Release
) -> None:
    for release in (production, external):
        budget = release.one("PodDisruptionBudget")["spec"]
        assert budget["maxUnavailable"] == 1
        assert budget["selector"] == release.deployment["selector"]
    assert "PodDisruptionBudget" not in embedded.kinds


# --- settings


def test_every_setting_of_the_service_has_its_place() -> None:
    schema = json.loads((ROOT / "helm" / "values.schema.json").read_text())
    settings = set(schema["properties"]["settings"]["properties"])

    assert settings | SET_BY_THE_CHART | SECRETS | OF_NO_USE_HERE == set(NAMES)
    assert not settings & (SET_BY_THE_CHART | SECRETS)
    assert settings == set(helm.values_from_yaml((ROOT / "helm" / "values.yaml").read_text())["settings"])


def test_every_dialect_may_be_a_source_s() -> None:
    schema = json.loads((ROOT / "helm" / "values.schema.json").read_text())
    source = schema["properties"]["sources"]["additionalProperties"]["properties"]

    assert set(source["dialect"]["enum"]) == {*DIALECTS, CUSTOM}


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


def toml_of(release: Release) -> Json:
    """Read the TOML file as the service does, and see that it is where the service looks for it."""
    file = Path(release.fixed_variables["CTI_CONFIG"])
    volume = release.mounts[str(file.parent)]
    return tomllib.loads(release.one("ConfigMap", volume["configMap"]["name"])["data"][file.name])


def test_the_toml_file_is_mounted_where_the_service_looks_for_it(external: Release) -> None:
    assert toml_of(external)["sources"]["front-desk"]["dialect"] == "twilio"


def test_sources_become_the_toml_file(production: Release) -> None:
    assert toml_of(production) == {"sources": values_of("production")["sources"]}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "examples" / "sources").glob("*.toml")), ids=lambda file: str(file.stem)
)
def test_every_example_of_a_source_survives_the_way_through_the_values(chart: helm.Chart, file: Path) -> None:
    sources = tomllib.loads(file.read_text())["sources"]
    names = {name for source in sources.values() for name in source.get("secrets", [])}
    secrets = {name.removeprefix("env:"): "made-up-for-a-test" for name in names if name.startswith("env:")}

    assert toml_of(install(chart, {"sources": sources, "secrets": secrets}))["sources"] == sources


def test_a_text_in_a_source_is_never_syntax(chart: helm.Chart) -> None:
    nasty = "a\"b\\c\n[sources.x]\n{{ .Values }} \u2028 é </script> ''' # ${x}"
    source = {"dialect": "custom", "custom": {nasty: {"deep": [nasty, {"list": [1, 2.5, True, 300]}]}}}

    assert toml_of(install(chart, {"sources": {"desk": source}}))["sources"]["desk"] == source


def test_the_service_takes_what_the_chart_writes(
    chart: helm.Chart, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    values = values_of("gateway")
    release = install(chart, values)
    file = tmp_path / "config.toml"
    file.write_text(release.one("ConfigMap", "caller-lookup-config")["data"]["config.toml"])
    variables = release.one("ConfigMap", "caller-lookup")["data"] | values["secrets"]
    for name, value in {**variables, "CTI_CONFIG": str(file)}.items():
        monkeypatch.setenv(name, value)

    settings = load_settings()

    assert settings.directory_url == values["settings"]["CTI_DIRECTORY_URL"]
    assert settings.sources["front-desk"].dialect == "generic"


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"CTI_REGION": "DE"}},
        {"secrets": {"CTI_SECRET": "another"}},
        {"config": "[sources]"},
        {"redis": {"password": "made-up-for-another-test"}},
    ],
    ids=["a setting", "a secret", "the file", "the password of Redis"],
)
def test_a_change_of_what_is_read_at_the_start_starts_new_pods(chart: helm.Chart, change: Json) -> None:
    def annotations(values: Json) -> Json:
        base: Json = {"redis": {"mode": "embedded", "password": "made-up-for-a-test_0123"}}
        redis = base["redis"] | values.get("redis", {})
        found: Json = install(chart, base | values | {"redis": redis}).deployment["template"]["metadata"]
        return found

    assert annotations(change) != annotations({})


# --- secrets


def test_secrets_of_the_values_become_a_secret_and_stand_nowhere_else(embedded: Release) -> None:
    secrets = values_of("embedded")["secrets"]
    data = embedded.one("Secret")["data"]
    others = json.dumps([m for m in embedded.manifests if m["kind"] != "Secret"]) + embedded.notes

    assert {name: base64.b64decode(value).decode() for name, value in data.items()} == secrets
    assert {"secretRef": {"name": NAME}} in embedded.container["envFrom"]
    assert not [value for value in secrets.values() if value in others]


def test_an_existing_secret_is_used_and_none_is_made(external: Release) -> None:
    assert "Secret" not in external.kinds
    assert {"secretRef": {"name": "cti-lookup-secrets"}} in external.container["envFrom"]


def test_secrets_as_files_are_files_where_the_service_looks_for_them_and_no_variables(
    production: Release,
) -> None:
    folder = production.fixed_variables["CTI_SECRETS_DIR"]

    assert production.mounts[folder]["secret"] == {
        "secretName": "cti-lookup-secrets",
        "defaultMode": 0o440,  # of root, and of the group that fsGroup names
    }
    assert [list(source) for source in production.container["envFrom"]] == [["configMapRef"]]


def test_without_secrets_the_pod_waits_for_none(chart: helm.Chart) -> None:
    release = install(chart)

    assert "Secret" not in release.kinds
    assert [list(source) for source in release.container["envFrom"]] == [["configMapRef"]]


# --- the embedded directory


def test_the_embedded_directory_has_a_place_to_write(embedded: Release) -> None:
    folder = Path(embedded.fixed_variables["CTI_DIRECTORY_DB"]).parent

    assert embedded.mounts[str(folder)] == {"name": "directory", "emptyDir": {"sizeLimit": "1Gi"}}


def test_an_external_directory_needs_no_place(external: Release) -> None:
    assert "CTI_DIRECTORY_DB" not in external.fixed_variables
    assert "directory" not in [volume["name"] for volume in external.pod["volumes"]]


def test_people_who_are_kept_outlive_the_release_and_have_one_writer(chart: helm.Chart) -> None:
    release = install(chart, values_of("trial-with-redis"))
    claim = release.one("PersistentVolumeClaim", f"{NAME}-directory")

    assert release.mounts["/data"]["persistentVolumeClaim"] == {"claimName": f"{NAME}-directory"}
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"]["resources"]["requests"] == {"storage": "2Gi"}
    assert release.deployment["strategy"] == {"type": "Recreate"}


def test_a_claim_that_is_there_is_used_and_none_is_made(chart: helm.Chart) -> None:
    persistence = {"enabled": True, "existingClaim": "people"}
    release = install(chart, {"directory": {"persistence": persistence}})

    assert release.mounts["/data"]["persistentVolumeClaim"] == {"claimName": "people"}
    assert "PersistentVolumeClaim" not in release.kinds


# --- names and notes


def test_a_release_named_after_the_chart_is_not_named_twice(chart: helm.Chart) -> None:
    release = Release(chart.render(name="cti-lookup"))

    assert {manifest["metadata"]["name"] for manifest in release.manifests} == {
        "cti-lookup",
        "cti-lookup-test-ready",
    }


def test_a_release_may_have_another_name(chart: helm.Chart) -> None:
    names = {m["metadata"]["name"] for m in install(chart, values_of("gateway")).manifests}

    assert all(name.startswith("caller-lookup") for name in names)


def test_a_service_account_that_is_there_is_used_and_none_is_made(chart: helm.Chart) -> None:
    release = install(chart, values_of("gateway"))

    assert release.pod["serviceAccountName"] == "telephony"
    assert "ServiceAccount" not in release.kinds


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("embedded", "lost with the pod"),
        ("trial-with-redis", "outlives the release"),
        ("trial-with-redis", "one pod, for a trial"),
        ("gateway", "https://cti.example.com"),
        ("production", "https://cti.example.com"),
    ],
)
def test_the_notes_say_what_an_installer_has_to_know(chart: helm.Chart, example: str, said: str) -> None:
    assert said in install(chart, values_of(example)).notes


def test_the_notes_warn_of_nothing_that_is_not_so(external: Release) -> None:
    for warning in ("lost with the pod", "No secrets are set", "is not set", "for a trial"):
        assert warning not in external.notes
