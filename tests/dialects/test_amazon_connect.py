"""Amazon Connect: a flow asks who is calling and is given texts; contact events tell how it goes on."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.dialects.amazon_connect import AMAZON_CONNECT
from cti_lookup.dialects.dialect import Answered, Facts, Request
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.matching import Rule
from cti_lookup.people import Named, Person
from cti_lookup.telephone import Withheld
from tests.dialects.asking import ADA, CALLER, found, matched, not_found, told

SAMPLES = Path(__file__).with_name("samples")
CONTACT = "6d1c0f6e-0000-4e26-b97b-000000000001"
EVENT = "00000000-aaaa-0000-0000-00000000000"
AT = 1_795_292_105.0
ASKED = CallEvent(
    "flow",
    CONTACT,
    Happening.RINGING,
    Direction.INBOUND,
    CALLER,
    callee="+442079460100",
    queue="Service desk",
)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"amazon-connect.{name}.json").read_bytes())


def read_all(body: bytes) -> tuple[CallEvent, ...]:
    return AMAZON_CONNECT.read(Request({}, "", body), Facts("flow", "GB"))


def read(message: Any) -> CallEvent:
    (event,) = read_all(json.dumps(message).encode())
    return event


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lambda", ASKED),
        (
            "connected_to_agent",
            CallEvent(
                "flow",
                CONTACT,
                Happening.ANSWERED,
                Direction.INBOUND,
                None,
                agents=("7c4a",),
                answered_by="7c4a",
                key=f"{EVENT}2",
                occurred_at=AT,
            ),
        ),
        (
            "disconnected",
            CallEvent(
                "flow", CONTACT, Happening.ENDED, Direction.INBOUND, None, key=f"{EVENT}3", occurred_at=AT
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(sample(name)) == expected


@pytest.mark.parametrize(
    ("method", "direction"),
    [
        ("INBOUND", Direction.INBOUND),
        ("TRANSFER", Direction.INBOUND),
        ("OUTBOUND", Direction.OUTBOUND),
        ("CALLBACK", Direction.OUTBOUND),
        (None, Direction.INBOUND),
    ],
)
def test_the_customer_is_the_caller_in_either_direction(method: str | None, direction: Direction) -> None:
    message = sample("lambda")
    message["Details"]["ContactData"]["InitiationMethod"] = method

    assert (read(message).caller, read(message).direction) == (CALLER, direction)


def test_a_transfer_goes_on_from_the_contact_before_it() -> None:
    message = sample("lambda")
    message["Details"]["ContactData"]["PreviousContactId"] = "another"

    assert read(message).continues == "another"


@pytest.mark.parametrize("address", ["anonymous", None])
def test_a_customer_may_show_no_number(address: str | None) -> None:
    message = sample("lambda")
    message["Details"]["ContactData"]["CustomerEndpoint"] = {"Address": address} if address else None

    assert read(message).caller == Withheld(address or "")


def test_names_may_begin_with_capitals() -> None:
    message = sample("connected_to_agent")
    message["detail"] = {name[:1].upper() + name[1:]: value for name, value in message["detail"].items()}
    message["detail"]["AgentInfo"] = {"AgentArn": "arn:aws:connect:x:0:instance/0/agent/7c4a"}

    assert read(message) == read(sample("connected_to_agent"))


def test_an_end_says_if_an_agent_had_answered() -> None:
    message = sample("connected_to_agent")
    message["detail"]["eventType"] = "COMPLETED"

    assert read(message).result is Result.ANSWERED


@pytest.mark.parametrize(
    "change", [{"eventType": "QUEUED"}, {"eventType": None}, {"channel": "CHAT"}, {"contactId": None}]
)
def test_a_contact_event_that_tells_nothing_new_is_none(change: dict[str, Any]) -> None:
    message = sample("disconnected")
    message["detail"] |= change

    assert read_all(json.dumps(message).encode()) == ()
    assert read_all(json.dumps(sample("queued")).encode()) == ()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"Details":{}}', b'{"Details":{"ContactData":{"Channel":"CHAT"}}}']
)
def test_what_is_no_call_is_answered_in_the_same_shape(body: bytes) -> None:
    assert read_all(body) == ()
    assert flat(AMAZON_CONNECT.nothing) == NOBODY | {"outcome": "invalid"}


NOBODY = {
    "outcome": "nobody",
    "name": "",
    "organization": "",
    "vip": "false",
    "person_id": "",
    "url": "",
    "match": "",
    "people": "0",
}


def flat(answered: Answered) -> dict[str, str]:
    """Give the answer, which is a map of texts and of nothing else."""
    assert (answered.status, answered.content_type) == (200, "application/json")
    values: dict[str, str] = json.loads(answered.body)
    assert all(isinstance(value, str) for value in values.values())
    return values


def answer(lookup: Lookup) -> dict[str, str]:
    return flat(AMAZON_CONNECT.answer(told(ASKED, lookup)))


def test_a_person_is_told_as_texts() -> None:
    assert answer(found(matched(ADA))) == {
        "outcome": "matched",
        "name": "Ada King Lovelace",
        "organization": "Analytical",
        "vip": "true",
        "person_id": "42",
        "url": "https://desk.example/people/42",
        "match": "e164",
        "people": "1",
    }


def test_of_several_people_what_they_share_is_told() -> None:
    colleague, stranger = (
        Person(43, "Grace", organization=Named(7, "Analytical")),
        Person(44, "Joan", vip=True),
    )
    shared = NOBODY | {"outcome": "matched", "match": "e164"}

    assert answer(found(matched(ADA), matched(colleague))) == shared | {
        "organization": "Analytical",
        "people": "2",
    }
    assert answer(found(matched(stranger), matched(colleague))) == shared | {"people": "2"}


def test_how_sure_it_is_is_said() -> None:
    assert answer(found(matched(ADA, Rule.SUFFIX)))["match"] == "suffix"


@pytest.mark.parametrize("outcome", [Outcome.UNAVAILABLE, Outcome.PENDING, Outcome.WITHHELD, Outcome.INVALID])
def test_an_outcome_is_never_another(outcome: Outcome) -> None:
    assert answer(not_found(outcome)) == NOBODY | {"outcome": outcome.value}
    assert answer(found()) == NOBODY


def test_a_name_begins_no_tag() -> None:
    assert answer(found(matched(Person(1, "A<break time='9s'/>\nB"))))["name"] == "Abreak time='9s'/ B"


def test_the_flow_waits_for_the_person() -> None:
    assert AMAZON_CONNECT.waits


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["VOICE", "COMPLETED"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["Details", "ContactData", "detail", "eventType", "contactId"]), inner
        )
    ),
)


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_events_or_none(body: bytes) -> None:
    read_all(body)
