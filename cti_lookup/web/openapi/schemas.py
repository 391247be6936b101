"""
What goes in and comes out, as JSON Schema.

Records describe themselves; what is spliced together from bytes is put together here in the same way.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from cti_lookup.answers import CallSummary, Outcome, PersonSummary, Tier
from cti_lookup.calls import State
from cti_lookup.events import Attestation, Direction, Result
from cti_lookup.explain import Explanation
from cti_lookup.feed.tokens import Grant
from cti_lookup.matching import Rule
from cti_lookup.questions import IdentityKey
from cti_lookup.rates import Window
from cti_lookup.rservice.quota import Remaining
from cti_lookup.shapes import ShapesSeen

Schema: TypeAlias = Mapping[str, Any]

_PLACE: Final = "#/components/schemas/"
_RECORDS: Final = (PersonSummary, CallSummary, Explanation, Window, ShapesSeen, Remaining, Grant)
_SHOWN_AS: Final = {"PersonSummary": "Person", "CallSummary": "CallAlone", "Grant": "TokenRequest"}

LARGEST_ID: Final = 2**53
ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
TEXT: Final[Schema] = {"type": "string"}
OPEN_TEXT: Final[Schema] = {"type": ["string", "null"]}
FLAG: Final[Schema] = {"type": "boolean"}


def ref(name: str) -> Schema:
    """Refer to a schema."""
    return {"$ref": f"{_PLACE}{name}"}


def record(
    description: str, properties: Mapping[str, Schema], *, optional: Iterable[str] = (), closed: bool = False
) -> Schema:
    """Describe an object whose fields are always there, but for some."""
    missing = frozenset(optional)
    described: dict[str, Any] = {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in missing],
    }
    return {**described, "additionalProperties": False} if closed else described


def words(kind: Iterable[str]) -> Schema:
    """Describe a closed set of words, in their own order."""
    return {"type": "string", "enum": [str(word) for word in kind]}


def words_or_null(kind: Iterable[str]) -> Schema:
    """Describe a closed set of words, or nothing."""
    return {"type": ["string", "null"], "enum": [*map(str, kind), None]}


def described(text: str, schema: Schema) -> Schema:
    """Say what a schema is for."""
    return {**schema, "description": text}


def schemas() -> dict[str, Schema]:
    """Give all schemas, under the names by which they are referred to."""
    records = _records()
    for name in ("Match", "MatchStep"):
        records[name] = _with(
            records[name], records[name].get("description", "Why they are listed."), rule=ref("Rule")
        )
    alone = records.pop("CallAlone")
    call = _with(alone, "A call.", **_OF_A_CALL, lookup=ref("Lookup"))
    entry = _with(
        call,
        "A call as it stands in the log and on screens.",
        revision=described(
            "Rises with each change; what has a lower one than is shown is old.", {"type": "integer"}
        ),
        seen=described("Somebody has seen it in the log.", FLAG),
        chosen=described(
            "The person that an agent chose; 0: none of those who were shown.", {"type": ["integer", "null"]}
        ),
        pops=described("False: it is in the log, and pops up nowhere.", FLAG),
    )
    return {**records, **_composed(), "Call": call, "LoggedCall": entry}


_MAYBE_TIME: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_OF_A_CALL: Final[Mapping[str, Schema]] = {
    "provider_id": described("The phone system's own name for the call.", OPEN_TEXT),
    "callee": described("The line that was called.", OPEN_TEXT),
    "agents": described("Whom it rings, as the phone system names them.", {"type": "array", "items": TEXT}),
    "display_name": described("The name that the telephone network gave the caller.", OPEN_TEXT),
    "attestation": described(
        "What the carrier says of the caller's number (STIR/SHAKEN); it proves nothing.",
        words_or_null(Attestation),
    ),
    "started_at": TIME,
    "answered_at": _MAYBE_TIME,
    "answered_by": described("Who of us answered.", OPEN_TEXT),
    "ended_at": _MAYBE_TIME,
}
"""What is to be said of a call's fields beyond their types."""


