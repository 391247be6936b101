"""Values that cannot work are refused: wrong ones by the schema, contradictory ones in a sentence each."""

import json
import re
from typing import Any

import helm_python as helm
import pytest

from cti_lookup.dialects import DIALECTS
from cti_lookup.settings import Settings
from tests.chart.release import CHART, Json, install

DIRECTORY = {"settings": {"CTI_DIRECTORY_URL": "https://api.example.com/v1"}}
OAUTH: Json = {
    "CTI_DIRECTORY_URL": "https://api.example.com/v1",
    "CTI_DIRECTORY_OAUTH_URL": "https://oauth.example.com/token",
}
CLIENT = {"CTI_DIRECTORY_CLIENT_ID": "c", "CTI_DIRECTORY_CLIENT_SECRET": "s"}
INGRESS: Json = {
    "ingress": {
        "enabled": True,
        "hosts": ["cti.example.com", "*.desk.example.com"],
        "tlsSecret": "certificate",
    }
}
REMOTE: Json = {**DIRECTORY, "existingSecret": "ours", "redis": {"mode": "external"}}


def wrong(case: str, value: Any, complaint: str | None = None) -> Any:
    """Make a case of one value, named by its path, and what helm says: its place, if nothing else."""
    *folders, last = case.split(".")
    values: Json = {last: value}
    for folder in reversed(folders):
        values = {folder: values}
    return pytest.param(values, complaint or "/" + "/".join([*folders, last]), id=f"{case}={value!r}")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        wrong("replicas", "two"),
        wrong("replicas", -1),
        wrong("replica", 2, "'replica' not allowed"),
        wrong("settings.CTI_REGIO", "US", "'CTI_REGIO' not allowed"),
        wrong("settings.CTI_API_KEYS", "k", "'CTI_API_KEYS' not allowed"),
        wrong("settings.CTI_REDIS_URL", "redis://:pw@redis", "'CTI_REDIS_URL' not allowed"),
        wrong("settings.CTI_REGION", "usa"),
        wrong("settings.CTI_DIRECTORY_URL", "api.example.com"),
        wrong("settings.CTI_DIRECTORY_URL", "https://user:pw@api.example.com/v1"),
        wrong("settings.CTI_DIRECTORY_QUERY", "last9"),
        wrong("settings.CTI_RECORD_URL", "https://desk.example.com/people/30"),
        wrong("settings.CTI_CACHE_TTL", 0),
        wrong("settings.CTI_LOOKUP_BUDGET", "1s"),
        wrong("settings.CTI_LOOKUP_BUDGET", 50),
        wrong("settings.CTI_MAX_CONNECTIONS", 1),
        wrong("sources.desk", {"dialect": "twillio"}, "/sources/desk/dialect"),
        wrong("sources.desk", {"secrets": []}, "missing property 'dialect'"),
        wrong("sources.desk", {"dialect": "twilio", "secrets": ["hunter2"]}, "/sources/desk/secrets/0"),
        wrong("sources.desk", {"dialect": "generic", "insecure": True}, "'insecure' not allowed"),
        wrong("sources", {"front desk": {"dialect": "generic"}}, "'front desk' does not match"),
        wrong("secrets", {"cti secret": "s"}, "'cti secret' does not match"),
        wrong("secrets.CTI_SECRET", ""),
        wrong("secretsAs", "variables"),
        wrong("service.port", 70000),
        wrong("image.pullPolicy", "Sometimes"),
        wrong("image.digest", "sha256:abc"),
        wrong("directory.size", "1 GB"),
        wrong("directory.persistence", {"enable": True}, "'enable' not allowed"),
        wrong("redis.mode", "cluster"),
        wrong("redis.password", "p@ss word"),
        wrong("redis.memory", 1),
        wrong("publicPaths", []),
        wrong("publicPaths", ["webhooks"], "/publicPaths/0"),
        wrong("ingress.hosts", ["https://cti.example.com"], "/ingress/hosts/0"),
        wrong("httpRoute.parentRefs", [{"nam": "outside"}], "/httpRoute/parentRefs/0"),
        wrong("autoscaling.minReplicas", 0),
        wrong("podDisruptionBudget.maxUnavailable", "half"),
        wrong("podDisruptionBudget.maxUnavailable", 0),
        wrong("prometheusRule.repositoryUrl", "git.example.com"),
        wrong("prometheusRule.workingHours.to", 25),
        wrong("httpRoute.strictTransportSecurity", "yes"),
        wrong("networkPolicy.from", {"podSelector": {}}),
        wrong("serviceMonitor.interval", "15"),
        wrong("drainSeconds", 0),
        wrong("podLabels", {"a": 1}, "/podLabels/a"),
        wrong("tolerations", ["all"], "/tolerations/0"),
    ],
)
def test_the_schema_refuses_wrong_values_and_names_them(
    chart: helm.Chart, values: Json, complaint: str
) -> None:
    with pytest.raises(helm.HelmValuesError) as refusal:
        install(chart, values)

    assert complaint in str(refusal.value)


