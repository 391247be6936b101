"""The shapes in which sources send their callers: nothing of the caller is in them, and a change of them shows."""

import string
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.answers import Outcome
from cti_lookup.shapes import MOST_SHAPES, OTHER, Shape, Shapes, shape_of
from tests.conftest import SettableClock

DESK = "front-desk"
ALLOWED = frozenset("ad?" + string.punctuation + " ")


@pytest.mark.parametrize(
    ("raw", "shape"),
    [
        ("+17139872967", "+ddddddddddd"),
        ("0713987", "ddddddd"),
        (" 17139872967", " ddddddddddd"),
        ("(713) 987-2967", "(ddd) ddd-dddd"),
        ("1-800-FLOWERS", "d-ddd-a"),
        ("sip:+17139872967@pbx.example.com", "a:+ddddddddddd@a"),
        ("sip:1002@10.0.0.17;transport=udp", "a:dddd@dd.d.d.dd;a=a"),
        ('"Ashok Kumar" <sip:+17139872967@pbx>', '"a" <a:+ddddddddddd@a>'),
        ("O'Brien-Smith, Jean-Luc <17139872967>", "a <ddddddddddd>"),
        ("José García", "a"),
        ("Jose\u0301 Garci\u0301a", "a"),
        ("Владимир Ильич", "a"),
        ("anonymous", "a"),
        ("${caller}", "${a}"),
        ("\u202a+17139872967\u202c", "?+ddddddddddd?"),
        ("+१७१३", "+?"),
        ("+1\r\n713", "+d?ddd"),
        ("\ud800", "?"),
        ("", ""),
        ("1" * 500, "d" * 32),
    ],
)
def test_a_shape_tells_the_form_and_not_the_caller(raw: str, shape: str) -> None:
    assert shape_of(raw) == shape


@given(st.text())
def test_no_digit_and_no_letter_of_what_was_sent_is_in_its_shape(raw: str) -> None:
    shape = shape_of(raw)

    assert ALLOWED.issuperset(shape)
    assert len(shape) <= 32


@given(st.text(alphabet=string.printable + "éøß漢字", max_size=60), st.data())
def test_other_digits_and_other_letters_have_the_same_shape(raw: str, data: st.DataObject) -> None:
    def other(character: str) -> str:
        if character in string.digits:
            return data.draw(st.sampled_from(string.digits))
        return data.draw(st.sampled_from(string.ascii_letters)) if character.isalpha() else character

    assert shape_of("".join(map(other, raw))) == shape_of(raw)


@given(st.text(alphabet=string.ascii_letters, min_size=1), st.text(alphabet=string.ascii_letters, min_size=1))
def test_the_length_of_a_name_is_not_told(one: str, other: str) -> None:
    assert shape_of(f'"{one}" <+1713>') == shape_of(f'"{other} {one}" <+1713>')


@pytest.fixture
def shapes(clock: SettableClock) -> Shapes:
    return Shapes(clock)


def live(shapes: Shapes, clock: SettableClock, seconds: int) -> None:
    for _ in range(seconds):
        clock.pass_by(1.0)
        shapes.look()


def told(shapes: Shapes, source: str = DESK) -> dict[str, Shape]:
    return {one.shape: one for one in shapes.seen().sources.get(source, ())}


def test_outcomes_and_match_rate_are_told_for_each_shape(shapes: Shapes) -> None:
    for outcome in (Outcome.MATCHED, Outcome.MATCHED, Outcome.MATCHED, Outcome.NOBODY, Outcome.PENDING):
        shapes.note(DESK, "+17139872967", outcome)
    shapes.note(DESK, "nonsense", Outcome.INVALID)
    day = {shape: one.windows["24h"] for shape, one in told(shapes).items()}

    assert day["+ddddddddddd"].seen == 5
    assert day["+ddddddddddd"].outcomes == {"matched": 3, "nobody": 1, "pending": 1}
    assert day["+ddddddddddd"].match_rate == 0.75
    assert day["+ddddddddddd"].share == 0.8333
    assert day["a"].match_rate is None


def test_each_source_has_shapes_of_its_own(shapes: Shapes) -> None:
    shapes.note(DESK, "+17139872967", Outcome.MATCHED)
    shapes.note("back-office", "1002", Outcome.INTERNAL)

    assert set(told(shapes)) == {"+ddddddddddd"}
    assert set(told(shapes, "back-office")) == {"dddd"}


