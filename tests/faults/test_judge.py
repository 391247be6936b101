"""The matrix's own twins: a service without its protection tells the same story, and the same claim finds it out."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.errors import Unavailable
from cti_lookup.lookup import CallerLookup, Finding
from cti_lookup.people import Person
from cti_lookup.ports import Directory
from cti_lookup.questions import AnyQuestion, Purpose
from cti_lookup.telephone import Caller, Dialled
from tests.faults import judging
from tests.faults.scene import Scene, unspoilt
from tests.faults.story import Story, heard, tell, tell_all
from tests.faults.table import FAULTS, Fault
from tests.faults.trusting import Trusting

pytestmark = [pytest.mark.slow, pytest.mark.alone]


class FailureIsNobody:
    """A directory whose adapter gives an empty list where it failed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Ask for people; () if nobody, or if anything went wrong."""
        try:
            return await self._directory.people_with(question, purpose)
        except Unavailable:
            return ()

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        """Ask for one person."""
        return await self._directory.person(person_id, purpose)


def believing(lookup: CallerLookup) -> None:
    """Show whomever the directory returns."""
    lookup._fetching._reading = Trusting(lookup._fetching._reading.region)


def merging(lookup: CallerLookup) -> None:
    """Read a failure as nobody."""
    lookup._fetching._directory = FailureIsNobody(lookup._fetching._directory)


class RelyingOnNothing(CallerLookup):
    """A lookup for which all that is known has expired."""

    def known(self, caller: Caller) -> Lookup | None:
        """Know nobody but those whom nobody looks up."""
        return None if isinstance(caller, Dialled) else super().known(caller)

    def seek(self, caller: Caller, *, patience: float) -> Finding:
        """Do the same for whom `known` has not told."""
        return self.find(caller, patience=patience)

    async def answer(
        self, caller: Caller, question: AnyQuestion, *, patience: float, late: Outcome, refresh: bool = False
    ) -> Lookup:
        """Ask for everybody."""
        del refresh  # it always is
        return await super().answer(caller, question, patience=patience, late=late, refresh=True)


class OnWallClock:
    """A service that lives on the clock that is set: once it is, nothing that it knows is fresh any more."""

    def take(self, lookup: CallerLookup) -> None:
        """Remember the service of which this is to be so."""
        self._lookup = lookup

    async def begin(self, _: Scene) -> None:
        """Let all that it knows expire."""
        self._lookup.__class__ = RelyingOnNothing


def here(name: str) -> Fault:
    """Give a fault of the table, with the service in this process."""
    return next(replace(fault, in_process=True) for fault in FAULTS if fault.name == name)


WRONG: Final = here("the directory tells of the wrong person")
DOWN: Final = here("the directory answers 503")
AHEAD: Final = here("the clock is set a day ahead")
NOTHING_OLD: Final[Mapping[str, str]] = {"cache_stale_ttl": "0"}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Story]:
    """Tell a story of each service that lacks something."""
    folder = partial(tmp_path_factory.mktemp, "spoilt")
    on_wall = OnWallClock()
    telling = {
        "believing": partial(tell, WRONG, folder(), believing),
        "merging": partial(tell, DOWN, folder(), merging),
        "keeping nothing": partial(tell, DOWN, folder(), unspoilt, **NOTHING_OLD),
        "on wall clock": partial(tell, replace(AHEAD, begin=on_wall.begin), folder(), on_wall.take),
    }
    told = asyncio.run(tell_all(telling.values()), debug=False)
    return dict(zip(telling, map(heard, told), strict=True))


def finds_out(claim: Callable[[Story], None], story: Story, fault: str) -> None:
    """Claim that a claim does not hold, and for the right reason."""
    with pytest.raises(AssertionError, match=fault):
        claim(story)


def test_a_service_that_believes_the_directory_is_found_out(spoilt: dict[str, Story]) -> None:
    finds_out(judging.nobody_wrong_is_shown, spoilt["believing"], "the wrong person")


def test_a_service_that_reads_a_failure_as_nobody_is_found_out(spoilt: dict[str, Story]) -> None:
    finds_out(judging.nobody_is_the_directorys_word, spoilt["merging"], "a failure read as nobody")


def test_a_service_that_keeps_nothing_old_is_found_out(spoilt: dict[str, Story]) -> None:
    finds_out(judging.whoever_can_be_shown_is_shown, spoilt["keeping nothing"], "not shown: .*unavailable")
    finds_out(judging.it_is_seen, spoilt["keeping nothing"], "nothing old was shown")


def test_a_service_that_asks_for_everybody_is_found_out(spoilt: dict[str, Story]) -> None:
    finds_out(judging.the_directory_is_not_flooded, spoilt["on wall clock"], "requests where .* were allowed")
