"""RingCentral: a token in a header, a handshake, and one event for each party of ours."""

import json
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, CallBook, State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.ringcentral import RINGCENTRAL
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
TOKEN = b"a token of our own choice"
LONDON = Dialled("+442079460958", E164("+442079460958"))
SESSION, ADA = "s-0f0f0f0f0f0fz0001", "400100301"
PARTY = "p-0f0f0f0f0f0fz0001-2"
ACCOUNT = "/restapi/v1.0/account/400100200/telephony/sessions"


def body(name: str) -> bytes:
    return (SAMPLES / f"ringcentral.{name}.json").read_bytes()


def message(name: str = "setup", **party: Any) -> dict[str, Any]:
    """Give a sample, its party changed."""
    told: dict[str, Any] = json.loads(body(name))
    told["body"]["parties"][0].update(party)
    return told


def read(told: dict[str, Any], region: str | None = "US") -> tuple[CallEvent, ...]:
    return RINGCENTRAL.read(Request({}, "", json.dumps(told).encode()), Facts("front-desk", region))


def one(name: str = "setup", **party: Any) -> CallEvent:
    (event,) = read(message(name, **party))
    return event


def status(code: str, sequence: int, **more: Any) -> CallEvent:
    told = message(status={"code": code, **more.pop("status", {})}, **more)
    told["body"]["sequence"] = sequence
    (event,) = read(told)
    return event


def verify(headers: dict[str, str], *secrets: bytes, token: str = "") -> None:
    assert RINGCENTRAL.verify is not None
    RINGCENTRAL.verify(Request(headers, "", body("setup"), token=token), secrets, 0.0)


def after(*events: CallEvent) -> Call:
    call: Call | None = None
    for now, event in enumerate(events, 100):
        call = advance(call, event, now)
    assert call is not None
    return call


