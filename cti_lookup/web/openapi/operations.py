"""Operations: one method of one path, and what all of a kind have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cti_lookup.web.openapi import problems
from cti_lookup.web.openapi.schemas import TEXT, Schema

Answer = Mapping[str, Any]
Parameter = Mapping[str, Any]
Security = tuple[Mapping[str, list[str]], ...]

MACHINE: Final[Security] = ({"bearer": []}, {"apiKey": []}, {"basic": []}, {"queryKey": []})
AGENT: Final[Security] = ({"agentToken": []}, *MACHINE)
ANYBODY: Final[Security] = ()

TAGS: Final = {
    "lookups": "Who is calling.",
    "events": "What phone systems tell.",
    "calls": "Calls, as agents see them. Browsers use these with an agent token.",
    "tokens": "Tokens for agents' browsers.",
    "administration": "What is remembered, explained, counted and forgotten.",
    "pages": "What a browser shows.",
    "operations": "Health, metrics, and this description.",
}

HEADERS: Final[Mapping[str, Answer]] = {
    "X-Request-Id": {
        "description": "The request's name, in the log too: as it came in `X-Request-Id` or `traceparent`, or made up.",
        "schema": TEXT,
    },
    "Cache-Control": {"required": True, "schema": {"const": "no-store"}},
    "WWW-Authenticate": {"required": True, "schema": {"const": 'Bearer realm="cti-lookup"'}},
    "Retry-After": {
        "description": "Seconds.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {"required": True, "schema": TEXT},
    "ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'}},
    "Content-Disposition": {"required": True, "schema": TEXT},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One method of a path.

    `codes` are of the problems it may answer with, besides those that any route may; `answers` are by status, and stand before problems.
    """

    name: str
    summary: str
    tag: str
    answers: Mapping[str, Answer]
    codes: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Any] | None = None
    security: Security = MACHINE
    description: str = ""

    @property
    def all_codes(self) -> tuple[str, ...]:
        """The codes of all problems that it may answer with."""
        is_refusing = any(problems.CODES[code].status in problems.REFUSALS for code in self.codes)
        return (*self.codes, *(("too_often",) if is_refusing else ()), *problems.ANYWHERE)

    def described(self) -> Mapping[str, Any]:
        """Return the operation as it stands in the document."""
        return {
            "operationId": self.name,
            "summary": self.summary,
            "tags": [self.tag],
            "security": [*self.security],
            "responses": dict(sorted({**problems.refer_to(self.all_codes), **_named(self.answers)}.items())),
            **dict(self._optional()),
        }

    def _optional(self) -> Iterator[tuple[str, Any]]:
        if self.description:
            yield "description", self.description
        if self.parameters:
            yield "parameters", [*self.parameters]
        if self.body is not None:
            yield "requestBody", self.body


def _named(answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    """Let each answer tell the name of its request."""
    return {
        status: {**one, "headers": {**headers("X-Request-Id"), **one.get("headers", {})}}
        for status, one in answers.items()
    }


Path = tuple[str, Mapping[str, Operation]]


def headers(*names: str) -> Mapping[str, Schema]:
    """Refer to headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def json_answer(description: str, schema: Schema, example: object, *more: str) -> Answer:
    """Describe an answer in JSON, with the headers it has besides the one that nobody is to keep it."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "headers": headers("Cache-Control", *more), "content": content}


def text_answer(description: str, media_type: str, example: str, *names: str) -> Answer:
    """Describe an answer that is text."""
    content = {media_type: {"schema": TEXT, "example": example}}
    return {"description": description, "headers": headers(*names), "content": content}


def done(description: str) -> Answer:
    """Describe an answer that says no more than that it is done."""
    return {"description": description, "headers": headers("Cache-Control")}


def json_body(schema: Schema, example: object) -> Mapping[str, Any]:
    """Describe a body that has to be there."""
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
