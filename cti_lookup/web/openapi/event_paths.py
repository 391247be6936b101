"""The paths on which phone systems tell of calls, and the directory of changes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cti_lookup.dialects.generic import DIRECTIONS
from cti_lookup.web.openapi import examples
from cti_lookup.web.openapi.operations import (
    ANYBODY,
    MACHINE,
    Answer,
    Operation,
    Path,
    Security,
    headers,
    json_answer,
)
from cti_lookup.web.openapi.parameters import (
    REGION,
    SOURCE,
    SOURCE_IN_PATH,
    Parameter,
    in_path,
    in_query,
)
from cti_lookup.web.openapi.problems import BODY, KEY
from cti_lookup.web.openapi.schemas import ID, TEXT, Schema, described, record, ref

_TEXT: Final[Schema] = {"type": ["string", "integer", "null"]}
_TEXTS: Final[Schema] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_MANY: Final = ("user", "user[]", "caller", "caller[]")
_OTHERS: Final[Mapping[str, Schema]] = {
    "call_id": described("`callId`, if that is null.", _TEXT),
    "user[]": described("`user`, as forms repeat it.", _TEXTS),
    "caller": described("`user`, if there is none.", _TEXTS),
    "caller[]": described("The same, as forms repeat it.", _TEXTS),
    "answering_number": described("`answeringNumber`, if there is none.", _TEXT),
    "orig_call_id": described("`origCallId`, if there is none.", _TEXT),
    "callerName": described("`display_name`, if there is none.", _TEXT),
}
"""Fields that mean the same as another."""

GENERIC_EVENT: Final[Schema] = {
    "description": "An event in the words of Zammad's generic CTI, and plainer ones beside them. Ids may be numbers.",
    "type": "object",
    "properties": {
        "event": described(
            "`newCall` (`ringing`, `incoming`), `answer` (`answered`, `connected`), `hold` (`held`), `unhold`, `voicemail`, `transfer`, "
            "`hangup` (`ended`, `missed`); left out it is `newCall`, and anything else changes nothing.",
            _TEXT,
        ),
        "from": described("Who calls, in whatever writing.", {}),
        "to": described("Who is called.", {}),
        "direction": described(
            "`in` if it is left out. Capital letters make no difference.",
            {"anyOf": [{"type": "string", "enum": [*DIRECTIONS, ""]}, {"type": "null"}]},
        ),
        "callId": described("The phone system's own name for the call.", _TEXT),
        "user": described("Whom it rings, one or many.", _TEXTS),
        "queue": _TEXT,
        "answeringNumber": described("Who answered.", _TEXT),
        "origCallId": described("The `callId` of the call that this one goes on from.", _TEXT),
        "display_name": described("The name that the telephone network gave the caller.", _TEXT),
        "cause": described(
            "Why a call ended that nobody answered: `normalClearing`, `busy`, `cancel`, `noAnswer`, `congestion`, `notFound`, "
            "`forwarded`, `voicemail`.",
            _TEXT,
        ),
        **_OTHERS,
    },
}
GENERIC_FORM: Final[Schema] = {
    "description": "The same as a form; `user`, `user[]`, `caller` and `caller[]` may be there more than once.",
    "type": "object",
    "properties": {
        name: {"type": "array", "items": TEXT} if name in _MANY else TEXT
        for name in GENERIC_EVENT["properties"]
    }
    | {"direction": {"type": "string", "enum": [*DIRECTIONS, ""]}},
}
JOURNAL: Final[Schema] = {
    "description": "What 3CX tells of a call that is over, by the names of this service's template. What is no text is passed over.",
    "type": "object",
    "properties": {
        "number": {},
        "call_type": described("`Inbound`, `Outbound`, `Missed` or `Notanswered`.", {}),
        "agent": described("The extension.", {}),
        "agent_email": {},
        "duration": described("`hh:mm:ss`, or seconds.", {}),
        "started_at_utc": described("RFC 3339.", {}),
        "queue": {},
        "entity_id": {},
    },
}
DIRECTORY_EVENT: Final[Schema] = {
    "description": "A delivery of the directory's webhooks, plain or signed (`jwt`).",
    "type": "object",
    "properties": {
        "event": described(
            "Such as `person.update`; one that is not known changes nothing.",
            {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,100}$"},
        ),
        "object_id": ID,
        "payload": {"type": "object"},
        "jwt": described("The message, signed.", TEXT),
    },
    "anyOf": [{"required": ["event"]}, {"required": ["jwt"]}],
}
_CONTACT: Final = (
    *("id", "first_name", "last_name", "company", "email"),
    *("phone_business", "phone_mobile", "phone_home", "phone_other", "url", "photo_url"),
)
CONTACTS: Final[Schema] = record(
    "Contacts as the template for 3CX reads them; what is not known is left out.",
    {
        "contacts": {
            "type": "array",
            "items": record("A contact.", dict.fromkeys(_CONTACT, TEXT), optional=_CONTACT[2:]),
        }
    },
)
TOLD: Final[Schema] = {
    "description": "What the `generic` dialect answers; empty where the event tells of no call.",
    "type": "object",
    "properties": {"call": ref("Call"), "lookup": ref("Lookup")},
}
SCHEMAS: Final[Mapping[str, Schema]] = {
    "GenericEvent": GENERIC_EVENT,
    "GenericForm": GENERIC_FORM,
    "GenericAnswer": TOLD,
    "Journal": JOURNAL,
    "DirectoryEvent": DIRECTORY_EVENT,
    "Contacts": CONTACTS,
}

_FORM: Final = "application/x-www-form-urlencoded"
_NOTHING: Final[Schema] = {"type": "object", "maxProperties": 0}
_IN_WORDS: Final = (
    "The body and the answer are those of the source's dialect; shown are those of `generic`, whose fields may also come as a form. "
    "A caller that makes no sense is an answer: `invalid`, status 200."
)
_TOKEN: Final = in_path("token", "The key, for senders that can only keep it in the path.", "KEY")
_SIGNED_OR_KEYED: Final[Security] = (*MACHINE, {})
"""A source whose dialect signs takes no key."""


def event_paths() -> Iterator[Path]:
    """Describe the paths of events."""
    yield "/webhooks/{source}", dict(_webhook("", (SOURCE_IN_PATH,), _SIGNED_OR_KEYED))
    yield "/webhooks/{source}/{token}", dict(_webhook("WithToken", (SOURCE_IN_PATH, _TOKEN), ANYBODY))
    yield "/api/v1/cti/{token}", {"post": _zammad()}
    yield "/v1/3cx/journal", {"post": _journal()}
    yield "/upstream/{token}", {"post": _upstream()}


def _webhook(
    name: str, variables: tuple[Parameter, ...], security: Security
) -> Iterator[tuple[str, Operation]]:
    codes = ("unknown_source", "unverified", "wrong_field", *KEY, *BODY)
    answers = {"200": _TOLD, "204": _RECEIPT}
    said = "An event of a phone system."
    yield (
        "post",
        Operation(f"hearEvent{name}", said, "events", answers, codes, variables, _EVENT, security, _IN_WORDS),
    )
    summary = "An event of a phone that can only GET, with its fields in the query."
    fields = tuple(in_query(one, about, {"type": "string"}, value) for one, about, value in _IN_QUERY)
    yield (
        "get",
        Operation(
            f"hearQuery{name}",
            summary,
            "events",
            answers,
            codes,
            (*variables, *fields),
            None,
            security,
            _IN_WORDS,
        ),
    )
    greeting = "The handshake of a sender, such as that of CloudEvents."
    yield (
        "options",
        Operation(
            f"greet{name}",
            greeting,
            "events",
            answers | {"405": _NO_GREETING},
            codes,
            variables,
            None,
            security,
        ),
    )


_IN_QUERY: Final = (
    ("event", "What happened, as in the body.", "newCall"),
    ("from", "Who calls, in whatever writing.", "+17139872967"),
    ("to", "Who is called.", "1002"),
    ("callId", "The phone system's own name for the call.", "17"),
)
_TOLD: Final[Answer] = {
    "description": "It was heard; in the words of the dialect.",
    "content": {
        "application/json": {
            "schema": ref("GenericAnswer"),
            "example": {"call": examples.CALL, "lookup": examples.LOOKUP},
        }
    },
}
_RECEIPT: Final[Answer] = {
    "description": "It was heard; a dialect that has nothing to say.",
    "headers": headers("Cache-Control"),
}
_NO_GREETING: Final[Answer] = {
    "description": "The source's dialect knows no handshake.",
    "headers": headers("Allow", "Cache-Control"),
    "content": {"text/plain": {"schema": {"const": ""}}},
}
_EVENT: Final[Mapping[str, Any]] = {
    "description": "It may be missing where the fields stand in the query.",
    "content": {
        "application/json": {"schema": ref("GenericEvent"), "example": examples.EVENT},
        _FORM: {"schema": ref("GenericForm"), "example": examples.EVENT},
    },
}


def _zammad() -> Operation:
    summary = "An event of anything that can talk to Zammad's generic CTI."
    token = in_path("token", "A key of a source that speaks `generic` or `zammad`, or a machine key.", "KEY")
    answers = {"200": json_answer("It was heard.", _NOTHING, {})}
    codes = ("wrong_field", *KEY, *BODY)
    return Operation("hearZammad", summary, "events", answers, codes, (token,), _EVENT, ANYBODY)


def _journal() -> Operation:
    example = {"number": "+17139872967", "call_type": "Inbound", "agent": "1002", "duration": "00:03:10"}
    content = {media: {"schema": ref("Journal"), "example": example} for media in ("application/json", _FORM)}
    answer = {
        "description": "It was heard.",
        "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
    }
    codes = ("wrong_field", *KEY, *BODY)
    body = {"content": content}
    summary = "What 3CX tells of a call that is over."
    return Operation("hear3cxJournal", summary, "events", {"200": answer}, codes, (REGION, SOURCE), body)


def _upstream() -> Operation:
    content = {
        "application/json": {
            "schema": ref("DirectoryEvent"),
            "example": {"event": "person.update", "object_id": 30},
        }
    }
    answers = {"200": json_answer("It is forgotten, or nothing was to be.", _NOTHING, {})}
    codes = ("wrong_field", "strange_host", "not_forgotten", *KEY, *BODY)
    token = in_path("token", "One of `CTI_UPSTREAM_TOKENS`.", "TOKEN")
    summary = "What the directory tells of changes."
    body = {"required": True, "content": content}
    return Operation("hearDirectory", summary, "events", answers, codes, (token,), body, ANYBODY)
