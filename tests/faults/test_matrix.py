"""
Every fault of the table, in the middle of a steady load on the program itself, judged against the truth.

The stories run a few at a time, each with a Redis, a directory and a process of its own, and are judged afterwards. A
limit of time is never loosened: only the time for which the machine stood still, measured while a call lasts, is added.
`CTI_CHAOS_SECONDS` says how long each fault lasts, 2 s if unset.
"""

import asyncio
from functools import partial

import pytest

from tests.faults import judging
from tests.faults.story import Story, Told, heard, tell, tell_all
from tests.faults.table import FAULTS, Fault

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def stories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Tell the stories of all faults that are to be judged."""
    wanted = sorted(_asked_for(request.session.items), key=lambda fault: -fault.lingers)  # the longest first
    telling = [partial(tell, fault, tmp_path_factory.mktemp("scene")) for fault in wanted]
    told = asyncio.run(tell_all(telling), debug=False)  # debugging would slow the phones down
    return {fault.name: one for fault, one in zip(wanted, told, strict=True)}


def _asked_for(items: list[pytest.Item]) -> list[Fault]:
    """Give the faults of the claims that were chosen on the command line, each once."""
    claims = [
        item.callspec for item in items if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    ]
    names = {fault.name for one in claims if isinstance(fault := one.params.get("fault"), Fault)}
    return [fault for fault in FAULTS if fault.name in names]


@pytest.fixture
def story(stories: dict[str, Told], fault: Fault) -> Story:
    return heard(stories[fault.name])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
class TestUnder:
    """One story, and one claim after the other."""

    def test_nobody_is_shown_who_does_not_have_the_number(self, story: Story) -> None:
        judging.nobody_wrong_is_shown(story)

    def test_every_call_is_answered_in_time(self, story: Story) -> None:
        judging.nobody_is_late(story)

    def test_who_is_remembered_is_shown_and_who_can_be_found_is_found(self, story: Story) -> None:
        judging.whoever_can_be_shown_is_shown(story)

    def test_nobody_is_said_only_where_the_directory_has_just_said_so(self, story: Story) -> None:
        judging.nobody_is_the_directorys_word(story)

    def test_no_answer_is_older_than_it_says(self, story: Story) -> None:
        judging.no_answer_is_older_than_it_says(story)

    def test_before_it_everybody_was_found(self, story: Story) -> None:
        judging.before_it_all_was_well(story)

    def test_the_directory_is_not_flooded(self, story: Story) -> None:
        judging.the_directory_is_not_flooded(story)

    def test_it_is_seen_in_the_metrics_and_in_the_tiers(self, story: Story) -> None:
        judging.it_is_seen(story)

    def test_afterwards_all_is_as_before(self, story: Story) -> None:
        judging.afterwards_all_is_as_before(story)
