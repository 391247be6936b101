"""A day, played against the memory tier and the lookup path as they are in service, for several choices of times at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.fetching import LONGEST_FLIGHT, Fetching
from cti_lookup.lookup import CallerLookup
from cti_lookup.ports import NoSharedTier
from cti_lookup.questions import AnyQuestion, Question
from cti_lookup.reading import Reading
from cti_lookup.replaying.day import Day, RecordedCall
from cti_lookup.replaying.measured import Choice, Measuring, Result
from cti_lookup.replaying.passing import AT_ONCE, PassingLoop
from cti_lookup.replaying.simulated import Latency, SimulatedDirectory
from cti_lookup.telephone import Dialled

_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Setup:
    """
    What a day is played against.

    `known` is the part of callers whom the directory knows, where the day does not say it; `budget` is in seconds, as are
    the latency's.
    """

    latency: Latency
    hourly: int
    budget: float
    known: float
    entries: int = 10_000


@dataclass(slots=True)
class _Trial:
    """One choice, with a lookup path, a directory and a measure of its own."""

    lookup: CallerLookup
    directory: SimulatedDirectory
    measuring: Measuring
    waiting: set[asyncio.Task[None]] = field(default_factory=set)


def replay(
    day: Day,
    choices: Sequence[Choice],
    setup: Setup,
    *,
    speed: float = AT_ONCE,
    played: Callable[[], None] = lambda: None,
) -> tuple[Result, ...]:
    """Play a day against each choice, `speed` times as fast as it was; `played` is told of each call."""
    with asyncio.Runner(loop_factory=lambda: PassingLoop(speed)) as runner:
        return runner.run(_play(day, choices, setup, played))


async def _play(
    day: Day, choices: Sequence[Choice], setup: Setup, played: Callable[[], None]
) -> tuple[Result, ...]:
    clock = asyncio.get_running_loop().time
    known = _known(day, setup.known)
    trials = [_trial(choice, setup, known, clock) for choice in choices]
    for call in day:
        await asyncio.sleep(call.at - clock())
        for trial in trials:
            _ring(trial, call, setup.budget, clock)
        played()
    await asyncio.sleep(LONGEST_FLIGHT)  # whoever called last is answered, and what was asked for has come
    results = [
        trial.measuring.result(trial.directory.sent, trial.directory.refused, day[-1].at) for trial in trials
    ]
    for trial in trials:
        await trial.lookup.close()
        await trial.directory.close()
    return tuple(results)


def _trial(choice: Choice, setup: Setup, known: frozenset[AnyQuestion], clock: Callable[[], float]) -> _Trial:
    freshness = Freshness(choice.ttl, choice.negative_ttl, choice.stale_ttl)
    memory = MemoryTier(freshness, clock, most=setup.entries)
    random = Random(_SEED)  # noqa: S311  # each choice meets the same directory
    directory = SimulatedDirectory(known, setup.latency, hourly=setup.hourly, clock=clock, random=random)
    fetching = Fetching(
        memory=memory,
        shared=NoSharedTier(),
        directory=directory,
        freshness=freshness,
        clock=clock,
        dropped=lambda _: None,
        reading=Reading(),
    )
    return _Trial(CallerLookup(memory=memory, fetching=fetching, clock=clock), directory, Measuring(choice))


def _ring(trial: _Trial, call: RecordedCall, budget: float, clock: Callable[[], float]) -> None:
    """Ask as a webhook does: at once if it is known, and else for as long as the phone system waits."""
    if (found := trial.lookup.known(call.caller)) is not None:
        trial.measuring.note(call.at, found, 0.0)
        return

    async def wait() -> None:
        began = clock()
        answered = await trial.lookup.find(call.caller, patience=budget)
        trial.measuring.note(call.at, answered, clock() - began)

    task = asyncio.create_task(wait())
    trial.waiting.add(task)
    task.add_done_callback(trial.waiting.discard)


def _known(day: Day, part: float) -> frozenset[AnyQuestion]:
    """Say who is known: as the day says, or else a part of the callers, drawn in the order of their first calls."""
    random = Random(_SEED)  # noqa: S311  # the same each time; it guards no secret
    told: dict[AnyQuestion, bool] = {}
    for call in day:
        if isinstance(call.caller, Dialled):
            question = Question(call.caller.number, call.caller.extension)
            if question not in told or call.known is not None:
                told[question] = random.random() < part if call.known is None else call.known
    return frozenset(question for question, is_known in told.items() if is_known)