def told(happening: Happening, sequence: int, code: str, **more: Any) -> CallEvent:
    fields: dict[str, Any] = {
        "provider_id": SESSION,
        "direction": Direction.INBOUND,
        "caller": LONDON,
        "callee": "+17135550100",
        "agents": (ADA,),
        "display_name": "EXAMPLE CYD",
        "leg": PARTY,
        **more,
    }
    return CallEvent(
        source="front-desk",
        happening=happening,
        key=f"{fields['provider_id']}\n{sequence}\n{fields['leg']}\n{code}",
        order=float(sequence),
        occurred_at=1795292100.12 + sequence,
        **fields,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("setup", told(Happening.RINGING, 3, "Setup")),
        (
            "proceeding_queue",
            told(Happening.RINGING, 4, "Proceeding", callee="+17135550101", queue="Support"),
        ),
        ("answered", told(Happening.ANSWERED, 5, "Answered", answered_by=ADA)),
        ("missed", told(Happening.ENDED, 6, "Disconnected", result=Result.MISSED)),
        ("gone", told(Happening.ENDED, 9, "Gone", continues="s-0f0f0f0f0f0fz0002")),
        (
            "outbound_setup",
            told(
                Happening.RINGING,
                2,
                "Setup",
                provider_id="s-0f0f0f0f0f0fz0003",
                leg="p-0f0f0f0f0f0fz0003-1",
                direction=Direction.OUTBOUND,
                display_name=None,
            ),
        ),
        (
            "internal_setup",
            told(
                Happening.RINGING,
                3,
                "Setup",
                provider_id="s-0f0f0f0f0f0fz0004",
                direction=Direction.INTERNAL,
                caller=Internal("104", "104"),
                callee="101",
                display_name="Ben Example",
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(message(name)) == (expected,)


@pytest.mark.parametrize(
    ("code", "happening"),
    [
        ("Setup", Happening.RINGING),
        ("Proceeding", Happening.RINGING),
        ("Answered", Happening.ANSWERED),
        ("Hold", Happening.HELD),
        ("Parked", Happening.HELD),
        ("VoiceMail", Happening.VOICEMAIL),
        ("VoiceMailScreening", Happening.VOICEMAIL),
        ("Disconnected", Happening.ENDED),
        ("Gone", Happening.ENDED),
        ("Tds", Happening.OTHER),
    ],
)
def test_a_status_is_a_happening(code: str, happening: Happening) -> None:
    assert one(status={"code": code}).happening is happening


@pytest.mark.parametrize(
    ("reason", "missed", "result"),
    [
        (None, True, Result.MISSED),
        (None, False, None),
        ("Rejected", True, Result.REJECTED),
        ("TargetBusy", False, Result.REJECTED),
        ("AgentAnswered", False, Result.ANSWERED),
        ("Voicemail", True, Result.VOICEMAIL),
        ("InvalidNumber", False, Result.FAILED),
        ("CallFinished", False, None),
    ],
)
def test_an_end_says_how_it_ended(reason: str | None, missed: bool, result: Result | None) -> None:
    assert one(status={"code": "Disconnected", "reason": reason}, missedCall=missed).result is result


def test_the_token_in_the_header_verifies() -> None:
    verify({"Verification-Token": TOKEN.decode()}, TOKEN)
    verify({"Verification-Token": TOKEN.decode()}, b"the old one", TOKEN)


def test_a_subscription_without_a_token_may_have_it_in_its_path() -> None:
    verify({}, TOKEN, token=TOKEN.decode())
    with pytest.raises(Unverified):
        verify({"Verification-Token": "another"}, TOKEN, token=TOKEN.decode())


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing"),
        ({"Verification-Token": ""}, "missing"),
        ({"Verification-Token": "a token of our own choicE"}, "signature"),
        ({"Verification-Token": "a token of our own choic"}, "signature"),
        ({"Verification-Token": "\udcff"}, "signature"),
    ],
)
def test_a_request_without_the_token_does_not_verify(headers: dict[str, str], reason: str) -> None:
    with pytest.raises(Unverified) as caught:
        verify(headers, TOKEN)

    assert caught.value.reason == reason


def test_another_secret_or_none_does_not_verify() -> None:
    for secrets in ((b"another",), ()):
        with pytest.raises(Unverified):
            verify({"Verification-Token": TOKEN.decode()}, *secrets)


def test_a_new_subscription_is_given_its_token_back() -> None:
    headers = {"Validation-Token": "00000000-0000-4000-8000-000000000001"}
    answered = RINGCENTRAL.greet(Request(headers, "", b""), (TOKEN,), 0.0)

    assert answered is not None
    assert (answered.status, answered.content_type) == (200, "application/json")
    assert answered.headers == headers


@pytest.mark.parametrize("shown", ["", "a b", "a\r\nSet-Cookie: b", "<b>", "ä", "a" * 1025])
def test_a_token_that_is_none_is_not_given_back(shown: str) -> None:
    assert RINGCENTRAL.greet(Request({"Validation-Token": shown}, "", b""), (TOKEN,), 0.0) is None


def test_an_event_is_no_handshake() -> None:
    assert RINGCENTRAL.greet(Request({}, "", body("setup")), (TOKEN,), 0.0) is None


def test_a_copy_for_another_subscription_is_the_same_event() -> None:
    copy = message()
    copy["uuid"], copy["subscriptionId"] = "2", "another"

    assert read(copy) == read(message())


def test_of_several_parties_the_one_of_our_extension_counts() -> None:
    several = message()
    ours = several["body"]["parties"][0]
    several["body"]["parties"] = [{**ours, "id": "another", "extensionId": "400100302"}, ours]

    assert read(several) == read(message())


def test_an_accounts_subscription_tells_of_each_extension() -> None:
    several = message()
    ours = several["body"]["parties"][0]
    several["event"] = ACCOUNT
    several["body"]["parties"].append({**ours, "id": "another", "extensionId": "400100302"})
    events = read(several)

    assert [event.agents for event in events] == [(ADA,), ("400100302",)]
    assert len({event.key for event in events}) == 2


def test_the_party_of_an_outsider_is_none_of_ours() -> None:
    assert read(message("outsider_setup")) == ()


def test_a_queue_rings_nobody_by_itself() -> None:
    event = one("proceeding_queue", extensionId="400100900")

    assert (event.agents, event.queue) == ((), "Support")


def test_a_queue_without_labels_is_named_by_whom_was_called() -> None:
    event = one("proceeding_queue", uiCallInfo=None)

    assert (event.queue, event.display_name) == ("Support", "Support - EXAMPLE CYD")


@pytest.mark.parametrize(
    ("side", "caller", "direction"),
    [
        ({}, Withheld(""), Direction.INBOUND),
        (None, Withheld(""), Direction.INBOUND),
        ({"phoneNumber": "anonymous"}, Withheld("anonymous"), Direction.INBOUND),
        ({"phoneNumber": "104"}, Internal("104", "104"), Direction.INTERNAL),
        ({"extensionId": "400100304"}, Internal("400100304", "400100304"), Direction.INTERNAL),
        ({"phoneNumber": "+442079460958"}, LONDON, Direction.INBOUND),
    ],
)
def test_who_calls_is_read_whatever_is_told(side: Any, caller: object, direction: Direction) -> None:
    event = one(**{"from": side})

    assert (event.caller, event.direction) == (caller, direction)


def test_an_event_that_names_no_caller_has_none() -> None:
    told = message()
    del told["body"]["parties"][0]["from"]

    assert read(told)[0].caller is None


def test_a_conference_shows_the_first_of_the_others() -> None:
    told = message("setup", **{"from": {}})
    others = [
        {"id": str(at), "direction": "Inbound", "to": {"phoneNumber": number}, "status": {"code": "Answered"}}
        for at, number in enumerate(["+442079460958", "+442079460959"])
    ]
    told["body"]["parties"] += others

    assert read(told)[0].caller == LONDON


def test_that_a_colleagues_rules_run_is_no_answer() -> None:
    sides = {"to": {"phoneNumber": "101", "extensionId": "400100302"}, "direction": "Outbound"}
    event = one("outbound_setup", status={"code": "Answered"}, **sides)

    assert (event.happening, event.direction, event.agents) == (Happening.RINGING, Direction.INTERNAL, ())


def test_events_tell_one_call_in_whatever_order_they_arrive() -> None:
    events = [
        status("Setup", 3),
        status("Proceeding", 4),
        status("Answered", 5),
        status("Hold", 6),
        status("Answered", 7),
        status("Disconnected", 8),
    ]
    for order in permutations(events, len(events)):
        call = after(*order)
        assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, ADA)


