"""
The claims, each made of one story; whoever breaks one is told which call broke it.

How requests to the directory are counted: those that reach it while the fault lasts may be those that are needed, a
tenth more, and one a second. Needed are one for each number that calls for the first time; for those that call again,
per second as many as in the healthy time before; and once more each number that only Redis would have told, and each
that calls again and again: where Redis fails, memory distrusts it, as forgettings are not heard; where the directory
fails, its failure is remembered for no more than a second at first. Where the directory lies that it knows nobody, that
is believed for the shorter time of "nobody". Who calls for the first time is counted, not estimated by the time: calls
that were due while the phones stood still are made up for afterwards, so what was due before a fault may come under it.

This process is also the directory, and the phones: while it stands still nobody can be found who is not remembered.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tests.faults.load import RATE, Sample
from tests.faults.scene import NEGATIVE_TTL
from tests.faults.story import LASTS, Story
from tests.faults.table import SHORT, UNKNOWABLE
from tests.faults.truth import FIRST_CALL, LEARNED, Kind, name_of

LONGEST_HEALING: Final = 32.0
"""Seconds: breakers, pauses and remembered failures double with a fault's length, to at most 30 s."""

_TURN: Final = 5.0
"""Seconds: one more turn of a breaker, which a probe that a busy machine delays takes."""

OWN_OUTCOME: Final = {Kind.INVALID: "invalid", Kind.WITHHELD: "withheld"}
_ROUNDED: Final = 0.06
_STOOD: Final = 0.1
"""Seconds of a call for which the machine stood still, from which on the directory may have answered too late."""

_WAITING: Final = frozenset({"pending"})


def looked_up(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Leave out those whom nobody looks up."""
    return (one for one in samples if one.caller.kind not in OWN_OUTCOME)


def is_right(one: Sample) -> bool:
    """Tell whether exactly those are shown who have the number."""
    people = one.lookup["people"]
    shown = {person["id"] for person in people}
    named = all(person["name"] == name_of(person["id"]) for person in people)
    return named and shown == (one.caller.ids if one.outcome == "matched" else set())


def nobody_wrong_is_shown(story: Story) -> None:
    """Claim that whoever is shown has the number, and that the load was what it should be."""
    wrong = [one for one in story.samples if not is_right(one)]
    assert not wrong, f"the wrong person: {wrong[0]}"
    assert len(story.samples) > RATE * LASTS / 2, "too few calls to say anything"


def nobody_is_late(story: Story) -> None:
    """Claim that every call was answered, in time."""
    late = [str(one) for one in story.samples if one.is_late or one.status != 200]
    assert not late, f"late: {late}"


def whoever_can_be_shown_is_shown(story: Story) -> None:
    """Claim that who is remembered was shown, and who could be found was found."""
    lost = [str(one) for one in story.meanwhile if not _is_as_good_as_can_be(story, one)]
    assert not lost, f"not shown: {lost}"


def _is_as_good_as_can_be(story: Story, one: Sample) -> bool:
    fault, kind = story.fault, one.caller.kind
    if kind in LEARNED:
        return one.outcome == "matched" and one.tier in fault.known
    if kind in OWN_OUTCOME:
        return one.outcome == OWN_OUTCOME[kind]
    if kind in (Kind.NEW, Kind.ONLY_IN_REDIS):
        late = UNKNOWABLE | _WAITING if one.lag > _STOOD else frozenset()
        return one.outcome in fault.new | late | (_WAITING if one.webhook else frozenset())
    return True


def nobody_is_the_directorys_word(story: Story) -> None:
    """Claim that "nobody" was said only where the directory had said so lately."""
    for one in story.samples:
        if one.outcome == "nobody":
            said = story.scene.truth.nobody_since(one.caller)
            assert said is not None, f"a failure read as nobody: {one}"
            assert not one.caller.ids, f"a failure read as nobody: {one}"
            assert one.started - said <= NEGATIVE_TTL + one.lag, f"nobody for too long: {one}"


def before_it_all_was_well(story: Story) -> None:
    """Claim that without the fault everybody was found."""
    for one in looked_up(story.healthy):
        if one.lag > _STOOD:
            continue
        assert one.outcome == ("matched" if one.caller.ids else "nobody"), f"not well before: {one}"


def the_directory_is_not_flooded(story: Story) -> None:
    """Claim that few requests more reached the directory."""
    allowed = 1.1 * _needed(story) + story.lasted
    assert story.during <= allowed, f"{story.during} requests where {allowed:.1f} were allowed"


def it_is_seen(story: Story) -> None:
    """Claim that the metric counted it, and that what was old was shown as old."""
    fault = story.fault
    assert fault.metric is None or story.seen > 0, f"{fault.metric} did not count"
    if fault.shows is not None:
        assert fault.shows in {one.tier for one in story.meanwhile}, "nothing old was shown"


def no_answer_is_older_than_it_says(story: Story) -> None:
    """Claim that every age is at least the time since the directory last said anything of the number."""
    for one in story.samples:
        if one.outcome == "matched":
            said = story.scene.truth.told_since(one.caller)
            assert said is not None, f"nobody ever said so: {one}"
            assert one.lookup["age_seconds"] >= one.started - said - _ROUNDED, f"older than it says: {one}"


def afterwards_all_is_as_before(story: Story) -> None:
    """Claim that new and known callers were found again, and Redis used, soon after."""
    lag = story.scene.load.lag.between(story.ended - story.healed_after, story.ended)
    took = story.healed_after - lag
    within = min(LONGEST_HEALING, 2 * story.lasted + _TURN) + story.fault.lingers
    assert took <= within, f"healed after {took:.1f} s"


def _needed(story: Story) -> float:
    """Say how many requests the load needs while the fault lasts, with what the fault itself makes necessary."""
    again = max(0, story.before - _first_calls_before(story))
    return _first_calls_during(story) + again * story.lasted / story.healthy_for + _needed_once(story)


def _first_calls_before(story: Story) -> int:
    """Count first calls of which the request was certainly counted before the fault."""
    since = story.began - story.healthy_for
    return sum(since <= one.started for one in story.healthy if one.caller.kind in FIRST_CALL)


def _first_calls_during(story: Story) -> int:
    """Count first calls of which the request may have been counted under the fault."""
    until = story.broken + story.lasted
    calls = (one for one in story.samples if one.caller.kind in FIRST_CALL)
    return sum(one.finished >= story.broken and one.started <= until for one in calls)


def _needed_once(story: Story) -> float:
    fault, repeaters = story.fault, story.scene.truth.repeaters
    if fault.ttl == SHORT:
        return repeaters
    meanwhile = [one.caller for one in story.meanwhile if one.started <= story.broken + story.lasted]
    told_by_redis = len({one for one in meanwhile if one.kind is Kind.ONLY_IN_REDIS})
    return told_by_redis + (repeaters if fault.metric else 0)  # where nothing is lost, nothing is distrusted
