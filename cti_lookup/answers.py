"""
What is answered: a lookup and a call as JSON, encoded once and spliced together as bytes.

Shapes: sections 5 and 6 of the service's contract, described in the README.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from cti_lookup.calls import Call, State
from cti_lookup.events import Direction, Result
from cti_lookup.matching import Decision, Match, Rule
from cti_lookup.people import Named
from cti_lookup.telephone import E164, Caller, Dialled, Internal, Invalid, Withheld
from cti_lookup.telephone.plan import describe
from cti_lookup.times import rfc3339
from cti_lookup.vocabulary import Word


class Outcome(Word):
    """Seven different answers, never merged."""

    MATCHED = "matched"
    NOBODY = "nobody"
    WITHHELD = "withheld"
    INVALID = "invalid"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    PENDING = "pending"


class Tier(Word):
    """Where the directory's word came from."""

    MEMORY = "memory"
    REDIS = "redis"
    DIRECTORY = "directory"
    STALE = "stale"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """
    The directory's word on one question, decided and encoded: what the tiers keep.

    `people` is a JSON array of person summaries, `[]` for nobody; `ids` are theirs and their managers', whose names it
    tells too. `asked_at` is in seconds of this process's steady clock, so that setting the wall clock makes no answer
    older or younger.
    """

    people: bytes
    truncated: bool
    asked_at: float
    ids: tuple[int, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Tell whether anybody was found."""
        return _NOBODY if self.people == NOBODY else _MATCHED


NOBODY = b"[]"
_NOBODY: Final = Outcome.NOBODY  # a member named through its class costs 0.1 µs each time
_MATCHED: Final = Outcome.MATCHED


class Lookup(msgspec.Struct, frozen=True, gc=False):
    """The answer to "who is calling?"; `answer`, `tier` and `age` only where the directory's word is given."""

    outcome: Outcome
    caller: Caller
    answer: Answer | None = None
    tier: Tier | None = None
    age: float = 0.0


class _Named(msgspec.Struct):
    id: int
    name: str


class _Match(msgspec.Struct):
    rule: str
    label: str | None
    telephone: str | None


class CallSummary(msgspec.Struct, gc=False):
    """A call as it is shown, but for its lookup."""

    id: str
    source: str
    provider_id: str | None
    direction: Direction
    state: State
    result: Result | None
    callee: str | None
    agents: tuple[str, ...]
    queue: str | None
    display_name: str | None
    attestation: str | None
    started_at: str
    answered_at: str | None
    answered_by: str | None
    ended_at: str | None


class PersonSummary(msgspec.Struct, omit_defaults=True):
    """One person on the agent's screen."""

    id: int
    name: str
    job_title: str | None
    vip: bool
    organization: _Named | None
    site: _Named | None
    manager: _Named | None
    primary_email: str | None
    location: str | None
    locale: str | None
    time_zone: str | None
    picture_uri: str | None
    url: str | None
    match: _Match
    disabled: bool = False


_encode = msgspec.json.Encoder().encode
_summaries = msgspec.json.Decoder(list[PersonSummary])


def decided(decision: Decision, record_url: str | None, asked_at: float) -> Answer:
    """Encode a decision; `record_url` holds `{id}` where a person's id goes."""
    people = [_summary(match, record_url) for match in decision.matches]
    named = [one.id for one in people] + [one.manager.id for one in people if one.manager]
    return Answer(_encode(people), decision.truncated, asked_at, tuple(dict.fromkeys(named)))


def people_of(answer: Answer) -> list[PersonSummary]:
    """Read an answer's people again."""
    return _summaries.decode(answer.people)


def with_first(answer: Answer, person_id: int) -> Answer:
    """Put one of an answer's people before the others; an answer that does not list them stays as it is."""
    people = people_of(answer)
    ranked = sorted(people, key=lambda one: one.id != person_id)
    return answer if ranked == people else replace(answer, people=_encode(ranked))


def _summary(match: Match, record_url: str | None) -> PersonSummary:
    person = match.person
    return PersonSummary(
        id=person.id,
        name=person.name,
        job_title=person.job_title,
        vip=person.vip,
        organization=_named(person.organization),
        site=_named(person.site),
        manager=_named(person.manager),
        primary_email=person.primary_email,
        location=person.location,
        locale=person.locale,
        time_zone=person.time_zone,
        picture_uri=person.picture_uri,
        url=record_url.replace("{id}", str(person.id)) if record_url else None,
        match=_match(match),
        disabled=person.disabled,
    )


def _match(match: Match) -> _Match:
    if match.contact is None:
        return _Match(match.rule.value, None, None)
    return _Match(match.rule.value, match.contact.label, match.contact.telephone)


def _named(named: Named | None) -> _Named | None:
    return _Named(named.id, named.name) if named else None


def encode_lookup(lookup: Lookup) -> bytes:
    """Write a lookup as JSON; the people's bytes pass through as they were stored."""
    answer, tier = lookup.answer, lookup.tier
    if answer is None or tier is None:
        return b'{"outcome":"%b","caller":%b,"people":[],"truncated":false}' % (
            lookup.outcome.encode(),
            encode_caller(lookup.caller),
        )
    parts = (  # joining takes a third of the time that a template of bytes does
        b'{"outcome":"',
        lookup.outcome.encode(),
        b'","caller":',
        encode_caller(lookup.caller),
        b',"people":',
        answer.people,
        b',"truncated":true,"tier":"' if answer.truncated else b',"truncated":false,"tier":"',
        tier.encode(),
        b'","age_seconds":%.1f}' % lookup.age,
    )
    return b"".join(parts)


def encode_lookup_by(lookup: Lookup, key: str | None) -> bytes:
    """Write a lookup that was tried by several keys, and which of them found somebody."""
    return b'%b,"matched_by":%b}' % (encode_lookup(lookup)[:-1], _encode(key))


@lru_cache(maxsize=8192)
def encode_caller(caller: Caller) -> bytes:
    """Write a caller as JSON: as sent, and as far as it is a number, how it is written and where it is at home."""
    fields: dict[str, object] = {
        "raw": caller.raw.encode(errors="replace").decode(),  # a lone surrogate is no UTF-8
        "e164": None,
        "national": None,
        "region": None,
        "time_zones": (),
    }
    match caller:
        case Dialled():
            told = describe(caller.number)
            fields |= {"national": told.national, "region": told.region, "time_zones": told.time_zones}
            fields["e164"] = caller.number.text if isinstance(caller.number, E164) else None
            if caller.extension:
                fields["extension"] = caller.extension
        case Internal():
            fields["extension"] = caller.extension
        case Invalid():
            fields["reason"] = caller.reason
        case Withheld():
            pass
    return _encode(fields)


def encode_call(call: Call, lookup: bytes) -> bytes:
    """Write a call as JSON, its encoded lookup at the end."""
    return b"".join((encode_call_alone(call)[:-1], b',"lookup":', lookup, b"}"))


def encode_call_alone(call: Call) -> bytes:
    """Write a call as JSON, without its lookup."""
    fields = CallSummary(
        call.id,
        call.source,
        call.provider_id,
        call.direction,
        call.state,
        call.result,
        call.callee,
        call.agents,
        call.queue,
        call.display_name,
        call.attestation,
        rfc3339(call.started_at),
        rfc3339(call.answered_at) if call.answered_at is not None else None,
        call.answered_by,
        rfc3339(call.ended_at) if call.ended_at is not None else None,
    )
    return _encode(fields)


_UNSAFE_ON_PHONES: Final = str.maketrans("", "", "%'\"{}$\\<>;|`")
_LONGEST_NAME: Final = 80


def name_line(people: Sequence[PersonSummary]) -> str:
    """
    Give the one line a telephone shows: a person, or what several share, or nothing.

    Facts: FreeSWITCH's mod_cidlookup uses the text as a printf format and inside a quoted memcache command, and
    Asterisk substitutes it into its dialplan, so what is syntax there is left out. A match that is not proven
    ends in a question mark. At most 80 bytes of UTF-8.
    """
    if not people:
        return ""
    organizations = {person.organization.name if person.organization else "" for person in people}
    if len(people) == 1:
        organization = organizations.pop()
        name = f"{people[0].name} ({organization})" if organization else people[0].name
    elif len(organizations) == 1:
        name = organizations.pop()
    else:
        return ""
    return _plain_line(name if people[0].match.rule == Rule.E164 else f"{name}?")


def _plain_line(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text.translate(_UNSAFE_ON_PHONES))
    return " ".join(line.split()).encode()[:_LONGEST_NAME].decode(errors="ignore")