def _records() -> dict[str, Schema]:
    _, found = msgspec.json.schema_components(_RECORDS, ref_template=f"{_PLACE}{{name}}")
    return {**{_name(name): _plain(schema) for name, schema in found.items()}, **_WORDS}


def _name(name: str) -> str:
    return _SHOWN_AS.get(name, name).lstrip("_")


def _plain(node: Any) -> Any:
    """Write a generated schema as one by hand: no titles, `null` as a type beside the other, one line of text."""
    match node:
        case {"anyOf": [{"type": str() as kind, **more}, {"type": "null"}], **beside}:
            return {"type": [kind, "null"], **_plain(more), **_plain(beside)}
        case {"$ref": str() as place}:
            return {"$ref": f"{_PLACE}{_name(place.removeprefix(_PLACE))}"}
        case dict():
            return {
                name: _plain(value)
                for name, value in node.items()
                if not (name == "title" and isinstance(value, str))
            }
        case list() | tuple():
            return [_plain(one) for one in node]
        case str():
            return " ".join(node.split()) if "\n" in node else node
    return node


_WORDS: Final[Mapping[str, Schema]] = {
    "Direction": described("Seen from the service desk.", words(Direction)),
    "State": described("Where a call is.", words(State)),
    "Result": described("How a call ended.", words(Result)),
    "Outcome": described(
        "`matched`: these people have the number. `nobody`: the directory was asked, and knows no one. `withheld`: the caller shows no "
        "number. `invalid`: what was sent is none. `internal`: a colleague's extension. `unavailable`: the directory could not be asked. "
        "`pending`: it has not answered yet.",
        words(Outcome),
    ),
    "Tier": described(
        "Where the directory's word came from; `stale`: from before, as it cannot be asked now.", words(Tier)
    ),
    "Rule": described("Why somebody is listed.", words((*Rule, *IdentityKey))),
}


def _with(schema: Schema, description: str, **properties: Schema) -> Schema:
    """Add fields that are always there."""
    return {
        **schema,
        "description": description,
        "properties": {**schema["properties"], **properties},
        "required": list(dict.fromkeys((*schema["required"], *properties))),
    }


def _composed() -> dict[str, Schema]:
    caller = record(
        "The external party of a call: as sent, and as far as it is a number, how it is written and where it is at home.",
        {
            "raw": described("As the phone system sent it.", TEXT),
            "e164": described("Null where the number is known in its own country only.", OPEN_TEXT),
            "national": OPEN_TEXT,
            "region": described("ISO 3166.", OPEN_TEXT),
            "time_zones": {"type": "array", "items": TEXT},
            "extension": described("Of an `internal` caller, or named by the call itself.", TEXT),
            "reason": described("In what way an `invalid` caller is no number.", words(_NO_NUMBER)),
        },
        optional=("extension", "reason"),
    )
    lookup = record(
        "Who is calling: at most ten people, best match first.",
        {
            "outcome": ref("Outcome"),
            "caller": ref("Caller"),
            "people": described(
                "Empty for every outcome but `matched`.",
                {"type": "array", "maxItems": 10, "items": ref("Person")},
            ),
            "truncated": described("More people may have the number than are shown.", FLAG),
            "tier": ref("Tier"),
            "age_seconds": described("Age of the directory's word.", {"type": "number", "minimum": 0}),
        },
        optional=("tier", "age_seconds"),
    )
    by_key = _with(
        lookup,
        "A lookup by ids, and by telephone if that was given too.",
        matched_by=described("Which of them found somebody.", words_or_null((*IdentityKey, "telephone"))),
    )
    return {"Caller": caller, "Lookup": lookup, "LookupByIds": by_key}


_NO_NUMBER: Final = ("placeholder", "text", "too_short", "too_long", "not_in_plan", "no_region")
