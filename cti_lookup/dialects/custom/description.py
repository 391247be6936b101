"""
A custom source's description: the table of a settings file, compiled into a dialect, with all that is wrong in it said at once.

Settings: `auth`, `read`, `json_at`, `each`; `event`, `direction`; `remote` or `from` and `to`; `own`, `withheld`, `signless`, `call`, `leg`,
`continues`, `agent`, `answered_by`, `queue`, `name`, `result`, `attestation`, `dedupe`, `time`, `order`; `respond`, `handshake`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from cti_lookup.dialects import cloudevents
from cti_lookup.dialects.custom import answers, verifiers
from cti_lookup.dialects.custom.answers import DOCUMENTS, Challenge, Document
from cti_lookup.dialects.custom.auth import read_auth
from cti_lookup.dialects.custom.fields import Find, PathError, compiled, steps_of
from cti_lookup.dialects.custom.meaning import Meaning, Moment
from cti_lookup.dialects.custom.moments import UNITS
from cti_lookup.dialects.custom.reading import READERS, Reader, of_body_only, with_json_at
from cti_lookup.dialects.custom.tables import DescriptionError, Table
from cti_lookup.dialects.custom.values import PLACES, read_value, value_at, words_of
from cti_lookup.dialects.custom.verifiers import Proof
from cti_lookup.dialects.custom.words import (
    ATTESTATIONS,
    EVENTS,
    IGNORED,
    RESULTS,
    Worded,
)
from cti_lookup.dialects.dialect import CUSTOM, Dialect, Greet, Verify, no_greeting
from cti_lookup.dialects.generic import DIRECTIONS
from cti_lookup.events import Direction

Word = TypeVar("Word")

PARTIES: Final = ("remote", "from", "to", "own")
PLAIN: Final = (
    *PARTIES,
    "withheld",
    "call",
    "leg",
    "continues",
    "agent",
    "answered_by",
    "queue",
    "name",
    "dedupe",
)
"""Fields that are a value, and no word of ours."""


@dataclass(frozen=True, slots=True)
class Custom:
    """A description, compiled: the dialect it makes, and what it reads by."""

    dialect: Dialect
    meaning: Meaning
    highest_secret: int = 0


def described(written: object) -> Custom:
    """Compile a description. Raises `DescriptionError` with every fault at once."""
    faults: list[str] = []
    if not isinstance(written, dict):
        raise DescriptionError(("is a table",))
    table = Table(written, "", faults)
    custom = _custom(table)
    table.finish()
    if faults:
        raise DescriptionError(tuple(faults))
    return custom


def _custom(table: Table) -> Custom:
    kind = _kind(table)
    read = with_json_at(READERS[kind], _json_at(table))
    proofs = read_auth(table, read)
    read = _covered(table, kind, read, proofs)
    meaning = _meaning(table, read)
    document = _document(table)
    verify = verifiers.all_of(proofs) if proofs else None
    signs, timed = any(one.signs for one in proofs), any(one.timed for one in proofs)
    dialect = Dialect(
        CUSTOM,
        meaning.events,
        answers.answer_with(document),
        verify,
        _greet(table, read, verify),
        answers.answered_with(document, document.nothing),
        document.waits,
        signs and not timed,
        any(one.needs_url for one in proofs),
    )
    return Custom(dialect, meaning, max((number for one in proofs for number in one.secrets), default=0))


def _kind(table: Table) -> str:
    """Give how the message is read; where a token is the body, its claims are the message."""
    auth = table.given("auth")
    token = auth.get("jwt") if isinstance(auth, dict) else None
    is_body = isinstance(token, dict) and token.get("where") == "body"
    kind = table.word("read", {name: name for name in READERS}, "jwt" if is_body else "auto")
    if (kind == "jwt") != is_body:
        table.fault("read", 'is "jwt" where auth.jwt.where is "body", and nowhere else')
    return kind


def _json_at(table: Table) -> tuple[tuple[str, ...], ...]:
    places: list[tuple[str, ...]] = []
    for written in table.texts("json_at"):
        try:
            places.append(steps_of(written))
        except PathError as bad:
            table.fault("json_at", str(bad))
    return tuple(places)


def _covered(table: Table, kind: str, read: Reader, proofs: tuple[Proof, ...]) -> Reader:
    """Let nothing be read that a signature does not cover."""
    signing = [one for one in proofs if one.signs]
    if not signing or any(one.covers_url for one in signing):
        return read
    if kind == "query":
        table.fault("read", "is query, which the signature does not cover; sign {url} or {query}")
    return of_body_only(read)


def _meaning(table: Table, read: Reader) -> Meaning:
    values = {name: value for name in PLAIN if (value := value_at(table, name)) is not None}
    _check_parties(table)
    if "event" not in table:
        table.fault("event", "is needed here")
    return Meaning(
        read=read,
        event=_worded(table, "event", EVENTS, IGNORED),
        direction=_worded(table, "direction", DIRECTIONS, Direction.INBOUND),
        result=_worded(table, "result", RESULTS, None),
        attestation=_worded(table, "attestation", ATTESTATIONS, None),
        values=values,
        time=_moment(table, "time", "s"),
        order=_moment(table, "order", "number"),
        each=_each(table),
        signless=table.flag("signless"),
    )


def _check_parties(table: Table) -> None:
    both = "from" in table and "to" in table
    if "remote" not in table and not both:
        table.fault("remote", "is needed here, or `from` and `to`")
    if "remote" in table and ("from" in table or "to" in table):
        table.fault("remote", "is the external party in both directions; leave it out, or `from` and `to`")


def _each(table: Table) -> Find | None:
    written = table.text("each")
    if written is None:
        return None
    try:
        return compiled(written)
    except PathError as bad:
        table.fault("each", str(bad))
        return None


def _worded(table: Table, name: str, words: Mapping[str, Word], otherwise: Word) -> Worded[Word]:
    """Read a field whose values are words: a path, or a table with a place, a map, rules, and what is meant otherwise."""
    if not isinstance(table.given(name), dict):
        return Worded(otherwise, words, value_at(table, name))
    inner = table.table(name)
    if inner is None:
        return Worded(otherwise, words)
    rules = tuple(_rule(one, words, otherwise) for one in inner.tables("rules"))
    otherwise = inner.word("otherwise", words, otherwise)
    known = _translated(inner, words) if "map" in inner else words
    if "rules" in inner and not any(place in inner for place in PLACES):
        inner.given("map")
        inner.finish()
        return Worded(otherwise, known, None, rules)
    if "fixed" in inner and str(inner.given("fixed")) not in known:
        inner.fault("fixed", f"is none of {', '.join(known)}")
    value = read_value(inner, "rules", "otherwise", "map")
    return Worded(otherwise, known, value, rules)


def _translated(table: Table, words: Mapping[str, Word]) -> dict[str, Word]:
    """Read a map of the sender's words to ours; they are found in small letters too."""
    inner = table.table("map")
    if inner is None:
        return {}
    found: dict[str, Word] = {}
    for theirs, ours in words_of(inner).items():
        if ours not in words:
            inner.fault(theirs, f"is none of {', '.join(words)}")
        else:
            found[theirs] = words[ours]
            found.setdefault(theirs.casefold(), words[ours])
    return found


