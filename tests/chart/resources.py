"""
What three kinds of custom resources look like, strictly: a field that is not here is refused.

No more of each than the chart writes. Sources: the API references of the Prometheus operator (`monitoring.coreos.com/v1`,
https://prometheus-operator.dev/docs/api-reference/api/) and of the Gateway API (`gateway.networking.k8s.io/v1`,
https://gateway-api.sigs.k8s.io/reference/spec/).
"""

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_PORT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 65535}
_DURATION: Final[Schema] = {
    "type": "string",
    "pattern": "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$",
}
_HOST: Final[Schema] = {
    "type": "string",
    "maxLength": 253,
    "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _texts() -> Schema:
    return {"type": "object", "additionalProperties": {"type": "string"}}


def _list(of: Schema, most: int = 100, least: int = 0) -> Schema:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


def _resource(version: str, kind: str, specification: Schema) -> Schema:
    return _object(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": version},
        kind={"const": kind},
        metadata=_object(("name", "labels"), name=_TEXT, labels=_texts(), annotations=_texts()),
        spec=specification,
    )


_RULE: Final[Schema] = {
    "oneOf": [
        _object(("record", "expr"), record=_TEXT, expr=_TEXT, labels=_texts()),
        _object(
            ("alert", "expr"),
            alert=_TEXT,
            expr=_TEXT,
            labels=_texts(),
            annotations=_texts(),
            **{"for": _DURATION, "keep_firing_for": _DURATION},
        ),
    ]
}
_GROUP: Final = _object(("name", "rules"), name=_TEXT, interval=_DURATION, rules=_list(_RULE, most=1000))

# At most 16 rules in a route, and in a rule at most 64 matches (8 in older versions) and 16 backends.
_MATCH: Final = _object(
    ("path",),
    path=_object(
        ("type", "value"),
        type={"enum": ["Exact", "PathPrefix"]},
        value={"type": "string", "pattern": "^/", "maxLength": 1024},
    ),
)
_PARENT: Final = _object(
    ("name",), group=_TEXT, kind=_TEXT, name=_TEXT, namespace=_TEXT, sectionName=_TEXT, port=_PORT
)
_HEADER: Final = _object(("name", "value"), name=_TEXT, value=_TEXT)
_FILTER: Final = _object(
    ("type", "responseHeaderModifier"),
    type={"const": "ResponseHeaderModifier"},
    responseHeaderModifier=_object(set=_list(_HEADER, most=16)),
)
_ROUTE_RULE: Final = _object(
    ("matches", "backendRefs"),
    filters=_list(_FILTER, most=16),
    matches=_list(_MATCH, most=8, least=1),
    backendRefs=_list(_object(("name", "port"), name=_TEXT, port=_PORT), most=16, least=1),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "ServiceMonitor": _resource(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        _object(
            ("selector", "endpoints"),
            jobLabel=_TEXT,
            selector=_object(("matchLabels",), matchLabels=_texts()),
            endpoints=_list(
                _object(("port",), port=_TEXT, path=_TEXT, interval=_DURATION, scrapeTimeout=_DURATION),
                least=1,
            ),
        ),
    ),
    "PrometheusRule": _resource(
        "monitoring.coreos.com/v1", "PrometheusRule", _object(("groups",), groups=_list(_GROUP, least=1))
    ),
    "HTTPRoute": _resource(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        _object(
            ("parentRefs", "rules"),
            parentRefs=_list(_PARENT, most=32, least=1),
            hostnames=_list(_HOST, most=16),
            rules=_list(_ROUTE_RULE, most=16, least=1),
        ),
    ),
}
"""By kind."""
