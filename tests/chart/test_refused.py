"""Values that cannot work are refused: wrong ones by the schema, contradictory ones in a sentence each."""

from typing import Any

import helm_python as helm
import pytest

from tests.chart.release import Json, install

DIRECTORY = {"settings": {"CTI_DIRECTORY_URL": "https://api.example.com/v1"}}
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
            {"sources": {"desk": {"dialect": "twilio", "secrets": ["env:TOKEN"]}}},
            "there is no secrets.TOKEN",
        ),
        (
            {
                "existingSecret": "ours",
                "secretsAs": "files",
                "sources": {"desk": {"dialect": "twilio", "secrets": ["env:TOKEN"]}},
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
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_that_contradict_each_other_are_refused_in_a_sentence(
    chart: helm.Chart, values: Json, complaint: str
) -> None:
    (said,) = refused(chart, values)

    assert complaint in said


def test_all_contradictions_are_said_at_once(chart: helm.Chart) -> None:
    said = refused(
        chart,
        {
            "replicas": 3,
            "ingress": {"enabled": True},
            "redis": {"tlsSecret": "certificates"},
            "sources": {"desk": {"dialect": "twilio", "secrets": ["env:TOKEN"]}},
        },
    )

    assert len(said) == 5


def test_no_secret_is_said_with_a_refusal(chart: helm.Chart) -> None:
    with pytest.raises(helm.HelmRenderError) as refusal:
        install(chart, {"existingSecret": "ours", "secrets": {"CTI_REDIS_URL": "redis://:hunter2@redis"}})

    assert "hunter2" not in str(refusal.value)
