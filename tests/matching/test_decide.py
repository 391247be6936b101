"""Whom a caller's number denotes, of the people a directory returned."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.matching import MOST_PEOPLE, Decision, Rule, decide
from cti_lookup.people import Contact, Person
from cti_lookup.telephone import E164, LocalNumber

LONDON = E164("+442079460958")
HOUSTON = E164("+17139872967")


def person(number: int, *telephones: str, label: str = "work", disabled: bool = False) -> Person:
    contacts = tuple(Contact(label, telephone) for telephone in telephones)
    return Person(number, f"Person {number}", contacts, disabled)


def listed(decision: Decision) -> list[tuple[int, str]]:
    return [(match.person.id, match.rule.value) for match in decision.matches]


def test_who_has_the_whole_number_comes_before_who_has_it_without_its_country() -> None:
    decision = decide([person(1, "020 7946 0958"), person(2, "+44 20 7946 0958")], LONDON, region="US")

    assert listed(decision) == [(2, "e164"), (1, "national")]


def test_the_strongest_of_a_persons_numbers_counts_and_is_told() -> None:
    (match,) = decide([person(1, "020 7946 0958", "+44 20 7946 0958")], LONDON, region="US").matches

    assert (match.rule, match.contact) == (Rule.E164, Contact("work", "+44 20 7946 0958"))


def test_a_fax_is_nobodys_caller() -> None:
    assert listed(decide([person(1, "+44 20 7946 0958", label="fax")], LONDON)) == []


@pytest.mark.parametrize("label", ["work", "mobile", "home", ""])
def test_a_number_under_any_other_label_is(label: str) -> None:
    assert listed(decide([person(1, "+44 20 7946 0958", label=label)], LONDON)) == [(1, "e164")]


@pytest.mark.parametrize("known", ["(713) 987-2967", "+1 713 987 2967"])
def test_a_tail_is_left_out_where_somebodys_whole_number_is_known(known: str) -> None:
    assert listed(decide([person(1, "987-2967"), person(2, known)], HOUSTON, region="US")) == [(2, "e164")]


def test_a_tail_is_shown_where_nobodys_whole_number_is_known() -> None:
    assert listed(decide([person(1, "987-2967")], HOUSTON, region="US")) == [(1, "suffix")]


def test_a_tail_is_of_north_american_numbers_only() -> None:
    assert listed(decide([person(1, "946 0958")], LONDON, region="US")) == []


def test_a_local_call_is_of_every_north_american_number_it_ends() -> None:
    people = [
        person(1, "(713) 987-2967"),
        person(2, "+1 281 987 2967"),
        person(3, "+44 713 987 2967"),
        person(4, "987 2967"),
    ]

    assert listed(decide(people, LocalNumber("9872967"), region="US")) == [
        (1, "suffix"),
        (2, "suffix"),
        (4, "suffix"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "+43 20 7946 0958",
        "+44 20 7946 0959",
        "0049 20 7946 0958",
        "7946 0958",
        "0120 7946 0958",
        "+44 20 7946 095",
        "+4420 7946 09580",
    ],
)
def test_a_number_that_looks_alike_is_dropped(text: str) -> None:
    decision = decide([person(1, text)], LONDON, region="US")

    assert (decision.matches, decision.dropped) == ((), 1)


def test_a_national_text_is_the_callers_only_if_it_reads_so_at_the_callers_home() -> None:
    text = person(1, "020 7946 0958")

    assert listed(decide([text], LONDON, region="US")) == [(1, "national")]
    assert listed(decide([text], E164("+352079460958"), region="US")) == []


def test_digits_that_may_lack_a_sign_or_a_country_are_weak_for_the_second() -> None:
    text = person(1, "49 30 123456")

    assert listed(decide([text], E164("+4930123456"), region="US")) == [(1, "e164")]


def test_a_number_that_no_plan_knows_is_equal_to_itself() -> None:
    assert listed(decide([person(1, "+1 (123) 456 7890")], E164("+11234567890"))) == [(1, "e164")]


def test_a_disabled_person_is_never_first() -> None:
    people = [person(1, "+44 20 7946 0958", disabled=True), person(2, "+44 20 7946 0958")]

    assert listed(decide(people, LONDON)) == [(2, "e164"), (1, "e164")]


def test_a_disabled_person_is_behind_even_a_weaker_match() -> None:
    people = [person(1, "+44 20 7946 0958", disabled=True), person(2, "020 7946 0958")]

    assert listed(decide(people, LONDON, region="US")) == [(2, "national"), (1, "e164")]


def test_a_disabled_person_is_never_shown_alone() -> None:
    decision = decide([person(1, "+44 20 7946 0958", disabled=True)], LONDON)

    assert (decision.matches, decision.dropped) == ((), 1)


def test_who_has_the_extension_that_the_call_names_is_first() -> None:
    people = [
        person(1, "+44 20 7946 0958"),
        person(2, "+44 20 7946 0958 x34"),
        person(3, "+44 20 7946 0958 x12"),
    ]

    first, *_ = decide(people, LONDON, extension="12").matches

    assert (first.person.id, first.names_extension) == (3, True)


def test_without_an_extension_in_the_call_all_who_share_a_number_are_alike() -> None:
    people = [person(2, "+44 20 7946 0958"), person(1, "+44 20 7946 0958 x12")]

    assert [number for number, _ in listed(decide(people, LONDON))] == [1, 2]


def test_an_extension_makes_no_weak_match_strong() -> None:
    people = [person(1, "020 7946 0958 x12"), person(2, "+44 20 7946 0958")]

    assert listed(decide(people, LONDON, extension="12", region="US")) == [(2, "e164"), (1, "national")]


@pytest.mark.parametrize(("owners", "truncated"), [(MOST_PEOPLE, False), (MOST_PEOPLE + 1, True)])
def test_at_most_ten_are_shown_and_it_is_told_that_there_are_more(owners: int, truncated: bool) -> None:
    decision = decide([person(number, "+44 20 7946 0958") for number in range(owners)], LONDON)

    assert (len(decision.matches), decision.truncated, decision.dropped) == (MOST_PEOPLE, truncated, 0)


def test_look_alikes_are_counted() -> None:
    people = [person(1, "+44 20 7946 0958"), person(2, "+43 20 7946 0958"), person(3)]

    assert decide(people, LONDON).dropped == 2


@pytest.mark.parametrize("contacts", [(), None, (Contact("work", ""),), (Contact("work", "x12"),)])
def test_a_person_without_a_number_is_nobodys_caller(contacts: tuple[Contact, ...] | None) -> None:
    assert decide([Person(1, "Ada Example", contacts)], LONDON).matches == ()


def test_of_nobody_nobody_is_shown() -> None:
    assert decide([], LONDON) == Decision((), False, 0)


def test_a_person_returned_twice_is_shown_once() -> None:
    twice = [person(1, "+44 20 7946 0958")] * 2

    assert listed(decide(twice, LONDON)) == [(1, "e164")]


TEXTS = st.sampled_from(
    [
        "+44 20 7946 0958",
        "020 7946 0958",
        "+44 20 7946 0958 x12",
        "44 20 7946 0958",
        "+43 20 7946 0958",
        "946 0958",
        "",
    ]
)
PEOPLE = st.lists(
    st.builds(
        person, st.integers(0, 30), TEXTS, label=st.sampled_from(["work", "fax"]), disabled=st.booleans()
    ),
    max_size=20,
    unique_by=lambda one: one.id,
)


@given(PEOPLE, st.randoms(use_true_random=False), st.sampled_from([None, "12"]))
@settings(deadline=None)
def test_the_order_of_the_candidates_does_not_matter(
    people: list[Person], chance: Random, extension: str | None
) -> None:
    shuffled = sorted(people, key=lambda _: chance.random())

    assert decide(shuffled, LONDON, extension=extension, region="US") == decide(
        people, LONDON, extension=extension, region="US"
    )


@given(PEOPLE)
@settings(deadline=None)
def test_whoever_is_shown_first_is_not_disabled_and_never_weaker_than_an_active_one_behind(
    people: list[Person],
) -> None:
    matches = decide(people, LONDON, region="US").matches
    strengths = [list(Rule).index(match.rule) for match in matches if not match.person.disabled]

    assert not matches or not matches[0].person.disabled
    assert strengths == sorted(strengths)


def test_a_fax_is_a_fax_however_its_label_is_written() -> None:
    assert not decide([person_with(Contact("Fax", "+1 713 987 2967"))], E164("+17139872967")).matches


def test_a_number_that_reads_so_at_home_stands_before_one_whose_sign_is_imagined() -> None:
    imagined = person_with(Contact("work", "0493112345678"), number=1)
    at_home = person_with(Contact("work", "03112 345678"), number=2)
    decision = decide([imagined, at_home], E164("+493112345678"), region="US")
    assert [match.person.id for match in decision.matches] == [2, 1]


def person_with(contact: Contact, number: int = 7) -> Person:
    return Person(number, "Ada Example", (contact,))
