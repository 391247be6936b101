"""
OAuth 2: a token of an hour for the id and the secret of an application.

Facts: `POST` with `grant_type=client_credentials`, `client_id` and `client_secret`, as a form (RFC 6749, 4.4) or as JSON, which some
clients send; parameters in the query are refused. The client may name itself by `Basic` instead (2.3.1), and then a refusal is 401;
every other is 400, `invalid_client` included (R-Service developer pages). No parameter may come twice (3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import hdrs, web

from cti_lookup.directory.access.applications import ACCESS_SECONDS, check_client, issue_access_token
from cti_lookup.directory.access.secrets import basic_of
from cti_lookup.directory.errors import InvalidJsonError
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.web.answers import decode_body, json_answer, read_bytes
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY

MOST_FIELDS: Final = 32

_NOT_CACHED: Final[Mapping[str, str]] = {hdrs.PRAGMA: "no-cache"}
_PARAMETERS: Final = frozenset({"grant_type", "client_id", "client_secret", "scope"})


class _RefusedError(Exception):
    """A request for a token is refused; `code` is one of RFC 6749, 5.2."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class _Client:
    """Who asks for a token, and whether they said so in the header, which decides the status of a refusal."""

    client_id: str
    secret: bytes = field(repr=False)
    by_header: bool

    @property
    def refusal(self) -> _RefusedError:
        """The answer to a client that is none."""
        return _RefusedError(
            "invalid_client", "The client id or the client secret is wrong", 401 if self.by_header else 400
        )


async def issue_token(request: web.Request) -> web.Response:
    """Answer with an access token, or with why there is none."""
    try:
        parameters = await _parameters(request)
        return await _token_answer(request, _client(request, parameters), parameters)
    except _RefusedError as refused:
        return _refusal(refused)


async def introspect(request: web.Request) -> web.Response:
    """Answer with the scopes of the token that was shown."""
    return json_answer({"scopes": sorted(request[IDENTITY].scopes)})


async def _token_answer(request: web.Request, client: _Client, parameters: Mapping[str, str]) -> web.Response:
    database, now = request.app[DATABASE], request.app[CLOCK]()
    # Read first: who does not know a secret must not keep those waiting who write.
    application_id = await database.read(
        partial(check_client, client_id=client.client_id, secret=client.secret)
    )
    if application_id is None:
        raise client.refusal
    work = partial(issue_access_token, application_id=application_id, now=now)
    token = await database.write(work, trace=Trace.KEPT)
    if token is None:
        raise client.refusal
    answer: dict[str, object] = {
        "access_token": token.secret,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
    }
    if "scope" in parameters:
        answer["scope"] = " ".join(
            sorted(token.scopes)
        )  # what was granted, as it may not be what was asked for
    return json_answer(answer, headers=_NOT_CACHED)


def _refusal(refused: _RefusedError) -> web.Response:
    headers = dict(_NOT_CACHED)
    if refused.status == web.HTTPUnauthorized.status_code:
        headers[hdrs.WWW_AUTHENTICATE] = "Basic"
    content = {"error": refused.code, "error_description": str(refused)}
    return json_answer(content, status=refused.status, headers=headers)


async def _parameters(request: web.Request) -> dict[str, str]:
    """Return the parameters of a request whose grant we know."""
    if not _PARAMETERS.isdisjoint(request.query):
        raise _RefusedError("invalid_request", "Parameters belong in the body, and not in the URL")
    raw = await read_bytes(request)
    parameters = _of_json(raw) if request.content_type == "application/json" else _of_form(raw)
    grant = parameters.get("grant_type")
    if not grant:
        raise _RefusedError("invalid_request", "The parameter grant_type is missing")
    if grant != "client_credentials":
        raise _RefusedError("unsupported_grant_type", "The grant_type is not client_credentials")
    return parameters


def _of_json(raw: bytes) -> dict[str, str]:
    try:
        body = decode_body(raw)
    except InvalidJsonError:
        raise _RefusedError("invalid_request", "The body is no JSON object") from None
    return {name: value for name, value in body.items() if isinstance(value, str)}


def _of_form(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _RefusedError("invalid_request", "The body is no form") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise _RefusedError("invalid_request", "A parameter stands in the body twice")
    return parameters


def _client(request: web.Request, parameters: Mapping[str, str]) -> _Client:
    scheme, _, credentials = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "basic":
        return _client_of_body(parameters)
    if "client_secret" in parameters:
        raise _RefusedError("invalid_request", "The client names itself in the header and in the body")
    name, secret = (unquote_plus(part.decode("latin-1")) for part in basic_of(credentials))
    return _Client(name, secret.encode(), by_header=True)


def _client_of_body(parameters: Mapping[str, str]) -> _Client:
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if not client_id or not secret:
        raise _RefusedError("invalid_request", "The parameter client_id or client_secret is missing")
    return _Client(client_id, secret.encode("utf-8", "surrogatepass"), by_header=False)
