"""What administrators do: have a lookup explained, a number forgotten, a person erased."""

from time import perf_counter
from typing import Annotated, Final

import msgspec
from aiohttp import web

from cti_lookup.answers import encode_caller
from cti_lookup.audit import How
from cti_lookup.errors import Unreadable, WrongField
from cti_lookup.explain import Explanation
from cti_lookup.messages import read_object, shaped
from cti_lookup.questions import Question
from cti_lookup.rservice.quota import Remaining
from cti_lookup.telephone import Dialled, read_caller
from cti_lookup.web.access import machine, region_asked
from cti_lookup.web.answers import NO_STORE, json_answer
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import WHO
from cti_lookup.web.visitors import machine_or_supervisor

_LARGEST_ID: Final = 2**53


_ASK: Final = {"true": True, "false": False}


class _Explained(msgspec.Struct):
    caller: msgspec.Raw
    lookup: Explanation
    quota: Remaining | None


async def explain(request: web.Request) -> web.Response:
    """
    Tell each step of a number's lookup.

    The directory is asked if no tier knows; always with `ask=true`, and never with `ask=false`. `quota` is null where
    there is none. See :class:`~cti_lookup.explain.Explanation` and :class:`~cti_lookup.rservice.quota.Remaining`.
    """
    parts = await machine_or_supervisor(request)
    telephone = _telephone(request)
    began = perf_counter()
    caller = read_caller(telephone, region_asked(request, parts))
    read_seconds = perf_counter() - began
    ask = _ASK.get(request.query.get("ask", ""))
    explanation = await parts.explainer.explain(caller, read_seconds, ask=ask)
    parts.audit.saw(request[WHO], How.EXPLAIN, _people_in(explanation))
    told = _Explained(msgspec.Raw(encode_caller(caller)), explanation, parts.quota())
    return json_answer(msgspec.json.encode(told))


def _people_in(explanation: Explanation) -> tuple[int, ...]:
    matched = (one.id for one in explanation.matches or ())
    return tuple(dict.fromkeys((*matched, *(one.id for one in explanation.candidates or ()))))


async def forget(request: web.Request) -> web.Response:
    """Forget all that is known of a number, on every replica."""
    parts = machine(request)
    caller = read_caller(_telephone(request), region_asked(request, parts))
    if not isinstance(caller, Dialled):
        raise WrongField("telephone", "'telephone' is no number that a directory can know.")
    await parts.invalidation.number(Question(caller.number, caller.extension))
    parts.log.info("forgotten")
    return web.Response(status=204, headers=NO_STORE)


class _Erasure(msgspec.Struct, forbid_unknown_fields=True):
    person_id: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_ID)]


async def erase(request: web.Request) -> web.Response:
    """
    Erase a person everywhere, and let no late answer bring them back: `{"person_id": 30}`.

    The answer tells of the directory: `erased`, `unknown` (it had nobody of this id), or `elsewhere`, where it is not the
    embedded one and they have to be erased in it too.
    """
    parts = machine(request)
    body = await read_body(request)
    if not body:
        raise Unreadable("The body is empty; it is an object with 'person_id'.")
    person_id = shaped(read_object(body), _Erasure).person_id
    directory = await parts.erasure.erase(person_id)
    parts.log.info("erased", directory=directory)
    return json_answer(msgspec.json.encode({"person_id": person_id, "directory": directory}))


def _telephone(request: web.Request) -> str:
    telephone = request.query.get("telephone")
    if telephone is None:
        raise WrongField("telephone", "'telephone' is missing.")
    return telephone
