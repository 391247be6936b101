"""The types of fields, for whatever a client sends."""

import os
import string
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.records import fields, times
from cti_lookup.directory.records.calendars import CALENDARS
from cti_lookup.directory.records.currencies import CURRENCIES, check_currency
from cti_lookup.directory.records.fields import FieldFault, Rule
from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.sites import SITES
from cti_lookup.directory.records.teams import TEAMS
from cti_lookup.directory.records.time_zones import RAILS_NAMES, check_time_zone

EXAMPLES: Final = int(os.environ.get("CTI_TEST_EXAMPLES", "20"))
"""Of values for each of a hundred rules; `make fuzz` tries many more."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


RULES = {
    f"{resource.model}-{name}": rule
    for resource in (PEOPLE, ORGANIZATIONS, SITES, TEAMS, CALENDARS)
    for name, rule in resource.rules.items()
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(value=json_values)
def test_a_rule_returns_a_value_it_would_take_again_or_tells_a_fault(rule: Rule, value: object) -> None:
    try:
        stored = rule(value)
    except FieldFault:
        return
    assert rule(stored) == stored


@pytest.mark.parametrize("code", ["EUR", "USD", "TRY"])
def test_a_currency_in_use_is_known(code: str) -> None:
    assert check_currency(code) == code


@pytest.mark.parametrize("code", ["eur", "XYZ", "EURO", "€"])
def test_any_other_currency_is_not(code: str) -> None:
    with pytest.raises(FieldFault):
        check_currency(code)


def test_the_codes_of_currencies_are_codes() -> None:
    assert all(len(code) == 3 and set(code) <= set(string.ascii_uppercase) for code in CURRENCIES)


@pytest.mark.parametrize(
    ("written", "answered"),
    [
        ("Central Time (US & Canada)", "Central Time (US & Canada)"),
        ("America/Chicago", "Central Time (US & Canada)"),
        ("Europe/London", "London"),
        ("Asia/Kolkata", "Kolkata"),
        ("Europe/Zurich", "Zurich"),
        ("America/Sao_Paulo", "Brasilia"),
        ("Etc/UTC", "UTC"),
        ("America/Anchorage", "America/Anchorage"),
        ("", None),
    ],
)
def test_a_time_zone_is_answered_under_its_name(written: str, answered: str | None) -> None:
    assert check_time_zone(written) == answered


@pytest.mark.parametrize(
    "name", ["Nowhere", "Europe/Nowhere", "../../etc/passwd", "europe/berlin", "GMT+25", 1]
)
def test_a_time_zone_nobody_knows_is_a_fault(name: object) -> None:
    with pytest.raises(FieldFault):
        check_time_zone(name)


def test_each_name_of_a_time_zone_is_kept() -> None:
    assert [check_time_zone(name) for name in RAILS_NAMES] == list(RAILS_NAMES)


@pytest.mark.parametrize("value", [5, "5", [None], ["x"], [True], [[1]], {"a": 1}])
def test_a_list_of_ids_is_a_list_of_ids(value: object) -> None:
    with pytest.raises(FieldFault):
        fields.references(value)


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()))
def test_a_time_we_show_is_a_time_we_read(moment: datetime) -> None:
    try:
        shown = times.timestamp(moment)
    except OverflowError:
        return
    span = times.parse_span(shown)
    assert span is not None
    assert span.start == shown


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_stretch_of_time_or_none(text: str) -> None:
    span = times.parse_span(text)
    assert span is None or span.start <= span.end


def test_a_day_ends_where_the_next_begins() -> None:
    day, following = times.parse_span("2024-02-29"), times.parse_span("2024-03-01")
    assert day is not None
    assert following is not None
    assert day.end == following.start
    assert datetime.fromisoformat(day.end) - datetime.fromisoformat(day.start) == timedelta(days=1)
    assert datetime.fromisoformat(day.start).tzinfo == UTC
