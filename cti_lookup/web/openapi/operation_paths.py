"""The paths of administrators, of operations, and of browsers' pages."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cti_lookup.web.openapi import examples
from cti_lookup.web.openapi.operations import (
    ANYBODY,
    Answer,
    Operation,
    Path,
    done,
    headers,
    json_answer,
    json_body,
    text_answer,
)
from cti_lookup.web.openapi.parameters import IF_NONE_MATCH, PLACE, Parameter, in_path, telephone
from cti_lookup.web.openapi.problems import BODY, KEY
from cti_lookup.web.openapi.schemas import FLAG, ID, TEXT, Schema, record, ref, words
from cti_lookup.web.problems import PROBLEM_JSON

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Erasure": record("Whom to erase.", {"person_id": ID}, closed=True),
    "Erased": record(
        "What became of them in the directory: `elsewhere` is where they have to be erased in it too.",
        {"person_id": ID, "directory": words(("erased", "unknown", "elsewhere"))},
    ),
    "Stats": record(
        "How well the tiers answer, and in which shapes callers come, in this process.",
        {
            "windows": {"type": "object", "additionalProperties": ref("Window")},
            "shapes": ref("ShapesSeen"),
        },
    ),
    "Ready": record("Whether calls may be sent here.", {"ready": FLAG}),
}


def administration_paths() -> Iterator[Path]:
    """Describe the paths of administrators."""
    yield "/v1/stats", {"get": _stats()}
    yield "/v1/cache", {"delete": _forget()}
    yield "/v1/erasures", {"post": _erase()}


def operation_paths() -> Iterator[Path]:
    """Describe the paths of operations."""
    yield "/metrics", {"get": _metrics()}
    yield "/livez", {"get": _live()}
    yield "/readyz", {"get": _ready()}
    yield "/openapi.json", {"get": _document("showOpenapi", "This description, in OpenAPI 3.1.")}
    yield "/asyncapi.json", {"get": _document("showAsyncapi", "The live feed, in AsyncAPI 3.0.")}


def page_paths() -> Iterator[Path]:
    """Describe the paths of pages."""
    yield "/", {"get": _page("showAgentPage", "The agent's page.")}
    shown = telephone("The caller; it is read in the page, which never sends it but to look it up.")
    yield "/pop", {"get": _page("popCaller", "The agent's page, on one caller.", shown, *PLACE)}
    yield "/debug", {"get": _page("showExplanation", "A page that explains a number to administrators.")}
    yield "/docs", {"get": _page("showDocs", "A page that shows this description.")}
    file = in_path(
        "file", "Its name.", "cti-caller-lookup.js", {"type": "string", "pattern": r"^[a-z-]+\.[a-z]+$"}
    )
    yield "/widget/{file}", {"get": _file(file)}


def _stats() -> Operation:
    answers = {"200": json_answer("Over 1 min, 15 min and 24 h.", ref("Stats"), examples.STATS)}
    return Operation("showStats", "Hit rates, and shapes of callers.", "administration", answers, KEY)


def _forget() -> Operation:
    answers = {"204": done("All that was known of it is forgotten, on every replica.")}
    codes = ("wrong_field", "not_forgotten", *KEY)
    parameters = (telephone("The number.", required=True), *PLACE)
    return Operation("forgetNumber", "Forget a number.", "administration", answers, codes, parameters)


def _erase() -> Operation:
    example = {"person_id": 30, "directory": "erased"}
    answers = {"200": json_answer("They are erased here.", ref("Erased"), example)}
    codes = ("wrong_field", "not_forgotten", *KEY, *BODY)
    body = json_body(ref("Erasure"), {"person_id": 30})
    return Operation("erasePerson", "Erase a person everywhere.", "administration", answers, codes, (), body)


def _metrics() -> Operation:
    example = 'cti_lookups_total{outcome="matched",tier="memory"} 17.0\n'
    told = text_answer(
        "Prometheus text; OpenMetrics, with exemplars, to who takes that.", "text/plain", example
    )
    content = {**told["content"], "application/openmetrics-text": {"schema": TEXT}}
    answers = {"200": {**told, "content": content}}
    return Operation("showMetrics", "What was counted.", "operations", answers, security=ANYBODY)


def _live() -> Operation:
    answers = {"200": text_answer("It answers.", "text/plain", "alive\n")}
    return Operation("isAlive", "Does the process answer?", "operations", answers, security=ANYBODY)


def _ready() -> Operation:
    away: dict[str, Any] = {
        "description": "Not yet, until numbering plans are read, or not any more, as the process is to end; or there are too many connections (`full`).",
        "content": {
            "application/json": {"schema": ref("Ready"), "example": {"ready": False}},
            PROBLEM_JSON: {"schema": ref("Problem")},
        },
    }
    answers = {"200": json_answer("Yes.", ref("Ready"), {"ready": True}), "503": away}
    return Operation("isReady", "May calls be sent here?", "operations", answers, security=ANYBODY)


def _document(name: str, summary: str) -> Operation:
    content = {"application/json": {"schema": {"type": "object"}}}
    answers = {"200": {"description": summary, "headers": headers("ETag"), "content": content}, "304": _KNOWN}
    return Operation(name, summary, "operations", answers, parameters=(IF_NONE_MATCH,), security=ANYBODY)


_KNOWN: Final[Answer] = {"description": "The browser has it already.", "headers": headers("ETag")}


def _page(name: str, summary: str, *parameters: Parameter) -> Operation:
    answers = {"200": text_answer(summary, "text/html", "<!doctype html>", "ETag"), "304": _KNOWN}
    own = (*parameters, IF_NONE_MATCH)
    return Operation(name, summary, "pages", answers, ("not_found",), own, security=ANYBODY)


def _file(name: Parameter) -> Operation:
    content: dict[str, Schema] = {
        media: {} for media in ("text/javascript", "text/css", "text/html", "image/svg+xml", "image/png")
    }
    found = {"description": "The file.", "headers": headers("ETag"), "content": content}
    answers = {"200": found, "304": _KNOWN}
    own = (name, IF_NONE_MATCH)
    summary = "A file of the widget or of a page."
    return Operation("giveFile", summary, "pages", answers, ("not_found",), own, security=ANYBODY)