def refused(chart: helm.Chart, values: Json) -> list[str]:
    """Give the sentences with which values are refused."""
    with pytest.raises(helm.HelmRenderError) as refusal:
        install(chart, values)
    _, _, said = str(refusal.value).partition("cannot work together:\n")
    return [line.removeprefix("- ") for line in said.splitlines() if line.startswith("- ")]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({**REMOTE, "secrets": {"CTI_SECRET": "s"}}, "secrets and existingSecret exclude each other"),
        ({"sources": {"desk": {"dialect": "generic"}}, "config": "[sources]"}, "sources and config exclude"),
        (DIRECTORY, "needs secrets.CTI_DIRECTORY_TOKEN or secrets.CTI_DIRECTORY_CLIENT_ID"),
        (
            {"sources": {"desk": {"dialect": "zoom", "secrets": ["env:TOKEN"]}}},
            "there is no secrets.TOKEN",
        ),
        (
            {
                "existingSecret": "ours",
                "secretsAs": "files",
                "sources": {"desk": {"dialect": "zoom", "secrets": ["env:TOKEN"]}},
            },
            "write file:/etc/cti-lookup/secrets/TOKEN",
        ),
        (
            {"replicas": 2, "existingSecret": "ours", "redis": {"mode": "external"}},
            "replicas above 1 needs settings.CTI_DIRECTORY_URL",
        ),
        ({**REMOTE, "replicas": 2, "redis": {"mode": "none"}}, "replicas above 1 needs Redis"),
        (
            {**REMOTE, "autoscaling": {"enabled": True}, "redis": {"mode": "none"}},
            "autoscaling.enabled needs Redis",
        ),
        (
            {**REMOTE, "autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}},
            "autoscaling.minReplicas is above autoscaling.maxReplicas",
        ),
        ({**REMOTE, "directory": {"persistence": {"enabled": True}}}, "unset one of them"),
        (
            {"secrets": {"CTI_REDIS_URL": "redis://redis.example"}},
            "set redis.mode to external, or leave the URL out",
        ),
        ({"redis": {"mode": "external"}}, "redis.mode external needs secrets.CTI_REDIS_URL"),
        ({"redis": {"mode": "embedded"}}, "redis.mode embedded needs redis.password"),
        ({"redis": {"password": "0123456789abcdef"}}, "redis.password is the embedded one's"),
        ({"redis": {"tlsSecret": "certificates"}}, "redis.tlsSecret is for redis.mode external"),
        ({**REMOTE, "networkPolicy": {"enabled": True}}, "allow it in networkPolicy.extraEgress"),
        ({"ingress": {"enabled": True}}, "ingress.enabled needs ingress.hosts"),
        (
            {"httpRoute": {"enabled": True, "hostnames": ["cti.example.com"]}},
            "httpRoute.enabled needs httpRoute.parentRefs",
        ),
        (
            {"httpRoute": {"enabled": True, "parentRefs": [{"name": "outside"}]}},
            "httpRoute.enabled needs httpRoute.hostnames",
        ),
        (
            {
                **DIRECTORY,
                "secrets": {"CTI_DIRECTORY_TOKEN": "t", "CTI_REDIS_URL": "redis://redis.example"},
                "redis": {"mode": "external"},
                "replicas": 2,
            },
            "replicas above 1 needs secrets.CTI_SECRET",
        ),
        ({"secrets": {"CTI_PORT": "80"}}, "secrets.CTI_PORT is set by the chart itself"),
        ({"secrets": {"CTI_REGION": "US"}}, "secrets.CTI_REGION is no secret: put it under settings"),
        (
            {"settings": OAUTH, "secrets": {**CLIENT, "CTI_DIRECTORY_TOKEN": "t"}},
            "are two ways in: leave one of them out",
        ),
        (
            {"settings": OAUTH, "secrets": {"CTI_DIRECTORY_CLIENT_ID": "c"}},
            "needs secrets.CTI_DIRECTORY_CLIENT_SECRET and settings.CTI_DIRECTORY_OAUTH_URL",
        ),
        ({"sources": {"desk": {"dialect": "zoom"}}}, "sources.desk has no secrets: zoom signs with one"),
        (
            {"sources": {"desk": {"dialect": "sipgate"}}},
            "sources.desk needs settings.CTI_PUBLIC_URL: sipgate",
        ),
        (
            {"config": "[sources.desk]\nsecrets = [\n  'env:KEY', # ours\n  \"hunter2\"]"},
            "config holds a secret, and stands in a ConfigMap",
        ),
        (
            {"podLabels": {"app.kubernetes.io/name": "desk"}},
            "podLabels.app.kubernetes.io/name is set by the chart itself",
        ),
        (
            {**INGRESS, "settings": {"CTI_PUBLIC_URL": "https://other.example.com:8443/cti"}},
            "names other.example.com, which is none of the hosts that are let in: cti.example.com, *.desk.example.com",
        ),
        (
            {**INGRESS, "settings": {"CTI_PUBLIC_URL": "http://cti.example.com"}},
            "begins with http, and ingress.tlsSecret makes it https",
        ),
        (
            {"prometheusRule": {"workingHours": {"from": 17, "to": 9}}},
            "workingHours.from is not before prometheusRule.workingHours.to",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_that_contradict_each_other_are_refused_in_a_sentence(
    chart: helm.Chart, values: Json, complaint: str
) -> None:
    (said,) = refused(chart, values)

    assert complaint in said


@pytest.mark.parametrize(
    "values",
    [
        {**INGRESS, "settings": {"CTI_PUBLIC_URL": f"https://{host}"}}
        for host in ("cti.example.com", "cti.example.com:8443/phones", "a.desk.example.com")
    ]
    + [
        {"settings": OAUTH, "secrets": CLIENT},
        {"config": "[sources.desk]\nsecrets = [ 'env:KEY', \"file:/etc/key\" ]\nregion = 'US'"},
    ],
    ids=[
        "its host",
        "its host with a port and a path",
        "a host below",
        "client credentials",
        "named secrets",
    ],
)
def test_what_agrees_is_not_refused(chart: helm.Chart, values: Json) -> None:
    assert "Deployment" in install(chart, values).kinds


def test_the_chart_knows_which_dialects_sign_and_which_are_told_our_url() -> None:
    template = (CHART / "templates" / "_refusals.tpl").read_text(encoding="utf-8")
    listed = {
        name: set(re.findall(r'"([\w-]+)"', names))
        for name, names in re.findall(r"\$(\w+) := list ((?:\"[\w-]+\" ?)+)\}", template)
    }

    assert listed["signing"] == {name for name, one in DIALECTS.items() if one.verify is not None}
    assert listed["calledByURL"] == {name for name, one in DIALECTS.items() if one.needs_public_url}


def test_numbers_of_settings_have_the_bounds_that_the_service_gives_them() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    for name, one in schema["properties"]["settings"]["properties"].items():
        numbers = [kind for kind in one.get("anyOf", ()) if kind["type"] in {"number", "integer"}]
        if not numbers or name == "CTI_DIRECTORY_QUERY":
            continue
        bounds = {
            bound: getattr(rule, bound)
            for rule in Settings.model_fields[name.removeprefix("CTI_").lower()].metadata
            for bound in ("gt", "ge", "le")
            if hasattr(rule, bound)
        }
        told = {
            {"exclusiveMinimum": "gt", "minimum": "ge", "maximum": "le"}[key]: value
            for key, value in numbers[0].items()
            if key != "type"
        }
        assert told == bounds, name


def test_all_contradictions_are_said_at_once(chart: helm.Chart) -> None:
    said = refused(
        chart,
        {
            "replicas": 3,
            "ingress": {"enabled": True},
            "redis": {"tlsSecret": "certificates"},
            "sources": {"desk": {"dialect": "zoom", "secrets": ["env:TOKEN"]}},
        },
    )

    assert len(said) == 6


def test_no_secret_is_said_with_a_refusal(chart: helm.Chart) -> None:
    with pytest.raises(helm.HelmRenderError) as refusal:
        install(chart, {"existingSecret": "ours", "secrets": {"CTI_REDIS_URL": "redis://:hunter2@redis"}})

    assert "hunter2" not in str(refusal.value)
