"""Hit and match rates over windows, from the counts that the service keeps anyway."""

import pytest

from cti_lookup.answers import Outcome, Tier
from cti_lookup.rates import NO_TIER, Rates, Window
from cti_lookup.tallies import Tallies
from tests.conftest import SettableClock


@pytest.fixture
def tallies() -> Tallies:
    return Tallies()


@pytest.fixture
def rates(tallies: Tallies, clock: SettableClock) -> Rates:
    return Rates(tallies.lookups, clock)


def ask(tallies: Tallies, outcome: Outcome, tier: str, times: int = 1) -> None:
    for _ in range(times):
        tallies.count_lookup(outcome, tier, 0.001)


def minute(rates: Rates) -> Window:
    return rates.windows()["1m"]


def test_there_are_three_windows(rates: Rates) -> None:
    assert list(rates.windows()) == ["1m", "15m", "24h"]


def test_where_nothing_was_asked_every_rate_is_unknown(rates: Rates, clock: SettableClock) -> None:
    clock.pass_by(10.0)
    told = minute(rates)

    assert (told.seconds, told.lookups, told.per_second) == (10.0, 0, 0.0)
    assert told.hit_rate is told.stale_rate is told.match_rate is None
    assert all(one.hit_rate is None for one in told.by_outcome.values())
    assert all(one.share is None for one in told.by_tier.values())


def test_before_any_time_has_passed_lookups_per_second_are_unknown(rates: Rates, tallies: Tallies) -> None:
    ask(tallies, Outcome.MATCHED, Tier.MEMORY)

    assert minute(rates).per_second is None


def test_a_hit_is_an_answer_for_which_the_directory_was_not_asked(rates: Rates, tallies: Tallies) -> None:
    ask(tallies, Outcome.MATCHED, Tier.MEMORY, 5)
    ask(tallies, Outcome.NOBODY, Tier.REDIS, 1)
    ask(tallies, Outcome.NOBODY, Tier.DIRECTORY, 2)

    assert minute(rates).hit_rate == 0.75


def test_old_answers_are_neither_hits_nor_misses_but_told_apart(rates: Rates, tallies: Tallies) -> None:
    ask(tallies, Outcome.MATCHED, Tier.MEMORY, 3)
    ask(tallies, Outcome.MATCHED, Tier.STALE, 1)
    told = minute(rates)

    assert (told.hit_rate, told.stale_rate) == (1.0, 0.25)


def test_answers_without_the_directory_s_word_change_no_rate(rates: Rates, tallies: Tallies) -> None:
    ask(tallies, Outcome.MATCHED, Tier.MEMORY)
    ask(tallies, Outcome.NOBODY, Tier.DIRECTORY)
    for outcome in (
        Outcome.WITHHELD,
        Outcome.INVALID,
        Outcome.INTERNAL,
        Outcome.UNAVAILABLE,
        Outcome.PENDING,
    ):
        ask(tallies, outcome, NO_TIER, 10)
    told = minute(rates)

    assert (told.lookups, told.hit_rate, told.match_rate) == (52, 0.5, 0.5)


def test_hit_rates_are_told_for_each_outcome(rates: Rates, tallies: Tallies) -> None:
    ask(tallies, Outcome.MATCHED, Tier.MEMORY, 3)
    ask(tallies, Outcome.MATCHED, Tier.DIRECTORY, 1)
    ask(tallies, Outcome.NOBODY, Tier.DIRECTORY, 2)
    by_outcome = minute(rates).by_outcome

    assert (by_outcome["matched"].lookups, by_outcome["matched"].hit_rate) == (4, 0.75)
    assert (by_outcome["nobody"].lookups, by_outcome["nobody"].hit_rate) == (2, 0.0)
    assert by_outcome["pending"].hit_rate is None


def test_the_tiers_shares_add_up_to_all_lookups(rates: Rates, tallies: Tallies) -> None:
    for tier in (*Tier, NO_TIER):
        ask(tallies, Outcome.MATCHED, tier, 2)
    by_tier = minute(rates).by_tier

    assert {tier: one.lookups for tier, one in by_tier.items()} == dict.fromkeys(by_tier, 2)
    assert {one.share for one in by_tier.values()} == {0.2}
    assert set(by_tier) == {"memory", "redis", "directory", "stale", "none"}


def test_every_outcome_is_listed(rates: Rates) -> None:
    assert set(minute(rates).by_outcome) == {outcome.value for outcome in Outcome}


def test_a_minute_forgets_what_a_quarter_of_an_hour_remembers(
    rates: Rates, tallies: Tallies, clock: SettableClock
) -> None:
    ask(tallies, Outcome.MATCHED, Tier.DIRECTORY, 4)
    for _ in range(120):
        clock.pass_by(1.0)
        rates.look()
    ask(tallies, Outcome.MATCHED, Tier.MEMORY, 60)
    told = rates.windows()

    assert (told["1m"].lookups, told["1m"].hit_rate, told["1m"].per_second) == (60, 1.0, 1.0)
    assert (told["15m"].lookups, told["15m"].seconds) == (64, 120.0)