def test_a_carrier_s_change_of_format_shows(shapes: Shapes, clock: SettableClock) -> None:
    for _ in range(4):
        shapes.note(DESK, "+17139872967", Outcome.MATCHED)
        live(shapes, clock, 1200)
    shapes.note(DESK, "17139872967", Outcome.NOBODY)
    now = told(shapes)

    assert now["+ddddddddddd"].windows["15m"].seen == 0
    assert now["+ddddddddddd"].windows["24h"].seen == 4
    assert now["ddddddddddd"].windows["15m"].share == 1.0
    assert now["ddddddddddd"].windows["15m"].match_rate == 0.0


def test_the_most_frequent_shape_stands_first(shapes: Shapes) -> None:
    for raw in ("1002", "+17139872967", "+17139872968", "anonymous"):
        shapes.note(DESK, raw, Outcome.NOBODY)

    assert [one.shape for one in shapes.seen().sources[DESK]] == ["+ddddddddddd", "a", "dddd"]


def test_the_windows_say_what_they_cover(shapes: Shapes, clock: SettableClock) -> None:
    live(shapes, clock, 300)
    assert shapes.seen().seconds == {"15m": 300.0, "24h": 300.0}
    live(shapes, clock, 900)
    assert 900.0 <= shapes.seen().seconds["15m"] <= 1050.0


def test_when_a_shape_was_last_seen_is_told_within_fifteen_seconds(
    shapes: Shapes, clock: SettableClock
) -> None:
    shapes.note(DESK, "1002", Outcome.INTERNAL)
    live(shapes, clock, 100)
    assert 85.0 <= told(shapes)["dddd"].last_seen_seconds <= 100.0
    shapes.note(DESK, "1003", Outcome.INTERNAL)
    assert told(shapes)["dddd"].last_seen_seconds == 0.0


def shape_number(position: int) -> str:
    return "1" * (position % 16 + 1) + "-" * (position // 16 + 1)


def test_what_has_no_room_is_counted_as_other(shapes: Shapes) -> None:
    for position in range(MOST_SHAPES + 20):
        shapes.note(DESK, shape_number(position), Outcome.NOBODY)
    shapes.note(DESK, shape_number(0), Outcome.MATCHED)
    shapes.note("back-office", "1002", Outcome.INTERNAL)
    seen = told(shapes)

    assert len(seen) == MOST_SHAPES + 1
    assert seen[OTHER].windows["24h"].seen == 20
    assert seen[shape_of(shape_number(0))].windows["24h"].outcomes == {"nobody": 1, "matched": 1}
    assert set(told(shapes, "back-office")) == {"dddd"}


def test_a_shape_that_was_not_seen_for_a_day_makes_room(shapes: Shapes, clock: SettableClock) -> None:
    for position in range(MOST_SHAPES):
        shapes.note(DESK, shape_number(position), Outcome.NOBODY)
    for _ in range(89):
        live(shapes, clock, 1000)
        shapes.note(DESK, shape_number(0), Outcome.MATCHED)
    shapes.note(DESK, "+17139872967", Outcome.MATCHED)

    assert set(told(shapes)) == {shape_of(shape_number(0)), "+ddddddddddd"}


def test_a_shape_that_comes_back_is_counted_from_nothing(shapes: Shapes, clock: SettableClock) -> None:
    for _ in range(10):
        shapes.note(DESK, "1002", Outcome.INTERNAL)
    live(shapes, clock, 89_000)
    assert told(shapes) == {}
    shapes.note(DESK, "1002", Outcome.INTERNAL)

    assert told(shapes)["dddd"].windows["24h"].outcomes == {"internal": 1}


def test_a_hostile_day_keeps_memory_bounded(shapes: Shapes, clock: SettableClock) -> None:
    for position in range(5000):
        shapes.note(DESK, shape_number(position), Outcome.NOBODY)
        clock.pass_by(17.0)
        shapes.look()

    assert len(shapes._counts) <= MOST_SHAPES + 1
    assert len(shapes._history) <= 8 + 50


def test_counting_a_caller_costs_little_more_than_counting_does(shapes: Shapes) -> None:
    raws = [f"+1713987{n:04}" for n in range(200)]
    counts = {(DESK, raw, Outcome.MATCHED): 0 for raw in raws}

    def counted() -> None:
        for raw in raws:
            counts[DESK, raw, Outcome.MATCHED] += 1

    def noted() -> None:
        for raw in raws:
            shapes.note(DESK, raw, Outcome.MATCHED)

    noted()  # a shape that is not remembered costs ten times as much

    assert min(repeat(noted, number=1, repeat=100)) < 5 * min(repeat(counted, number=1, repeat=100))
