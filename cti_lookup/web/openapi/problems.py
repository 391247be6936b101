"""Problem documents (RFC 9457): the closed list of their codes, and the answers that hold them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

from cti_lookup.web.openapi.schemas import TEXT, Schema, described, record, ref, words
from cti_lookup.web.problems import PROBLEM_JSON


@dataclass(frozen=True, slots=True)
class Code:
    """A problem's code: its status, and what it means."""

    status: int
    means: str


CODES: Final[Mapping[str, Code]] = {
    "unreadable": Code(400, "The body cannot be read."),
    "refused": Code(400, "What is asked for is no path; the status may be another."),
    "bad_key": Code(401, "The key is missing or not known."),
    "bad_token": Code(401, "There is no agent token, or this service did not make it."),
    "token_expired": Code(401, "The agent token has expired: ask for a new one."),
    "token_revoked": Code(401, "The agent token was taken back: stop."),
    "unverified": Code(401, "The signature is missing or wrong."),
    "bad_origin": Code(403, "Pages of this origin may not ask, or not with this token."),
    "strange_host": Code(403, "The message names a host that may not be called back."),
    "not_found": Code(404, "There is no such route or file."),
    "unknown_source": Code(404, "No source of this name is configured."),
    "unknown_call": Code(404, "There is no such call, or it is nothing to whoever asks."),
    "method_not_allowed": Code(405, "The route takes other methods; `Allow` says which."),
    "too_slow": Code(408, "The body did not arrive within 3 s."),
    "too_large": Code(413, "The body is larger than 64 KiB."),
    "expectation_failed": Code(417, "Only `Expect: 100-continue` can be met."),
    "wrong_field": Code(422, "A field is missing or wrong; `field` names it."),
    "too_often": Code(429, "This is asked, or refused, too often; `Retry-After` says when to ask again."),
    "internal": Code(500, "Something failed here; the log says where."),
    "full": Code(503, "There are too many connections."),
    "not_forgotten": Code(503, "It could not be forgotten on every replica: say it again."),
}
"""Every code there is."""

KEY: Final = ("bad_key",)
TOKEN: Final = ("bad_token", "token_expired", "token_revoked", "bad_origin")
BODY: Final = ("unreadable", "too_slow", "too_large")
REFUSALS: Final = frozenset({401, 403})
"""Statuses whose many become `too_often`."""

ANYWHERE: Final = ("expectation_failed", "internal", "full")
"""What any route may answer; so `not_found` and `method_not_allowed`, where there is no route or not with this method."""

ALONE: Final = (("refused",), ("not_found",), ("method_not_allowed",))
"""Codes of answers that belong to no route; they are described all the same."""

_CHALLENGED: Final = frozenset({*KEY, *TOKEN} - {"bad_origin"})

PROBLEM: Final[Schema] = record(
    "A problem document (RFC 9457). `code` is stable, `detail` is for people and tells nothing personal.",
    {
        "type": {"const": "about:blank"},
        "title": described("The status in words.", TEXT),
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": words(CODES),
        "detail": TEXT,
        "field": described("The field at fault, of `wrong_field`.", TEXT),
    },
    optional=("field",),
)


def refer_to(codes: Iterable[str]) -> dict[str, Schema]:
    """Refer to the answers with these codes, by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{_name(some)}"} for status, some in _by_status(codes)
    }


def responses(all_codes: Iterable[Iterable[str]]) -> dict[str, Mapping[str, Any]]:
    """Describe all answers with problems that are referred to, under the names by which they are."""
    found = chain.from_iterable(map(_by_status, all_codes))
    return {_name(codes): _response(codes) for _, codes in found}


def _by_status(codes: Iterable[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(codes):
        by_status[CODES[code].status].append(code)
    for status, some in by_status.items():
        yield status, tuple(sorted(some))


def _name(codes: Iterable[str]) -> str:
    return "-".join(codes)


def _response(codes: tuple[str, ...]) -> Mapping[str, Any]:
    return {
        "description": " ".join(f"`{code}`: {CODES[code].means}" for code in codes),
        "headers": _headers(codes),
        "content": {
            PROBLEM_JSON: {
                "schema": {**ref("Problem"), "properties": {"code": {"enum": [*codes]}}},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
    }


def _headers(codes: Iterable[str]) -> Mapping[str, Schema]:
    names = [
        "X-Request-Id",
        *(("WWW-Authenticate",) if _CHALLENGED.issuperset(codes) else ()),
        *(("Retry-After",) if {"full", "too_often"} & set(codes) else ()),
        *(("Allow",) if "method_not_allowed" in codes else ()),
    ]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _example(code: str) -> Mapping[str, Any]:
    told = CODES[code]
    field = {"field": "telephone"} if code == "wrong_field" else {}
    title = HTTPStatus(told.status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": told.status,
        "code": code,
        "detail": told.means,
        **field,
    }
