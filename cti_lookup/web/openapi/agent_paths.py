"""The paths of agents' screens: calls, and the tokens that open them."""

from collections.abc import Iterator, Mapping
from typing import Final

from cti_lookup.web.openapi import examples
from cti_lookup.web.openapi.operations import (
    AGENT,
    Operation,
    Path,
    done,
    json_answer,
    json_body,
    text_answer,
)
from cti_lookup.web.openapi.parameters import CALL_ID, LAST_EVENT_ID, LOG, PLACE, in_path, in_query, telephone
from cti_lookup.web.openapi.problems import BODY, KEY, TOKEN
from cti_lookup.web.openapi.schemas import ID, TEXT, TIME, Schema, described, record, ref

_SUBJECT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 128}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Calls": record(
        "Calls, the newest first.", {"calls": {"type": "array", "maxItems": 500, "items": ref("LoggedCall")}}
    ),
    "Choice": record(
        "Who it was of those who were shown; null: none of them.",
        {"person_id": {"anyOf": [ID, {"type": "null"}]}},
        closed=True,
    ),
    "Token": record(
        "An agent token.",
        {"token": TEXT, "id": described("By which it can be taken back.", TEXT), "expires_at": TIME},
    ),
}
_STREAM: Final = (
    "Server-Sent Events: `hello`, `calls`, `call`, `left`, `reset` and `bye`, described in `/asyncapi.json`. A browser reads them with "
    "`fetch`, as `EventSource` sends no `Authorization`."
)


def agent_paths() -> Iterator[Path]:
    """Describe the paths of agents."""
    yield "/v1/calls", {"get": _calls(), "delete": _erase_calls()}
    yield "/v1/calls/stream", {"get": _stream()}
    yield "/v1/calls/{id}/seen", {"post": _seen()}
    yield "/v1/calls/{id}/person", {"post": _choose()}
    yield "/v1/tokens", {"post": _mint(), "delete": _revoke_all()}
    yield "/v1/tokens/{id}", {"delete": _revoke()}


def _calls() -> Operation:
    example = {"calls": [examples.LOGGED_CALL]}
    answers = {"200": json_answer("The calls.", ref("Calls"), example)}
    summary = "The call log: an agent's own calls, and to a machine key or a supervisor all."
    return Operation("listCalls", summary, "calls", answers, ("wrong_field", *TOKEN), LOG, None, AGENT)


def _stream() -> Operation:
    example = (
        'id: p1-7\nevent: left\ndata: {"id":"01KBK3R1C0ZZZZZZZZZZZZZZZZ","reason":"answered_elsewhere"}\n\n'
    )
    answers = {
        "200": text_answer("The stream, which does not end.", "text/event-stream", example, "Cache-Control")
    }
    summary = "Calls as they happen."
    parameters = (LAST_EVENT_ID,)
    return Operation("followCalls", summary, "calls", answers, TOKEN, parameters, None, AGENT, _STREAM)


def _seen() -> Operation:
    answers = {"204": done("It is noted.")}
    codes = ("unknown_call", *TOKEN)
    return Operation(
        "seeCall", "Somebody has seen it in the log.", "calls", answers, codes, (CALL_ID,), None, AGENT
    )


def _choose() -> Operation:
    body = json_body(ref("Choice"), {"person_id": 30})
    answers = {"204": done("It is noted: they come first next time.")}
    codes = ("unknown_call", "wrong_field", *TOKEN, *BODY)
    summary = "Who it was, of several with one number."
    return Operation("choosePerson", summary, "calls", answers, codes, (CALL_ID,), body, AGENT)


def _erase_calls() -> Operation:
    parameters = (telephone("The number.", required=True), *PLACE)
    answers = {"204": done("They are off the log and all screens, on every replica.")}
    codes = ("wrong_field", "not_forgotten", *KEY)
    return Operation("eraseCalls", "Take a number's calls off the log.", "calls", answers, codes, parameters)


def _mint() -> Operation:
    body = json_body(ref("TokenRequest"), examples.GRANT)
    answers = {"201": json_answer("The token.", ref("Token"), examples.MINTED)}
    codes = ("wrong_field", *KEY, *BODY)
    summary = "Make a token for an agent's browser."
    about = "For the backend of the host desktop: its key never goes to a browser."
    return Operation("makeToken", summary, "tokens", answers, codes, (), body, description=about)


def _revoke() -> Operation:
    token = in_path("id", "The token's `id`.", examples.MINTED["id"], _SUBJECT)
    answers = {"204": done("It is good no more, if it ever was; streams that it opened end.")}
    codes = ("wrong_field", "not_forgotten", *KEY)
    return Operation("revokeToken", "Take a token back.", "tokens", answers, codes, (token,))


def _revoke_all() -> Operation:
    subject = in_query("subject", "The `subject` they were made for.", _SUBJECT, "u-17", required=True)
    answers = {"204": done("None that was made until now is good any more.")}
    codes = ("wrong_field", "not_forgotten", *KEY)
    return Operation(
        "revokeTokens", "Take all tokens of somebody back.", "tokens", answers, codes, (subject,)
    )
