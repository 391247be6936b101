"""Whatever happens in whatever order: no lookup shows what was forgotten, who was never there, or a failure as nobody."""

import os
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from cti_lookup.cache.fence import Fence
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Forgotten, Purpose
from tests.lookup.machine import SMALL, LookupMachine
from tests.lookup.people import LONDON, PeopleDirectory
from tests.lookup.replica import BESIDE_REDIS

EXAMPLES: Final = int(os.environ.get("CTI_TEST_EXAMPLES", "150"))
"""Orders of events that are tried; more where somebody has the time."""

TestEveryOrder = LookupMachine.TestCase
TestEveryOrder.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


# Each protection has a twin without it, which the same judgement must find out.


class _OpenFence(Fence):
    def overtook(self, since: int, marks: object) -> bool:  # noqa: ARG002  # a fence's signature
        return False

    def outlives(self, asked_at: float, marks: object) -> bool:  # noqa: ARG002  # a fence's signature
        return True

    def lets(self, since: int, marks: Iterable[str]) -> bool:  # noqa: ARG002  # a fence's signature
        return True


class WithoutFence(LookupMachine):
    def make_memory(self) -> MemoryTier:
        memory = super().make_memory()
        memory.fence = _OpenFence()
        return memory


class _WithoutFilter(MemoryTier):
    def forget(self, forgotten: Forgotten) -> None:
        super().forget(Forgotten(forgotten.marks, forgotten.person))


class WithoutFilter(LookupMachine):
    def make_memory(self) -> MemoryTier:
        return _WithoutFilter(BESIDE_REDIS, self.clock, most=SMALL)


class _FailureIsNobody(PeopleDirectory):
    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        return () if self.failing else await super().people_with(question, purpose)


class WithFailureAsNobody(LookupMachine):
    def make_directory(self) -> PeopleDirectory:
        return _FailureIsNobody()


def _forgets_under_an_answer(machine: LookupMachine) -> None:
    machine.forget_while_it_is_looked_up(number=LONDON, person_id=2, one=0)
    machine.heal_directory()
    machine.pass_time(passing=0.1)
    machine.every_lookup_that_ended_was_right()
    machine.look_up_to_the_end(one=0, number=LONDON)


def _erases(machine: LookupMachine) -> None:
    machine.erase(person_id=1, one=0)
    machine.pass_time(passing=0.1)
    machine.look_up_to_the_end(one=0, number=LONDON)


def _fails(machine: LookupMachine) -> None:
    machine.break_directory(fault="failing")
    machine.look_up_to_the_end(one=0, number=LONDON)


SCRIPTS: Final = (
    (WithoutFence, _forgets_under_an_answer, "forgotten, and came back"),
    (WithoutFilter, _erases, "erased, and came back"),
    (WithFailureAsNobody, _fails, "a failure read as nobody"),
)


@pytest.mark.parametrize(("twin", "script", "fault"), SCRIPTS)
def test_without_its_protection_the_path_is_found_out(
    twin: type[LookupMachine], script: Callable[[LookupMachine], None], fault: str
) -> None:
    machine = twin()
    try:
        with pytest.raises(AssertionError, match=fault):
            script(machine)
    finally:
        machine.waiting.clear()  # what they would say is said
        machine.teardown()


@pytest.mark.parametrize("script", [script for _, script, _ in SCRIPTS])
def test_with_its_protection_the_same_is_right(script: Callable[[LookupMachine], None]) -> None:
    machine = LookupMachine()
    script(machine)
    machine.teardown()
