"""Whoever watches calls is shown each change once, and told which call goes on as a part of another."""

from typing import Any

import pytest

from cti_lookup.calls import Call, CallBook, State
from cti_lookup.events import Direction
from cti_lookup.telephone import Internal
from tests.calls.events import ANSWERED, BOB, ENDED, HELD, RINGING, event
from tests.conftest import SettableClock

INSIDE: dict[str, Any] = {"caller": Internal("101", "101"), "direction": Direction.INTERNAL}


class Watching:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Call] = []
        self.joined: list[tuple[str, str]] = []

    def changed(self, call: Call, at: float) -> None:  # noqa: ARG002  # as it is shown
        self.shown.append(call)

    def merged(self, gone: Call, into: Call) -> None:
        self.joined.append((gone.id, into.id))


@pytest.fixture
def watching() -> Watching:
    return Watching()


@pytest.fixture
def book(clock: SettableClock, watching: Watching) -> CallBook:
    return CallBook(clock, live=watching)


async def test_each_change_is_shown_once_and_a_repeated_event_is_none(
    book: CallBook, watching: Watching
) -> None:
    for one in (event(RINGING), event(RINGING), event(ANSWERED), event(ANSWERED), event(ENDED)):
        await book.record(one)

    assert [call.state for call in watching.shown] == [State.RINGING, State.ANSWERED, State.ENDED]


async def test_a_call_that_joins_another_is_told_as_its_part(
    book: CallBook, watching: Watching, clock: SettableClock
) -> None:
    first = await book.record(event(ANSWERED, agents=("ada",)))
    await book.record(event(HELD))
    clock.pass_by(5)
    consult = await book.record(event(ANSWERED, "7002", agents=("ben",), **INSIDE))
    clock.pass_by(5)
    await book.record(event(ANSWERED, "7002", agents=("ben",), continues="7001", **INSIDE))

    assert watching.joined == [(consult.id, first.id)]
    assert watching.shown[-1].id == first.id


async def test_a_call_that_is_swept_is_shown_as_ended(
    book: CallBook, watching: Watching, clock: SettableClock
) -> None:
    await book.record(event(RINGING))
    clock.pass_by(181)
    swept = await book.sweep()

    assert (watching.shown[-1],) == swept


async def test_a_call_whose_id_is_used_again_is_shown_as_ended(book: CallBook, watching: Watching) -> None:
    first = await book.record(event(RINGING))
    second = await book.record(event(RINGING, caller=BOB))

    shown = [(call.id, call.state) for call in watching.shown]
    assert shown == [(first.id, State.RINGING), (first.id, State.ENDED), (second.id, State.RINGING)]
