"""The operation a telephone system asks for: who is calling."""

import re
from functools import partial
from typing import Final

from aiohttp import web

from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.callers.callers import Question, View, who_is_calling
from cti_lookup.directory.callers.telephones import significant, telephone_digits
from cti_lookup.directory.errors import BadRequestError
from cti_lookup.directory.web.keys import DATABASE, IDENTITY
from cti_lookup.directory.web.quick_answers import quick_answer

_PLAIN: Final = re.compile(r"telephone=(?:%2B|\+)?([0-9]+)(?:&per_page=[0-9]+)?")
"""What a telephone system asks nearly always; reading any query takes as long as half a look-up."""


async def find_callers(request: web.Request) -> web.StreamResponse:
    """Answer with the people a telephone number, a support ID or an employee ID belongs to, at most ten."""
    identity = request[IDENTITY]
    identity.require_role(Role.SERVICE_DESK_ANALYST)
    identity.require_scope("person", "read")
    question = _question(request)
    work = partial(who_is_calling, question=question, view=View(identity.accounts, identity.home))
    return quick_answer(request, await request.app[DATABASE].look_up(work))


def _question(request: web.Request) -> Question:
    plain = _PLAIN.fullmatch(request.rel_url.raw_query_string)
    if plain is not None:
        return Question(digits=significant(plain[1]))
    query = request.query
    employee_id, support_id = query.get("employeeID", ""), query.get("supportID", "")
    digits = telephone_digits(query.get("telephone", ""))
    if not (digits or employee_id.strip() or support_id.strip()):
        msg = "The parameter telephone is missing or holds no digits"
        raise BadRequestError(msg)
    return Question(employee_id, support_id, digits)
