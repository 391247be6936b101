"""Operations: what all of a kind have in common, as functions that describe one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Self

from cti_lookup.directory.web.openapi.answers import (
    PAGED,
    Answer,
    empty_answer,
    json_answer,
    json_content,
    usual,
)
from cti_lookup.directory.web.openapi.parameters import Parameter, account_and_tag
from cti_lookup.directory.web.openapi.values import Schema

Described = Mapping[str, object]

_GUARDED: Final = ("401", "403", "429", "503")
_WITH_BODY: Final = ("408", "413")
_ACCOUNT, _TAG = account_and_tag()
TAGS: Final = MappingProxyType(
    {
        "callers": "Who is calling.",
        "people": "People, also those in the archive and the trash.",
        "contacts": "The telephones and addresses of people and of organizations.",
        "references": "What people refer to: organizations, sites, teams and calendars.",
        "transfer": "Imports and exports.",
        "webhooks": "Webhooks, and the policies by which they sign.",
        "access": "The API itself: tokens and limits.",
    }
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a path; without `guarded` it is open to all."""

    name: str
    summary: str
    tag: str
    answers: Mapping[str, Answer]
    parameters: tuple[Parameter, ...] = ()
    body: Described | None = None
    guarded: bool = True

    def at(self, *variables: Parameter) -> Self:
        """Return the operation on a path with variables, which name records that there may not be."""
        answers = {**self.answers, **(usual("404") if variables else {})}
        return replace(self, parameters=(*variables, *self.parameters), answers=answers)

    def described(self) -> Described:
        """Return the operation as it stands in the document."""
        answers = {**self.answers, **usual(*(_GUARDED if self.guarded else ()))}
        if self.body is not None:
            answers |= usual(*_WITH_BODY)
        described: dict[str, object] = {
            "operationId": self.name,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": [*self.parameters, *((_ACCOUNT,) if self.guarded else ())],
            "responses": dict(sorted(answers.items())),
        }
        if self.body is not None:
            described["requestBody"] = self.body
        return described if self.guarded else described | {"security": []}


def page(
    name: str, summary: str, tag: str, schema: Schema, parameters: Sequence[Parameter] = ()
) -> Operation:
    """Describe an operation that answers with a page of a collection."""
    answer = json_answer(summary, {"type": "array", "items": schema}, *PAGED)
    answers = {"200": answer, **usual("304", "400")}
    return Operation(name, summary, tag, answers, (*parameters, _TAG))


def reading(
    name: str, summary: str, tag: str, schema: Schema, parameters: Sequence[Parameter] = ()
) -> Operation:
    """Describe an operation that answers with something, and changes nothing."""
    answers = {"200": json_answer(summary, schema), **usual("304")}
    return Operation(name, summary, tag, answers, (*parameters, _TAG))


def writing(  # noqa: PLR0913 - what distinguishes one such operation from another
    name: str, summary: str, tag: str, body: Schema, answer: Schema, *, status: str = "200"
) -> Operation:
    """Describe an operation that takes JSON and answers with the record as it is afterwards."""
    answers = {status: json_answer(summary, answer), **usual("400", "422")}
    return Operation(name, summary, tag, answers, body={"required": True, "content": json_content(body)})


def moving(name: str, summary: str, tag: str, answer: Schema) -> Operation:
    """Describe an operation that takes no body and answers with the record as it is afterwards."""
    return Operation(name, summary, tag, {"200": json_answer(summary, answer)})


def removing(name: str, summary: str, tag: str, *statuses: str) -> Operation:
    """Describe an operation that answers with nothing."""
    return Operation(name, summary, tag, {"204": empty_answer(summary), **usual(*statuses)})
