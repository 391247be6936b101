"""3CX: questions for contacts, journals of calls that are over, and the template that makes it send both."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.dialects.threecx import THREECX
from cti_lookup.dialects.threecx_template import template
from cti_lookup.dialects.xml import xml_of
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.matching import Rule
from cti_lookup.people import Named, Person
from cti_lookup.telephone import E164, Dialled, Withheld
from tests.dialects.asking import ADA, CALLER, found, matched, not_found, told

SAMPLES = Path(__file__).with_name("samples")
BEGAN = 1_795_292_100.0
START = "2026-11-21T20:15:00Z"
QUESTION = CallEvent("pbx", None, Happening.RINGING, Direction.INBOUND, CALLER)


def read_all(request: Request, now: float = 0.0) -> tuple[CallEvent, ...]:
    return THREECX.read(request, Facts("pbx", "GB", now))


def read(body: bytes, now: float = 0.0) -> CallEvent:
    (event,) = read_all(Request({}, "", body), now)
    return event


def read_json(now: float = 0.0, **fields: Any) -> CallEvent:
    return read(json.dumps(fields).encode(), now)


def derived(agent: str, number: str, direction: str, start: str) -> str:
    return hashlib.sha256(f"pbx|{agent}|{number}|{direction}|{start}".encode()).hexdigest()


def journal(call_id: str, direction: Direction = Direction.INBOUND, **fields: Any) -> CallEvent:
    common = {"provider_id": call_id, "key": call_id, "caller": CALLER, "occurred_at": BEGAN}
    return CallEvent(
        **{"source": "pbx", "happening": Happening.ENDED, "direction": direction, **common, **fields}
    )


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("lookup.json", QUESTION),
        (
            "inbound.json",
            journal(
                derived("102", "+442079460958", "inbound", START),
                agents=("102",),
                queue="800",
                result=Result.ANSWERED,
                occurred_at=BEGAN + 200,
            ),
        ),
        ("missed.json", journal(derived("", "+442079460958", "inbound", START), result=Result.MISSED)),
        (
            "notanswered.form",
            journal(
                derived("ada@desk.example", "00442079460958", "outbound", START[:-1]),
                Direction.OUTBOUND,
                caller=Dialled("00442079460958", E164("+442079460958")),
                agents=("ada@desk.example",),
                result=Result.MISSED,
            ),
        ),
        (
            "unfilled.json",
            journal(derived("", "", "inbound", "0.0"), caller=Withheld(""), occurred_at=None),
        ),
        (
            "bridge_ringing.json",
            CallEvent(
                "pbx",
                "00000000-01dc-0000-cc8a-000000000029",
                Happening.RINGING,
                Direction.INBOUND,
                Dialled("442079460958", E164("+442079460958")),
                callee="+442079460100",
                agents=("809",),
                display_name="Smith, Jo",
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(sample: str, expected: CallEvent) -> None:
    assert read((SAMPLES / f"3cx.{sample}").read_bytes()) == expected


@pytest.mark.parametrize(
    "query", ["number=%2B442079460958", "number=+442079460958&key=k", "Number=00442079460958"]
)
def test_a_url_asks_for_contacts(query: str) -> None:
    (event,) = read_all(Request({}, query, b"", "GET"))

    assert isinstance(event.caller, Dialled)
    assert event.caller.number == E164("+442079460958")
    assert (event.happening, event.provider_id, event.key) == (Happening.RINGING, None, None)


@pytest.mark.parametrize("number", ["[Number]", " [Number] ", "", None])
def test_a_number_that_was_not_filled_in_is_none(number: str | None) -> None:
    assert read_json(number=number).caller == Withheld("")


def test_the_same_journal_again_tells_of_the_same_call() -> None:
    body = (SAMPLES / "3cx.inbound.json").read_bytes()

    assert read(body, 1.0).provider_id == read(body, 2.0).provider_id


@pytest.mark.parametrize(
    "change",
    [
        {"agent": "103"},
        {"number": "+442079460959"},
        {"call_type": "Outbound"},
        {"started_at_utc": "2026-11-21T20:15:01Z"},
    ],
)
def test_another_agent_number_direction_or_start_is_another_call(change: dict[str, str]) -> None:
    fields = json.loads((SAMPLES / "3cx.inbound.json").read_bytes())

    assert read_json(**fields).provider_id != read_json(**fields | change).provider_id


def test_a_journal_without_start_is_a_call_of_its_own() -> None:
    fields = {"call_type": "Missed", "number": "+442079460958"}

    assert read_json(1.0, **fields).provider_id != read_json(2.0, **fields).provider_id


@pytest.mark.parametrize(
    ("duration", "lasted"),
    [
        ("00:00:00", 0),
        ("01:02:03", 3723),
        ("0:05", 0),
        ("00:00:05.4", 5),
        (65, 65),
        ("65", 65),
        ("99999999", 0),
        ("٥", 0),
        ("", 0),
        (None, 0),
        ([], 0),
    ],
)
def test_a_call_is_over_when_its_time_has_passed(duration: object, lasted: int) -> None:
    event = read_json(call_type="Inbound", number="1", duration=duration, started_at_utc=START)

    assert event.occurred_at == BEGAN + lasted


@pytest.mark.parametrize(
    ("word", "happening"),
    [
        ("ringing", Happening.RINGING),
        ("Answered", Happening.ANSWERED),
        ("connected", Happening.ANSWERED),
        ("hangup", Happening.ENDED),
    ],
)
def test_a_bridge_tells_how_a_call_goes_on(word: str, happening: Happening) -> None:
    event = read_json(event=word, callerid="442079460958", user="809", chid="c1")

    assert (event.happening, event.provider_id) == (happening, "c1")
    assert event.answered_by == ("809" if happening is Happening.ANSWERED else None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[]", b"nothing", b"\xff", b'{"event":"presence"}', b"a&" * 2000]
)
def test_what_asks_and_tells_nothing_is_no_call(body: bytes) -> None:
    assert read_all(Request({}, "", body)) == ()
    assert THREECX.nothing.body == b'{"contacts":[]}'


def contacts(lookup: Lookup, event: CallEvent = QUESTION) -> Any:
    answered = THREECX.answer(told(event, lookup))
    assert (answered.status, answered.content_type) == (200, "application/json")
    return json.loads(answered.body)


def test_a_person_is_answered_as_a_contact() -> None:
    assert contacts(found(matched(ADA))) == {
        "contacts": [
            {
                "id": "42",
                "first_name": "Ada",
                "last_name": "King Lovelace",
                "company": "Analytical",
                "email": "ada@people.example",
                "phone_business": "+442079460958",
                "url": "https://desk.example/people/42",
                "photo_url": "https://pictures.example/42.png",
            }
        ]
    }


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("mobile", "phone_mobile"),
        ("home", "phone_home"),
        ("Work", "phone_business"),
        ("other", "phone_other"),
    ],
)
def test_a_number_stands_where_its_label_says(label: str, field: str) -> None:
    (contact,) = contacts(found(matched(ADA, label=label)))["contacts"]

    assert contact[field] == "+442079460958"


@pytest.mark.parametrize("rule", [Rule.NATIONAL, Rule.SUFFIX])
def test_what_is_not_proven_is_asked_and_not_said(rule: Rule) -> None:
    one, two = contacts(found(matched(ADA, rule), matched(Person(43, "Grace"), rule)))["contacts"]

    assert (one["last_name"], one["phone_business"]) == ("King Lovelace?", "+44 20 7946 0958")
    assert (two["first_name"], "last_name" in two) == ("Grace?", False)


def test_all_who_share_a_number_are_told_best_first() -> None:
    both = contacts(found(matched(ADA), matched(Person(43, "Grace Hopper"))))["contacts"]

    assert [one["id"] for one in both] == ["42", "43"]


@pytest.mark.parametrize(
    "lookup", [found(), not_found(), not_found(Outcome.WITHHELD), not_found(Outcome.PENDING)]
)
def test_nobody_is_an_empty_list(lookup: Lookup) -> None:
    assert contacts(lookup) == {"contacts": []}


def test_a_name_is_neither_a_variable_nor_several_lines() -> None:
    person = Person(1, "[ApiKey]\r\nX", organization=Named(1, "A\x00[B]"), picture_uri="javascript:alert(1)")
    (contact,) = contacts(found(matched(person)))["contacts"]

    assert (contact["first_name"], contact["last_name"], contact["company"]) == ("ApiKey", "X", "A B")
    assert "photo_url" not in contact


def test_a_journal_is_confirmed_and_tells_nobody() -> None:
    event = read((SAMPLES / "3cx.inbound.json").read_bytes())

    assert contacts(found(matched(ADA)), event) == {}


def test_the_sender_waits_for_the_contacts() -> None:
    assert THREECX.waits


def requests(base: str = "https://cti.example/desk", **options: Any) -> tuple[Element, dict[str, Element]]:
    crm = xml_of(template(base, **options))
    return crm, {one.get("Id", "?"): one for one in crm.iter("Scenario")}


def test_the_template_asks_and_tells_at_our_own_urls() -> None:
    _, scenarios = requests()
    urls = {name: (one[0].get("Url"), one[0].get("RequestType")) for name, one in scenarios.items()}

    assert urls == {
        "": ("https://cti.example/desk/v1/3cx/lookup?number=[Number]", "Get"),
        "ReportCall": ("https://cti.example/desk/v1/3cx/journal", "Post"),
    }


def test_the_template_says_whose_numbers_they_are() -> None:
    _, scenarios = requests(query={"source": "pbx", "region": "GB"})

    assert str(scenarios[""][0].get("Url")).endswith("/lookup?source=pbx&region=GB&number=[Number]")
    assert str(scenarios["ReportCall"][0].get("Url")).endswith("/journal?source=pbx&region=GB")


def test_the_template_takes_numbers_with_their_sign_and_the_key_into_a_header() -> None:
    crm, scenarios = requests(country="GB")
    number = crm.find("Number")
    key = crm.find("Parameters/Parameter[@Name='ApiKey']")

    assert number is not None
    assert (crm.get("Country"), number.get("Prefix")) == ("GB", "Plus")
    assert key is not None
    assert (key.get("Type"), key.get("Default")) == ("Password", "")
    for scenario in scenarios.values():
        header = scenario.find("Request/Headers/Value[@Key='X-API-Key']")
        assert header is not None
        assert header.text == "[ApiKey]"


def test_the_template_reads_what_we_answer() -> None:
    _, scenarios = requests()
    paths = {str(one.get("Path")) for one in scenarios[""].iter("Variable")}
    (contact,) = contacts(found(matched(ADA)))["contacts"]
    names = {one.get("Name") for one in scenarios[""].iter("Variable")}
    outputs = {str(one.get("Value")).strip("[]") for one in scenarios[""].iter("Output")}

    assert {f"contacts.{name}" for name in contact} <= paths
    assert outputs <= names | {"People"}


def test_the_template_tells_what_we_read() -> None:
    _, scenarios = requests()
    values = {
        "[CallType]": "Outbound",
        "[Number]": "+442079460958",
        "[Agent]": "102",
        "[Duration]": "00:00:09",
        '[[CallStartTimeUTC].ToString("yyyy-MM-ddTHH:mm:ssZ")]': START,
    }
    told_by_it: dict[str, Any] = {
        one.get("Key", ""): values.get(one.text or "", one.text)
        for one in scenarios["ReportCall"].iter("Value")
    }

    assert read_json(**told_by_it) == journal(
        derived("102", "+442079460958", "outbound", START),
        Direction.OUTBOUND,
        agents=("102",),
        result=Result.ANSWERED,
        occurred_at=BEGAN + 9,
    )


def test_no_base_makes_the_template_anything_but_xml() -> None:
    _, scenarios = requests("https://a\"<&>'.example")

    assert str(scenarios[""][0].get("Url")).startswith("https://a\"<&>'.example/v1/")


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["Missed", START])
)
NAMES = st.sampled_from(
    ["call_type", "number", "agent", "duration", "started_at_utc", "event", "chid", "direction"]
)
FIELDS = st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=2))


@given(st.binary() | FIELDS.map(lambda fields: json.dumps(fields).encode()))
def test_any_bytes_are_an_event_or_none(body: bytes) -> None:
    for event in read_all(Request({}, "", body)):
        assert contacts(not_found(), event) in ({}, {"contacts": []})


@given(st.text())
def test_any_query_is_an_event_or_none(query: str) -> None:
    read_all(Request({}, query, b"", "GET"))
    read_all(Request({}, urlencode({"number": query}, errors="replace"), b"", "GET"))
