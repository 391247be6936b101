"""Who reaches the service and whom it reaches: Service, Ingress, HTTPRoute and network policies."""

import helm_python as helm
import pytest

from cti_lookup.app import create_app
from cti_lookup.logs import open_log
from cti_lookup.settings import Settings
from tests.chart.release import EXAMPLES, NAME, Json, Release, install, values_of

OPERATIONS = ("/debug", "/metrics", "/livez", "/readyz")


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_service_leads_to_the_pods_of_its_release_and_to_no_others(
    chart: helm.Chart, example: str
) -> None:
    release = install(chart, values_of(example))
    name = release.one("Deployment", "caller-lookup" if example == "gateway" else NAME)["metadata"]["name"]
    service = release.one("Service", name)["spec"]
    others = list(release.all("Pod"))
    others += [m["spec"]["template"] for m in release.all("Deployment") if m["metadata"]["name"] != name]

    assert service["selector"] == release.deployment["selector"]["matchLabels"]
    assert service["selector"].items() <= release.deployment["template"]["metadata"]["labels"].items()
    assert service["ports"][0]["targetPort"] == release.container["ports"][0]["name"]
    for other in others:
        assert not service["selector"].items() <= other["metadata"]["labels"].items()


def test_the_test_of_a_release_asks_its_service(embedded: Release) -> None:
    (container,) = embedded.one("Pod", f"{NAME}-test-ready")["spec"]["containers"]

    assert container["command"] == ["python", "-m", "cti_lookup.health"]
    assert container["env"] == [{"name": "CTI_HOST", "value": NAME}, {"name": "CTI_PORT", "value": "80"}]


def reachable(paths: list[tuple[str, str]], path: str) -> bool:
    """Say whether a path is let in, by the rules that Ingress and HTTPRoute share."""
    return any(
        path == one if kind == "Exact" else path == one or path.startswith(f"{one}/") for kind, one in paths
    )


def paths_of_ingress(release: Release) -> list[tuple[str, str]]:
    """Give the paths of the first rule of an Ingress."""
    rules: Json = release.one("Ingress")["spec"]["rules"][0]
    return [(path["pathType"], path["path"]) for path in rules["http"]["paths"]]


def paths_of_route(release: Release) -> list[tuple[str, str]]:
    """Give the paths of all rules of an HTTPRoute."""
    rules = release.one("HTTPRoute", "caller-lookup")["spec"]["rules"]
    return [(match["path"]["type"], match["path"]["value"]) for rule in rules for match in rule["matches"]]


def test_every_route_but_those_of_operations_is_reachable_from_outside(
    production: Release, chart: helm.Chart
) -> None:
    app = create_app(Settings.model_construct(), log=open_log())
    routes = {
        route.resource.canonical.replace("{", "").replace("}", "")
        for route in app.router.routes()
        if route.resource is not None and ":" not in route.resource.canonical
    }
    wanted = {route for route in routes if not route.startswith("/anything")} - set(OPERATIONS)

    for paths in (paths_of_ingress(production), paths_of_route(install(chart, values_of("gateway")))):
        assert {route for route in wanted if not reachable(paths, route)} == set()
        assert [path for path in OPERATIONS if reachable(paths, path)] == []


def test_an_ingress_has_its_hosts_its_certificate_and_its_class(production: Release) -> None:
    ingress = production.one("Ingress")

    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"secretName": "cti-example-com", "hosts": ["cti.example.com"]}]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["cti.example.com"]
    assert ingress["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/proxy-buffering": "off"}


def test_an_http_route_leads_from_its_gateway_to_the_service(chart: helm.Chart) -> None:
    release = install(chart, values_of("gateway"))
    route = release.one("HTTPRoute", "caller-lookup")["spec"]
    (port,) = release.one("Service", "caller-lookup")["spec"]["ports"]

    assert route["parentRefs"] == [{"name": "outside", "namespace": "gateways", "sectionName": "https"}]
    assert route["hostnames"] == ["cti.example.com"]
    for rule in route["rules"]:
        assert rule["backendRefs"] == [{"name": "caller-lookup", "port": port["port"]}]


def test_an_http_route_tells_browsers_to_stay_with_https_if_it_is_told_to(chart: helm.Chart) -> None:
    values = values_of("gateway")
    told = install(chart, values).one("HTTPRoute", "caller-lookup")["spec"]["rules"]
    values["httpRoute"]["strictTransportSecurity"] = ""
    untold = install(chart, values).one("HTTPRoute", "caller-lookup")["spec"]["rules"]

    for rule in told:
        (filtering,) = rule["filters"]
        assert filtering["responseHeaderModifier"]["set"] == [
            {"name": "Strict-Transport-Security", "value": "max-age=31536000"}
        ]
    assert not [rule for rule in untold if "filters" in rule]


def test_more_paths_than_a_rule_may_hold_become_several_rules(chart: helm.Chart) -> None:
    values = {**values_of("gateway"), "publicPaths": [f"/webhooks/source-{number}" for number in range(20)]}
    rules = install(chart, values).one("HTTPRoute", "caller-lookup")["spec"]["rules"]

    assert [len(rule["matches"]) for rule in rules] == [8, 8, 4]


def test_nothing_is_reachable_from_outside_unless_somebody_asks_for_it(chart: helm.Chart) -> None:
    assert not {"Ingress", "HTTPRoute"} & install(chart).kinds
    assert install(chart).one("Service")["spec"]["type"] == "ClusterIP"


# --- network policies


def ports(rules: list[Json]) -> set[object]:
    """Give the ports that rules let through."""
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_a_policy_lets_in_who_may_ask_and_the_release_s_own_test(production: Release) -> None:
    policy = production.one("NetworkPolicy")["spec"]
    (rule,) = policy["ingress"]
    ours = production.one("Pod", f"{NAME}-test-ready")["metadata"]["labels"]

    assert policy["podSelector"] == production.deployment["selector"]
    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert rule["from"][0] == values_of("production")["networkPolicy"]["from"][0]
    assert rule["from"][1]["podSelector"]["matchLabels"].items() <= ours.items()


def test_a_policy_lets_out_to_name_servers_the_directory_and_redis_and_nowhere_else(
    production: Release,
) -> None:
    assert ports(production.one("NetworkPolicy")["spec"]["egress"]) == {53, 443, 8443, 6380}


def test_without_a_remote_directory_nothing_goes_out_but_to_name_servers(chart: helm.Chart) -> None:
    policy = install(chart, {"networkPolicy": {"enabled": True}}).one("NetworkPolicy")["spec"]

    assert ports(policy["egress"]) == {53}
    assert "from" not in policy["ingress"][0]


def test_the_embedded_redis_is_reached_by_the_service_alone(chart: helm.Chart) -> None:
    release = install(chart, values_of("trial-with-redis"))
    theirs = release.one("NetworkPolicy", f"{NAME}-redis")["spec"]
    ours = release.one("NetworkPolicy")["spec"]
    redis = release.one("Deployment", f"{NAME}-redis")["spec"]

    assert theirs["ingress"][0]["from"] == [{"podSelector": release.deployment["selector"]}]
    assert theirs["podSelector"] == redis["selector"]
    assert "egress" not in theirs
    assert {"podSelector": redis["selector"]} in [
        peer for rule in ours["egress"] for peer in rule.get("to", [])
    ]