def _rule(table: Table, words: Mapping[str, Word], otherwise: Word) -> tuple[Find, Word]:
    written, word = table.needed("when"), table.word("is", words, otherwise)
    if "is" not in table:
        table.fault("is", "is needed here")
    table.finish()
    try:
        return compiled(written) if written else _never, word
    except PathError as bad:
        table.fault("when", str(bad))
        return _never, word


def _never(_message: Any) -> None:
    """Find nothing."""


def _moment(table: Table, name: str, unit: str) -> Moment | None:
    if not isinstance(table.given(name), dict):
        value = value_at(table, name)
        return Moment(value, unit) if value else None
    inner = table.table(name)
    if inner is None:
        return None
    unit = inner.word("unit", {one: one for one in UNITS}, unit)
    value = read_value(inner, "unit")
    return Moment(value, unit) if value else None


def _document(table: Table) -> Document:
    if not isinstance(table.given("respond"), dict):
        return table.word("respond", DOCUMENTS, DOCUMENTS["json"])
    inner = table.table("respond")
    if inner is None:
        return DOCUMENTS["json"]
    document = inner.word("body", DOCUMENTS, DOCUMENTS["empty"])
    status = int(inner.number("status", document.status, 299, 200))
    kind = inner.text("content_type", document.content_type) or document.content_type
    inner.finish()
    if status == _NO_CONTENT and document is not DOCUMENTS["empty"]:
        inner.fault("status", "is 204, which is for an empty body")
    return replace(document, status=status, content_type=kind)


_NO_CONTENT: Final = 204


def _greet(table: Table, read: Reader, verify: Verify | None) -> Greet:
    greets = [greet for one in table.tables("handshake") if (greet := _handshake(one, read, verify))]
    return answers.first_of(tuple(greets)) if greets else no_greeting


def _handshake(table: Table, read: Reader, verify: Verify | None) -> Greet | None:
    kind = table.only(_HANDSHAKES)
    greet = _HANDSHAKES[kind](table, read, verify) if kind else None
    table.finish()
    return greet


def _challenge(parent: Table, read: Reader, verify: Verify | None) -> Greet | None:
    table = parent.table("challenge")
    if table is None:
        return None
    when, word = value_at(table, "when"), value_at(table, "word")
    for name in ("when", "word"):
        if name not in table:
            table.fault(name, "is needed here")
    algorithm = table.word("alg", verifiers.DIGESTS, "sha256")
    write = table.word("encoding", verifiers.WRITTEN, verifiers.WRITTEN["hex"])
    names = table.needed("word_as"), table.needed("hmac_as")
    table.finish()
    if when is None or word is None:
        return None
    return Challenge(when, word, algorithm, write, *names, read, verify).greet


def _cloudevents(table: Table, _read: Reader, _verify: Verify | None) -> Greet | None:
    return cloudevents.greet if table.flag("cloudevents") else None


_HANDSHAKES: Final[Mapping[str, Callable[[Table, Reader, Verify | None], Greet | None]]] = {
    "echo_header": lambda table, _read, _verify: answers.echo_header(table.needed("echo_header")),
    "echo_query": lambda table, _read, _verify: answers.echo_query(table.needed("echo_query")),
    "challenge": _challenge,
    "cloudevents": _cloudevents,
}
