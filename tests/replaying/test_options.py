"""Options that hold numbers are read strictly, and what is wrong is kept until all are read."""

import pytest

from cti_lookup.errors import SettingsError
from cti_lookup.replaying.measured import Choice
from cti_lookup.replaying.options import Options
from cti_lookup.replaying.passing import AT_ONCE
from cti_lookup.replaying.simulated import Latency


def test_every_time_is_combined_with_every_other_once() -> None:
    choices = Options().choices("300,900,300", "60", "900,86400")
    assert choices == (
        Choice(300, 60, 900),
        Choice(300, 60, 86_400),
        Choice(900, 60, 900),
        Choice(900, 60, 86_400),
    )


def test_a_latency_is_a_median_and_a_p99_that_is_three_times_that_if_it_is_not_given() -> None:
    assert Options().latency("250") == Latency(0.25, 0.75)
    assert Options().latency("300,500") == Latency(0.3, 0.5)
    assert Options().latency("300,300") == Latency(0.3, 0.3)


def test_a_speed_is_a_number_or_the_greatest() -> None:
    assert (Options().speed("20"), Options().speed("max")) == (20.0, AT_ONCE)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "nan", "inf", "1e9", "300,,900"])
def test_what_is_no_number_of_seconds_is_refused_and_said(text: str) -> None:
    options = Options()
    options.choices(text, "60", "900")
    with pytest.raises(SettingsError) as raised:
        options.check()
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["--ttl"]


@pytest.mark.parametrize("text", ["300,200", "1,2,3"])
def test_a_latency_that_is_no_median_and_p99_is_refused(text: str) -> None:
    options = Options()
    options.latency(text)
    assert options.faults[0].startswith("--directory-ms: ")


def test_more_combinations_than_anybody_reads_are_refused() -> None:
    options = Options()
    options.choices("1,2,3,4,5", "1,2,3,4,5", "1")
    assert options.faults == ["--ttl, --negative-ttl, --stale-ttl: are more than 24 combinations"]


def test_options_that_are_right_are_no_faults() -> None:
    options = Options()
    assert options.region(" gb ") == "GB"
    assert options.region("") is None
    options.check()
