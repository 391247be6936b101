"""A recorded day is read as it stands, and what is wrong with it is said by line, all at once, without a number."""

from io import StringIO
from itertools import pairwise

import pytest

from cti_lookup.errors import SettingsError
from cti_lookup.replaying.day import Day, read_day
from cti_lookup.replaying.sample import CALLS, write_sample
from cti_lookup.telephone import Dialled, Internal, Withheld

ADA = "+442079460123"


def day_of(*rows: str, head: str = "at,number", region: str | None = None) -> Day:
    return read_day(StringIO("\n".join((head, *rows)) + "\n"), region)


def faults_of(*rows: str, head: str = "at,number,source,region,known") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        day_of(*rows, head=head)
    return raised.value.faults


@pytest.mark.parametrize(
    "moment", ["1795392060", "1795392060.0", "2026-11-23T00:01:00Z", "2026-11-23T01:01:00+01:00"]
)
def test_a_time_is_rfc_3339_or_seconds_since_the_epoch(moment: str) -> None:
    day = day_of(f"1795392000,{ADA}", f"{moment},{ADA}")
    assert [call.at for call in day] == [0.0, 60.0]


def test_calls_are_played_in_the_order_of_their_times() -> None:
    day = day_of("30,anonymous", f"10,{ADA}", "20,1002")
    assert [(call.at, type(call.caller)) for call in day] == [(0, Dialled), (10, Internal), (20, Withheld)]


def test_a_national_number_is_read_in_its_row_s_region_or_else_in_the_day_s() -> None:
    head = "at,number,region"
    (own,) = day_of("1,020 7946 0123,gb", head=head, region="US")
    (common,) = day_of("1,020 7946 0123,", head=head, region="GB")
    (whole,) = day_of(f"1,{ADA}")
    numbers = [one.caller.number for one in (own, common, whole) if isinstance(one.caller, Dialled)]
    assert len(numbers) == 3
    assert len(set(numbers)) == 1


def test_whether_a_caller_is_known_may_be_said_or_not() -> None:
    day = day_of(f"1,{ADA},yes", f"2,{ADA},no", f"3,{ADA},", head="at,number,known")
    assert [call.known for call in day] == [True, False, None]


def test_columns_that_mean_nothing_here_are_passed_over() -> None:
    (call,) = day_of(f"hello,1,{ADA},blue", head="note,at,number,colour")
    assert isinstance(call.caller, Dialled)


def test_all_bad_rows_are_told_by_line_and_none_tells_what_stands_in_it() -> None:
    faults = faults_of(
        f"yesterday,{ADA},,,",
        f"2026-11-23T00:01:00,{ADA},,,",
        f"1,{ADA},,,yes",
        f"2,{ADA},,XX,yes",
        f"3,{ADA},,GB,perhaps",
        "4",
    )
    assert [fault.partition(":")[0] for fault in faults] == ["line 2", "line 3", "line 5", "line 6", "line 7"]
    assert not [fault for fault in faults if "7946" in fault or "perhaps" in fault or "yesterday" in fault]


def test_a_file_of_bad_rows_is_told_in_a_hundred_lines() -> None:
    faults = faults_of(*["x,1,,,"] * 1000)
    assert len(faults) == 101
    assert faults[-1] == "and 900 lines more"


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("number", "line 1: there is no column at"),
        ("", "line 1: there is no column at and no column number"),
        ("at,number", "the file holds no calls"),
    ],
)
def test_a_file_that_is_no_day_is_refused(head: str, fault: str) -> None:
    assert faults_of(head=head) == (fault,)


def test_what_is_no_csv_is_refused_by_its_line() -> None:
    assert faults_of(f"1,{'9' * 200_000},,,") == ("line 2: is no CSV",)
    assert faults_of(head="9" * 200_000) == ("line 1: is no CSV",)


def sample() -> str:
    file = StringIO()
    write_sample(file)
    return file.getvalue()


def test_the_sample_day_is_always_the_same_and_has_calls_of_every_kind() -> None:
    day = read_day(StringIO(sample()), None)
    assert sample() == sample()
    assert len(day) == CALLS == 2000
    assert all(one.at <= other.at for one, other in pairwise(day))
    assert {type(call.caller).__name__ for call in day} == {"Dialled", "Internal", "Invalid", "Withheld"}
    assert {call.known for call in day} == {True, False, None}
    assert 60_000 < day[-1].at < 86_400
