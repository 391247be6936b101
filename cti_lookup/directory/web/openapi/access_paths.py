"""The paths of the API itself, of OAuth, and of the question who is calling."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.access.applications import ACCESS_SECONDS
from cti_lookup.directory.callers.callers import MOST_CALLERS
from cti_lookup.directory.web.openapi.answers import Answer, headers, json_content, usual
from cti_lookup.directory.web.openapi.operations import Operation, reading
from cti_lookup.directory.web.openapi.parameters import text_in_query
from cti_lookup.directory.web.openapi.schemas import ref
from cti_lookup.directory.web.openapi.values import Schema

Path = tuple[str, Mapping[str, Operation]]

OAUTH_SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "AccessToken": {
            "type": "object",
            "properties": {
                "access_token": {"type": "string"},
                "token_type": {"const": "Bearer"},
                "expires_in": {"const": ACCESS_SECONDS},
                "scope": {"type": "string", "description": "What was granted, if anything was asked for."},
            },
            "required": ["access_token", "token_type", "expires_in"],
            "additionalProperties": False,
        },
        "TokenRequest": {
            "type": "object",
            "properties": {
                "grant_type": {"const": "client_credentials"},
                "client_id": {"type": "string", "minLength": 1},
                "client_secret": {"type": "string", "minLength": 1},
                "scope": {"type": "string"},
            },
            "required": ["grant_type"],
        },
        "RateLimit": {
            "type": "object",
            "properties": {
                "context": {"const": "core"},
                "limit": {"type": "integer"},
                "remaining": {"type": "integer"},
                "reset": {"type": "integer", "description": "Seconds since 1970."},
            },
            "required": ["context", "limit", "remaining", "reset"],
            "additionalProperties": False,
        },
    }
)


def api_paths() -> Iterator[Path]:
    """Describe the paths under the prefix of the API; the first is the prefix itself."""
    yield (
        "",
        {"get": _open("showRoot", "The probe: the API is there.", {"type": "object", "maxProperties": 0})},
    )
    yield "/openapi.json", {"get": _open("showOpenapi", "This document.", {"type": "object"})}
    yield "/sd", {"get": _callers()}
    windows: Schema = {"type": "array", "items": ref("RateLimit")}
    limits: Schema = {"type": "object", "properties": {"resources": windows}, "required": ["resources"]}
    yield "/rate_limit", {"get": reading("showRateLimit", "The windows of the limits.", "access", limits)}


def oauth_paths() -> Iterator[Path]:
    """Describe the paths of OAuth, which have no prefix."""
    for path, name in (("/oauth", ""), ("", "OfOauthHost")):
        yield f"{path}/token", {"post": _token(f"issueToken{name}")}
        scopes: Schema = {"type": "array", "items": {"type": "string"}}
        shown: Schema = {"type": "object", "properties": {"scopes": scopes}, "required": ["scopes"]}
        yield (
            f"{path}/introspect",
            {"get": reading(f"introspect{name}", "The scopes of the token that was shown.", "access", shown)},
        )


def _open(name: str, summary: str, schema: Schema) -> Operation:
    answer = {"description": summary, "headers": headers(), "content": json_content(schema)}
    return Operation(name, summary, "access", {"200": answer}, guarded=False)


def _callers() -> Operation:
    summary = "The people a telephone number, a support ID or an employee ID belongs to."
    parameters = (
        text_in_query("telephone", "A number in whatever writing; only its digits count."),
        text_in_query("supportID", "Looked for if the employee ID finds nobody."),
        text_in_query("employeeID", "Looked for first."),
    )
    people: Schema = {"type": "array", "maxItems": MOST_CALLERS, "items": ref("Person")}
    described = reading("findCallers", summary, "callers", people, parameters)
    answers = {**described.answers, **usual("400")}
    return Operation("findCallers", summary, "callers", answers, described.parameters)


def _token(name: str) -> Operation:
    schema = ref("TokenRequest")
    content = {"application/x-www-form-urlencoded": {"schema": schema}, **json_content(schema)}
    answers: dict[str, Answer] = {
        "200": {
            "description": "A token of an hour.",
            "headers": headers("Pragma"),
            "content": json_content(ref("AccessToken")),
        },
        "400": _refusal("Why there is none.", "Pragma"),
        "401": _refusal("The client named itself by `Basic`, wrongly.", "Pragma", "WWW-Authenticate"),
        **usual("503"),
    }
    body = {"required": True, "content": content}
    summary = "A token for the id and the secret of an application, which may also stand in `Basic`."
    return Operation(name, summary, "access", answers, body=body, guarded=False)


def _refusal(description: str, *names: str) -> Answer:
    return {
        "description": description,
        "headers": headers(*names),
        "content": json_content(ref("OAuthError")),
    }
