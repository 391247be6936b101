"""A name as plain text: nothing but the name, and always 200."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.dialects.cnam import CNAM, read_stripped
from cti_lookup.dialects.dialect import Answered, Facts, Request
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.matching import Rule
from cti_lookup.people import Named, Person
from cti_lookup.telephone import E164, Dialled, Invalid, Withheld
from tests.dialects.asking import ADA, CALLER, found, matched, not_found, told

QUESTION = CallEvent("pbx", None, Happening.RINGING, Direction.INBOUND, CALLER)


def read_all(query: str = "", body: bytes = b"", region: str | None = "GB") -> tuple[CallEvent, ...]:
    return CNAM.read(Request({}, query, body), Facts("pbx", region))


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("number=442079460958", b""),
        ("number=%2B442079460958&key=a-key", b""),
        ("number=+442079460958", b""),
        ("NUMBER=02079460958", b""),
        ("", b"number=442079460958"),
    ],
)
def test_a_question_reads_as_a_call_that_rings(query: str, body: bytes) -> None:
    (event,) = read_all(query, body)

    assert isinstance(event.caller, Dialled)
    assert event.caller.number == E164("+442079460958")
    assert (event.happening, event.direction, event.provider_id) == (
        Happening.RINGING,
        Direction.INBOUND,
        None,
    )


def test_a_pbx_may_name_the_call_and_the_line() -> None:
    (event,) = read_all("number=442079460958&call_id=1732.5&did=02079460100")

    assert (event.provider_id, event.callee) == ("1732.5", "+442079460100")


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("4915112345678", None, "+4915112345678"),
        ("4915112345678", "GB", "+4915112345678"),
        ("17139872967", "DE", "+17139872967"),  # national numbers begin with a zero there
        ("017139872967", "DE", "+4917139872967"),
        ("2079460958", "GB", "+442079460958"),  # known to no plan with a sign before it
        ("7139872967", "US", "+17139872967"),  # at home first
        ("442079460958", "US", "+442079460958"),
        ("11234567890", None, "+11234567890"),  # no plan knows it, and it is equal to itself
    ],
)
def test_a_number_without_its_sign_is_of_the_region_or_else_e164(
    raw: str, region: str | None, number: str
) -> None:
    caller = read_stripped(raw, region)

    assert isinstance(caller, Dialled)
    assert (caller.raw, caller.number) == (raw, E164(number))


@pytest.mark.parametrize("raw", ["anonymous", "266696687", "0", "unknown"])
def test_a_word_is_no_number_even_if_it_is_spelled_on_a_keypad(raw: str) -> None:
    assert read_stripped(raw, None) == Withheld(raw)


@pytest.mark.parametrize(("raw", "reason"), [("${caller_id_number}", "placeholder"), ("Ada", "text")])
def test_what_is_no_number_is_told_as_such(raw: str, reason: str) -> None:
    assert read_stripped(raw, "GB") == Invalid(raw, reason)


@pytest.mark.parametrize("query", ["", "name=Ada", "number=", "a&" * 2000])
def test_without_a_number_nothing_is_asked(query: str) -> None:
    assert read_all(query) == ()


def plain(answered: Answered) -> str:
    assert (answered.status, answered.content_type) == (200, "text/plain; charset=utf-8")
    assert answered.headers["Cache-Control"] == "no-store"
    return answered.body.decode()


@pytest.mark.parametrize(
    ("lookup", "name"),
    [
        (found(matched(ADA)), "Ada King Lovelace (Analytical)"),
        (found(matched(ADA, Rule.SUFFIX)), "Ada King Lovelace (Analytical)?"),
        (
            found(matched(ADA), matched(Person(43, "Grace", organization=Named(7, "Analytical")))),
            "Analytical",
        ),
        (found(matched(ADA), matched(Person(43, "Grace"))), ""),
        (found(matched(Person(1, "%s${EVAL}';\r\n<b>`x`|\\"))), "sEVAL bx"),
        (found(), ""),
        (not_found(), ""),
        (not_found(Outcome.PENDING), ""),
    ],
)
def test_the_answer_is_a_name_or_nothing(lookup: Lookup, name: str) -> None:
    assert plain(CNAM.answer(told(QUESTION, lookup))) == name


def test_whoever_asks_nothing_is_told_nothing() -> None:
    assert plain(CNAM.nothing) == ""
    assert CNAM.waits


@given(st.text(), st.binary())
def test_any_question_is_an_event_or_none(query: str, body: bytes) -> None:
    read_all(query)
    read_all("", body)
    read_all(f"number={query}")
