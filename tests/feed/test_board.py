"""Whom a call concerns, and what is remembered of what was told."""

from typing import Any

import pytest
from msgspec.structs import replace

from cti_lookup.calls import Call, Leg, Life, State
from cti_lookup.feed.agents import agent_key, queue_key
from cti_lookup.feed.audience import audience
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import News, gone
from cti_lookup.feed.entry import Entry
from cti_lookup.telephone import Withheld
from tests.conftest import SettableClock
from tests.feed.replicas import answered, call, ended, matched


def keys(*names: str, queue: str = "") -> set[str]:
    return {agent_key(name) for name in names} | ({queue_key(queue)} if queue else set())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, keys("1001")),
        ({"agents": ("1001", "ADA@x.example")}, keys("1001", "ada@X.example")),
        ({"queue": "Support"}, keys("1001", queue="support")),
        ({"agents": (), "queue": "Support"}, keys(queue="support")),
        ({"agents": (), "callee": "1009"}, keys("1009")),
        ({"callee": "1009"}, keys("1001")),
        ({"agents": ()}, set()),
    ],
)
def test_a_ringing_call_concerns_those_whom_it_rings(fields: dict[str, Any], expected: set[str]) -> None:
    assert set(audience(call(**fields), ())) == expected


def test_a_call_that_somebody_has_concerns_only_them() -> None:
    assert set(audience(answered(call(agents=("1001", "1002"), queue="q"), "1002"), ())) == keys("1002")


def test_who_saw_a_call_last_sees_how_it_ends() -> None:
    assert audience(ended(call()), (agent_key("1009"),)) == (agent_key("1009"),)
    assert set(audience(ended(call(queue="q")), ())) == keys("1001", queue="q")
    assert set(audience(ended(answered(call(queue="q"))), ())) == keys("1001")


def test_of_a_hunt_group_the_telephones_that_ring_now_are_meant() -> None:
    legs = (
        Leg("7001", "a", State.ENDED, ("1001",)),
        Leg("7001", "b", State.RINGING, ("1002",)),
    )
    assert set(audience(call(agents=("1001", "1002"), life=Life(legs=legs)), ())) == keys("1002")


def begun(one: Call) -> Entry:
    entry = News(one, matched(), one.started_at).apply(None)
    assert entry is not None
    return replace(entry, revision=1)


def test_who_was_rung_and_was_not_told_in_time_still_has_the_call_in_the_log() -> None:
    entry = begun(answered(call(agents=("1001", "1002"), queue="q"), "1002"))
    assert set(entry.to) == keys("1002")
    assert set(entry.was) == keys("1001", "1002", queue="q")


@pytest.mark.parametrize(
    ("one", "pops"),
    [
        (call(), True),
        (answered(call()), True),
        (ended(call()), False),
        (replace(call(), caller=Withheld("")), True),
        (replace(call(agents=()), caller=Withheld("")), False),
    ],
)
def test_what_is_over_or_says_nothing_never_pops(one: Call, pops: bool) -> None:
    assert begun(one).pops is pops


def test_what_the_sender_told_too_late_never_pops() -> None:
    one = call()
    assert begun(replace(one, occurred_at=one.started_at - 119)).pops is True
    late = begun(replace(one, occurred_at=one.started_at - 121))
    assert late.pops is False
    then = News(answered(one), matched(), one.started_at + 5).apply(late)
    assert then is not None
    assert then.pops is False


class TestRemembering:
    @pytest.fixture
    def board(self, clock: SettableClock) -> Board:
        board = Board(clock, kept=600.0, most=5)
        board.begin("0")
        return board

    def tell(self, board: Board, clock: SettableClock, *names: str) -> list[Entry]:
        told = []
        for name in names:
            told.append(replace(begun(call()), changed_at=clock()))
            board.put(told[-1])
            board.note(name, told[-1].id, clock())
        return told

    def test_what_came_after_an_event_is_given_in_order(self, board: Board, clock: SettableClock) -> None:
        told = self.tell(board, clock, "a", "b", "c")

        assert board.since("0") == list(zip("abc", told, strict=True))
        assert board.since("b") == [("c", told[2])]
        assert board.since("c") == []
        assert board.since("x") is None

    def test_of_a_call_that_was_told_of_twice_the_last_counts(
        self, board: Board, clock: SettableClock
    ) -> None:
        told = self.tell(board, clock, "a", "b")
        board.note("c", told[0].id, clock())

        assert board.since("0") == [("b", told[1]), ("c", told[0])]

    def test_it_is_forgotten_after_two_minutes_but_for_whoever_missed_nothing_of_it(
        self, board: Board, clock: SettableClock
    ) -> None:
        told = self.tell(board, clock, "a", "b")
        clock.pass_by(100)
        told += self.tell(board, clock, "c")
        clock.pass_by(21)

        assert board.since("0") is None
        assert board.since("a") is None
        assert board.since("b") == [("c", told[2])]
        assert board.last_id == "c"

    def test_a_call_that_is_gone_is_known_as_such_for_as_long_as_others_are(
        self, board: Board, clock: SettableClock
    ) -> None:
        one = call()
        board.put(replace(gone(begun(one), "erased"), changed_at=clock()))
        board.note("a", one.id, clock())
        clock.pass_by(200)
        self.tell(board, clock, "b")

        assert News(ended(one), matched(), clock()).apply(board.get(one.id)) is None

    def test_it_holds_no_more_calls_than_it_may(self, board: Board, clock: SettableClock) -> None:
        told = self.tell(board, clock, *"abcdefgh")

        assert [one.id for one in board] == [one.id for one in told[:2:-1]]
        clock.pass_by(601)
        self.tell(board, clock, "i")
        assert len(board) == 1

    def test_a_call_that_goes_on_outlives_those_that_are_over(
        self, board: Board, clock: SettableClock
    ) -> None:
        (long,) = self.tell(board, clock, "a")
        for number in range(20):
            board.put(replace(begun(ended(call())), changed_at=clock()))
            clock.pass_by(20)
            assert board.live() == [long], number

        assert len(board) == 5