def test_a_voicemail_is_no_answer() -> None:
    call = after(status("Setup", 3), status("VoiceMail", 4), status("Disconnected", 5, missedCall=True))

    assert (call.state, call.result) == (State.ENDED, Result.VOICEMAIL)


def test_a_member_of_a_queue_who_did_not_answer_leaves_it_ringing() -> None:
    def member(extension: str, code: str, sequence: int, **more: Any) -> CallEvent:
        told = message("proceeding_queue", extensionId=extension, id=extension, status={"code": code}, **more)
        told["event"], told["body"]["sequence"] = ACCOUNT, sequence
        (event,) = read(told)
        return event

    ringing = [member("1", "Proceeding", 4), member("2", "Proceeding", 5)]
    missed = member("1", "Disconnected", 6, missedCall=True)
    assert after(*ringing, missed).state is State.RINGING
    call = after(*ringing, missed, member("2", "Answered", 7))
    assert (call.state, call.answered_by, call.queue) == (State.ANSWERED, "2", "Support")
    call = after(*ringing, missed, member("2", "Disconnected", 7, missedCall=True))
    assert (call.state, call.result) == (State.ENDED, Result.MISSED)


async def test_an_attended_transfer_keeps_the_caller_and_moves_the_agent() -> None:
    seconds = count(100)
    book = CallBook(lambda: float(next(seconds)))
    consulted = message("internal_setup", extensionId="400100302", id="b", status={"code": "Answered"})
    consulted["event"] = ACCOUNT
    consulted["body"]["telephonySessionId"] = "s-0f0f0f0f0f0fz0002"
    for told in (message("setup"), message("answered"), consulted):
        await book.record(read(told)[0])
    call = await book.record(read(message("gone"))[0])

    assert (call.caller, call.state, call.answered_by) == (LONDON, State.ANSWERED, "400100302")


@pytest.mark.parametrize(
    "written",
    [
        b"{}",
        b'{"event": "/restapi/v1.0/subscription/~?threshold=60", "body": {}}',
        b'{"body": {"telephonySessionId": "s", "parties": {}}}',
        b'{"body": {"telephonySessionId": "s", "parties": [null, 1]}}',
        b'{"body": {"parties": [{}]}}',
    ],
)
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert RINGCENTRAL.read(Request({}, "", written), FACTS) == ()


def test_the_answer_is_an_ok_that_holds_nothing() -> None:
    event = one()
    call = after(event)
    told = Told(
        Request({}, "", b""), event, call, Lookup(Outcome.WITHHELD, call.caller), b'{"a": 1}', b'{"b": 1}'
    )

    for answered in (RINGCENTRAL.answer(told), RINGCENTRAL.nothing):
        assert (answered.status, answered.content_type, answered.body) == (200, "application/json", b"{}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["id", "extensionId", "direction", "from", "to", "status", "queueCall", "uiCallInfo"])
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "event": st.just(ACCOUNT) | VALUES,
        "body": st.fixed_dictionaries(
            {
                "sequence": VALUES,
                "telephonySessionId": st.just("s") | VALUES,
                "eventTime": VALUES,
                "parties": st.lists(st.dictionaries(NAMES, VALUES) | VALUES, max_size=3) | VALUES,
            }
        )
        | VALUES,
    }
).map(lambda told: json.dumps(told).encode())


@given(BODIES)
@settings(max_examples=200)
def test_any_bytes_are_an_event_or_rejected(written: bytes) -> None:
    try:
        RINGCENTRAL.read(Request({}, "", written), FACTS)
    except Rejected:
        return
