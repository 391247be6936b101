"""Ways to recognise a caller without a server: ours, and the two that are in use elsewhere, for comparison."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from cti_lookup.matching import decide
from cti_lookup.people import Person
from cti_lookup.telephone import Dialled, Internal, Invalid, Withheld, read_caller
from tests.corpus.score import MOST_PEOPLE, PROVEN, CorpusCall, Found, Shown

HOME: Final = "US"
"""The default region of the corpus' directory."""

_OUTCOMES: Final = {Internal: "internal", Invalid: "invalid", Withheld: "withheld"}
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_SHORTEST_TAIL: Final = 7
_COMMON_TAIL: Final = 8


def by_deciding(people: Sequence[Person]) -> Callable[[CorpusCall], Found]:
    """Recognise with the core, over a directory that returns everybody as a candidate."""

    def recognise(call: CorpusCall) -> Found:
        caller = read_caller(call.raw, call.source.region)
        if not isinstance(caller, Dialled):
            return Found(_OUTCOMES[type(caller)])
        decision = decide(people, caller.number, extension=caller.extension, region=HOME)
        shown = tuple(Shown(match.person.id, match.rule.value) for match in decision.matches)
        return Found("matched" if shown else "nobody", shown, decision.truncated)

    return recognise


def by_documented_tail(people: Sequence[Person]) -> Callable[[CorpusCall], Found]:
    """Recognise by the directory's documented rule: digits only, one the other's tail, at least seven, no fax."""
    known = _numbers(people)

    def recognise(call: CorpusCall) -> Found:
        caller = _digits(str(call.raw))
        owners = tuple(dict.fromkeys(owner for owner, number in known if _one_is_tail(number, caller)))
        shown = tuple(Shown(owner, PROVEN) for owner in owners[:MOST_PEOPLE])
        return Found("matched" if shown else "nobody", shown, len(owners) > MOST_PEOPLE)

    return recognise


def by_last_eight(people: Sequence[Person]) -> Callable[[CorpusCall], Found]:
    """Recognise as many integrations do: the last eight digits, and the first hit."""
    known = _numbers(people)

    def recognise(call: CorpusCall) -> Found:
        tail = _digits(str(call.raw))[-_COMMON_TAIL:]
        hits = (owner for owner, number in known if number.endswith(tail))
        hit = next(hits, None) if len(tail) == _COMMON_TAIL else None
        return Found("nobody") if hit is None else Found("matched", (Shown(hit, PROVEN),))

    return recognise


def _numbers(people: Sequence[Person]) -> list[tuple[int, str]]:
    """Give each number's owner and digits."""
    return [
        (person.id, _digits(contact.telephone))
        for person in people
        for contact in person.contacts or ()
        if contact.label != "fax"
    ]


def _one_is_tail(number: str, caller: str) -> bool:
    if min(len(number), len(caller)) < _SHORTEST_TAIL:
        return False
    return number.endswith(caller) or caller.endswith(number)


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)
