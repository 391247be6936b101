"""Zoom Phone: a signature over time and body, and one event for each telephone that rings."""

import hashlib
import hmac
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.zoom import ZOOM
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
SECRET = b"zoom-secret"
LONDON = Dialled("+442079460958", E164("+442079460958"))
CALL = "7000000000000000001"
PHONE = "1002/MAC_Client(6.1.0.1000)/2026-11-21T20:15:03Z"
RANG, NOW = 1795292103.12, 1795292103


def body(name: str) -> bytes:
    return (SAMPLES / f"zoom.{name}.json").read_bytes()


def message(name: str = "callee_ringing", *, event: str | None = None, **call: Any) -> dict[str, Any]:
    """Give a sample, its call changed; what is None is left out."""
    told: dict[str, Any] = json.loads(body(name))
    told["event"] = told["event"] if event is None else f"phone.{event}"
    told["payload"]["object"].update(call)
    told["payload"]["object"] = {
        name: value for name, value in told["payload"]["object"].items() if value is not None
    }
    return told


def read(told: dict[str, Any]) -> tuple[CallEvent, ...]:
    return ZOOM.read(Request({}, "", json.dumps(told).encode()), FACTS)


def sample(name: str) -> tuple[CallEvent, ...]:
    return ZOOM.read(Request({}, "", body(name)), FACTS)


def signed(written: bytes, secret: bytes = SECRET, at: str = str(NOW)) -> Request:
    digest = hmac.new(secret, b"v0:" + at.encode() + b":" + written, hashlib.sha256).hexdigest()
    return Request({"x-zm-signature": f"v0={digest}", "x-zm-request-timestamp": at}, "", written)


def verify(request: Request, *secrets: bytes, now: float = NOW) -> None:
    assert ZOOM.verify is not None
    ZOOM.verify(request, secrets, now)


def after(*told: tuple[CallEvent, ...]) -> Call:
    call: Call | None = None
    for now, events in enumerate(told, 100):
        for event in events:
            call = advance(call, event, now)
    assert call is not None
    return call


def phone(event: str, extension: int, device: str, at: int, **more: Any) -> tuple[CallEvent, ...]:
    callee = {"extension_number": extension, "device_type": device, "user_id": f"user {extension}"}
    told = message("callee_ringing", event=event, callee=callee, **more)
    return read({**told, "event_ts": 1795292100000 + at})


def told(name: str, happening: Happening, at: float, **more: Any) -> CallEvent:
    key = hashlib.sha256(body(name)).hexdigest()
    fields: dict[str, Any] = {
        "provider_id": CALL,
        "direction": Direction.INBOUND,
        "caller": LONDON,
        "callee": "+17135550100",
        "display_name": "EXAMPLE CYD",
        **more,
        "key": key + more.get("key", ""),
    }
    return CallEvent(source="front-desk", happening=happening, order=at, occurred_at=at, **fields)


def of_queue(name: str, happening: Happening, at: float, **more: Any) -> CallEvent:
    return told(name, happening, at, queue="Support", **more)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "callee_ringing",
            (of_queue("callee_ringing", Happening.RINGING, RANG, agents=("1002",), leg=PHONE),),
        ),
        (
            "callee_answered",
            (
                of_queue(
                    "callee_answered",
                    Happening.ANSWERED,
                    1795292110.5,
                    agents=("1002",),
                    answered_by="1002",
                    leg="1002",
                ),
                of_queue(
                    "callee_answered",
                    Happening.ENDED,
                    1795292110.5,
                    result=Result.ANSWERED,
                    leg=PHONE,
                    key="\nphone",
                ),
            ),
        ),
        (
            "callee_missed",
            (
                of_queue(
                    "callee_missed",
                    Happening.ENDED,
                    1795292110.7,
                    agents=("1003",),
                    result=Result.MISSED,
                    leg=PHONE.replace("1002", "1003"),
                ),
            ),
        ),
        (
            "callee_hold",
            (
                told(
                    "callee_hold",
                    Happening.HELD,
                    1795292120.0,
                    agents=("1002",),
                    leg="1002",
                    callee="1002",
                    display_name=None,
                ),
            ),
        ),
        (
            "callee_ended",
            (
                of_queue(
                    "callee_ended",
                    Happening.ENDED,
                    1795292160.0,
                    agents=("1002",),
                    result=Result.ANSWERED,
                    leg="1002",
                ),
                of_queue(
                    "callee_ended",
                    Happening.ENDED,
                    1795292160.0,
                    result=Result.ANSWERED,
                    leg=PHONE,
                    key="\nphone",
                ),
            ),
        ),
        (
            "caller_connected",
            (
                told(
                    "caller_connected",
                    Happening.ANSWERED,
                    1795292110.5,
                    provider_id="7000000000000000002",
                    direction=Direction.OUTBOUND,
                    agents=("1002",),
                    answered_by="1002",
                    leg="1002",
                    display_name=None,
                ),
            ),
        ),
        (
            "blind_transfer_initiated",
            (
                told(
                    "blind_transfer_initiated",
                    Happening.TRANSFERRED,
                    1795292130.0,
                    caller=None,
                    callee=None,
                    display_name=None,
                    agents=("1003",),
                ),
            ),
        ),
        (
            "callee_call_log_completed",
            (
                told(
                    "callee_call_log_completed",
                    Happening.ENDED,
                    1795292200.0,
                    callee="1002",
                    result=Result.MISSED,
                    key=f"\n{CALL}",
                ),
            ),
        ),
        (
            "callee_call_element_completed",
            (
                told(
                    "callee_call_element_completed",
                    Happening.ENDED,
                    1795292200.0,
                    result=Result.VOICEMAIL,
                    key=f"\n{CALL}",
                ),
            ),
        ),
        (
            "voicemail_received",
            (
                told(
                    "voicemail_received",
                    Happening.ENDED,
                    1795292190.0,
                    result=Result.VOICEMAIL,
                    key=f"\n{CALL}",
                ),
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: tuple[CallEvent, ...]) -> None:
    assert sample(name) == expected


def test_a_signature_over_time_and_body_verifies() -> None:
    request = signed(body("callee_ringing"))

    verify(request, SECRET)
    verify(request, b"the old one", SECRET)
    verify(request, SECRET, now=NOW + 300)
    verify(request, SECRET, now=NOW - 300)


def test_with_one_thing_changed_it_does_not() -> None:
    request = signed(body("callee_ringing"))
    shown = request.headers["x-zm-signature"]
    changed = [
        Request(request.headers, "", request.body + b" "),
        Request(request.headers, "", request.body[:-2] + b"\n "),
        Request({**request.headers, "x-zm-request-timestamp": str(NOW + 1)}, "", request.body),
        Request(
            {**request.headers, "x-zm-signature": shown[:-1] + chr(ord(shown[-1]) ^ 1)}, "", request.body
        ),
        Request({**request.headers, "x-zm-signature": shown.upper()}, "", request.body),
        Request({**request.headers, "x-zm-signature": shown[3:]}, "", request.body),
        Request({**request.headers, "x-zm-signature": "v1" + shown[2:]}, "", request.body),
    ]
    for one in changed:
        with pytest.raises(Unverified):
            verify(one, SECRET)
    for secrets in ((b"zoom-secres",), ()):
        with pytest.raises(Unverified):
            verify(request, *secrets)


@pytest.mark.parametrize("name", ["x-zm-signature", "x-zm-request-timestamp"])
def test_a_request_without_signature_or_time_does_not_verify(name: str) -> None:
    request = signed(body("callee_ringing"))
    headers = {key: value for key, value in request.headers.items() if key != name}
    with pytest.raises(Unverified) as caught:
        verify(Request(headers, "", request.body), SECRET)

    assert caught.value.reason == "missing"


@pytest.mark.parametrize(
    ("at", "now"),
    [
        (str(NOW), NOW + 301),
        (str(NOW), NOW - 301),
        ("1_795_292_103", NOW),
        ("-1", 0),
        ("0x1", 1),
        ("1e9", 1e9),
    ],
)
def test_a_time_too_far_from_ours_or_none_does_not_verify(at: str, now: float) -> None:
    with pytest.raises(Unverified) as caught:
        verify(signed(body("callee_ringing"), at=at), SECRET, now=now)

    assert caught.value.reason == "stale"


def test_a_url_is_validated_with_the_secret_that_asked() -> None:
    written = (
        b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1}'
    )
    answered = ZOOM.greet(signed(written, b"123abc"), (SECRET, b"123abc"), NOW)

    assert answered is not None
    assert (answered.status, answered.content_type) == (200, "application/json")
    assert json.loads(answered.body) == {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": "b4e332d412ca93c58ca1c6424290714dda3792ca37254bb0040a1603624c5c14",
    }


def test_a_validation_that_nobody_signed_is_refused() -> None:
    for request in (Request({}, "", body("url_validation")), signed(body("url_validation"), b"another")):
        with pytest.raises(Unverified):
            ZOOM.greet(request, (SECRET,), NOW)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nb", "<script>", "ä", "a" * 1025, 7, None, ["a"]])
def test_a_token_that_is_none_is_not_signed(token: Any) -> None:
    written = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": token}}).encode()

    assert ZOOM.greet(signed(written), (SECRET,), NOW) is None
    assert ZOOM.read(signed(written), FACTS) == ()


@pytest.mark.parametrize(
    "written", [body("callee_ringing"), b"endpoint.url_validation", b'{"a": "endpoint.url_validation"}']
)
def test_another_event_is_no_validation(written: bytes) -> None:
    assert ZOOM.greet(signed(written), (SECRET,), NOW) is None


@pytest.mark.parametrize(
    ("caller", "expected", "direction"),
    [
        ({"phone_number": "+442079460958"}, LONDON, Direction.INBOUND),
        ({"phone_number": "1045"}, Internal("1045", "1045"), Direction.INTERNAL),
        ({"extension_number": "1045"}, Internal("1045", "1045"), Direction.INTERNAL),
        (
            {"extension_number": 1045, "phone_number": "+17135550145"},
            Internal("1045", "1045"),
            Direction.INTERNAL,
        ),
        (
            {"extension_number": 442079460958, "phone_number": "+442079460958"},
            LONDON,
            Direction.INBOUND,
        ),
        (
            {
                "extension_number": 1045,
                "phone_number": "+442079460958",
                "connection_type": "pstn_off_net",
            },
            LONDON,
            Direction.INBOUND,
        ),
        ({"phone_number": "anonymous"}, Withheld("anonymous"), Direction.INBOUND),
        ({}, Withheld(""), Direction.INBOUND),
    ],
)
def test_who_calls_is_read_whatever_is_told(caller: Any, expected: object, direction: Direction) -> None:
    (event,) = read(message("callee_ringing", caller=caller))

    assert (event.caller, event.direction) == (expected, direction)


def test_an_event_that_names_no_caller_has_none() -> None:
    assert read(message("callee_ringing", caller=None))[0].caller is None


def test_a_queue_that_is_called_itself_rings_nobody() -> None:
    queue = {"extension_type": "callQueue", "extension_number": 1022, "name": "Support"}
    (event,) = read(message("callee_ringing", callee=queue, forwarded_by=None))

    assert (event.agents, event.queue) == ((), "Support")


def test_a_call_within_names_the_one_who_is_called() -> None:
    callee = {"extension_number": 1003, "phone_number": "1003"}
    event = read(message("caller_connected", callee=callee))[0]

    assert (event.direction, event.caller, event.agents) == (
        Direction.INTERNAL,
        Internal("1003", "1003"),
        (),
    )


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("Call connected", Result.ANSWERED),
        ("Answered by Other Member", Result.ANSWERED),
        ("Voicemail", Result.VOICEMAIL),
        ("No Answer", Result.MISSED),
        ("Call Cancel", Result.MISSED),
        ("Rejected", Result.REJECTED),
        ("Call failed", Result.FAILED),
        ("something new", None),
    ],
)
def test_an_end_says_how_it_ended(word: str, result: Result | None) -> None:
    assert read(message("callee_ended", handup_result=word, answer_start_time=None))[0].result is result


def test_a_missed_telephone_leaves_the_others_ringing() -> None:
    rings = [phone("callee_ringing", 1002, "desk", 1), phone("callee_ringing", 1003, "app", 2)]
    first, second = phone("callee_missed", 1002, "desk", 30), phone("callee_rejected", 1003, "app", 31)

    assert after(*rings, first).state is State.RINGING
    call = after(*rings, first, second)
    assert (call.state, call.result) == (State.ENDED, Result.MISSED)


def test_that_a_second_device_was_missed_takes_the_call_from_nobody() -> None:
    events = [
        phone("callee_ringing", 1002, "desk", 1),
        phone("callee_ringing", 1002, "app", 1),
        phone("callee_answered", 1002, "desk", 5),
        phone("callee_missed", 1002, "app", 6),
    ]
    for order in permutations(events):
        call = after(*order)
        assert (call.state, call.answered_by) == (State.ANSWERED, "1002")
        ended = phone("callee_ended", 1002, "desk", 60, handup_result="Call connected")
        assert after(*order, ended).state is State.ENDED


def test_a_member_who_is_rung_again_may_answer_the_second_time() -> None:
    call = after(
        phone("callee_ringing", 1002, "desk", 1),
        phone("callee_missed", 1002, "desk", 20),
        phone("callee_ringing", 1002, "desk", 40, ringing_start_time="2026-11-21T20:15:40Z"),
        phone("callee_answered", 1002, "desk", 45, ringing_start_time="2026-11-21T20:15:40Z"),
    )

    assert (call.state, call.answered_by) == (State.ANSWERED, "1002")


def test_a_call_is_held_goes_on_and_ends() -> None:
    events = [sample("callee_ringing"), sample("callee_answered"), sample("callee_hold")]
    assert after(*events).state is State.HELD
    resumed = read({**message("callee_hold", event="callee_unhold"), "event_ts": 1795292125000})
    assert after(*events, resumed).state is State.ANSWERED
    call = after(*events, resumed, sample("callee_ended"))
    assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, "1002")


def test_a_call_that_others_answered_was_not_missed() -> None:
    ended = phone("callee_ended", 1002, "desk", 9, handup_result="Answered by Other Member")

    assert after(phone("callee_ringing", 1002, "desk", 1), ended).result is Result.ANSWERED


def test_a_history_that_nobody_answered_ends_a_call_of_which_a_telephone_was_not_heard() -> None:
    rings = [phone("callee_ringing", 1002, "desk", 1), phone("callee_ringing", 1003, "app", 1)]
    call = after(*rings, phone("callee_missed", 1002, "desk", 30), sample("callee_call_log_completed"))

    assert (call.state, call.result) == (State.ENDED, Result.MISSED)


def test_a_history_of_who_handed_the_call_on_ends_it_for_nobody_else() -> None:
    history = message("callee_call_log_completed")
    history["payload"]["object"]["call_logs"][0]["result"] = "Call connected"
    call = after(sample("callee_ringing"), sample("callee_answered"), read(history))

    assert call.state is State.ANSWERED


def test_a_voicemail_tells_how_a_missed_call_ended() -> None:
    call = after(
        sample("callee_ringing"),
        phone("callee_missed", 1002, "MAC_Client(6.1.0.1000)", 30000),
        sample("voicemail_received"),
    )

    assert (call.state, call.result) == (State.ENDED, Result.VOICEMAIL)


@pytest.mark.parametrize(
    ("entry", "caller"),
    [
        ({"caller_number": "1045", "caller_did_number": "+17135550145"}, Internal("1045", "1045")),
        (
            {
                "caller_did_number": "+17135550145",
                "caller_ext_number": "1045",
                "connect_type": "internal",
            },
            Internal("1045", "1045"),
        ),
        (
            {
                "caller_did_number": "+442079460958",
                "caller_ext_number": "1045",
                "connect_type": "external",
            },
            LONDON,
        ),
        ({"caller_did_number": "+442079460958", "hide_caller_id": True}, Withheld("+442079460958")),
        ({"caller_number_type": "anonymous_number"}, Withheld("")),
    ],
)
def test_a_history_names_who_called(entry: dict[str, Any], caller: object) -> None:
    told = message("callee_call_element_completed", call_elements=[{"call_id": "7", **entry}])

    assert read(told)[0].caller == caller


def test_a_history_of_several_calls_is_an_event_of_each() -> None:
    entries = [{"call_id": at, "result": "answered"} for at in ("7", "8")]
    events = read(message("callee_call_element_completed", call_elements=entries))

    assert [event.provider_id for event in events] == ["7", "8"]
    assert len({event.key for event in events}) == 2


@pytest.mark.parametrize(
    ("event", "agents", "answered_by"),
    [
        ("blind_transfer_initiated", ("+442079460999",), None),
        ("warm_transfer_completed", ("+442079460999",), "+442079460999"),
    ],
)
def test_a_transfer_moves_the_call(event: str, agents: tuple[str, ...], answered_by: str | None) -> None:
    told = message("blind_transfer_initiated", event=event, transfer_phone_number="+44 20 7946 0999")
    (moved,) = read(told)

    assert (moved.happening, moved.agents, moved.answered_by) == (
        Happening.TRANSFERRED,
        agents,
        answered_by,
    )


@pytest.mark.parametrize(
    "told",
    [
        message("blind_transfer_initiated", failure_reason="busy"),
        message("blind_transfer_initiated", transfer_phone_number=""),
        message("blind_transfer_initiated", event="warm_transfer_initiated"),
        message("blind_transfer_initiated", event="conference_started"),
        message("callee_ringing", event="callee_mute"),
        message("callee_ringing", event="recording_started"),
        message("callee_ringing", call_id=None),
        message("callee_call_log_completed", call_logs=[{}, None]),
        {"event": "phone.callee_ringing", "payload": {"object": []}},
        {},
    ],
)
def test_what_changes_no_call_is_no_event(told: dict[str, Any]) -> None:
    assert read(told) == ()


def test_the_answer_is_an_ok_that_holds_nothing() -> None:
    (event,) = sample("callee_ringing")
    call = advance(None, event, 0.0)
    told = Told(
        Request({}, "", b""), event, call, Lookup(Outcome.WITHHELD, call.caller), b'{"a": 1}', b'{"b": 1}'
    )

    for answered in (ZOOM.answer(told), ZOOM.nothing):
        assert (answered.status, answered.body) == (200, b"{}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
EVENTS = [
    "callee_ringing",
    "callee_answered",
    "callee_ended",
    "caller_ringing",
    "blind_transfer_initiated",
    "voicemail_received",
    "callee_call_log_completed",
]
NAMES = st.sampled_from(["caller", "callee", "forwarded_by", "transfer_phone_number", "call_logs", "result"])
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "event": st.sampled_from([f"phone.{event}" for event in EVENTS]) | VALUES,
        "event_ts": VALUES,
        "payload": st.fixed_dictionaries(
            {
                "object": st.builds(
                    lambda call, call_id: {**call, "call_id": call_id},
                    st.dictionaries(NAMES, VALUES),
                    st.just("7") | VALUES,
                )
            }
        )
        | VALUES,
    }
).map(lambda told: json.dumps(told).encode())


@given(BODIES)
@settings(max_examples=200)
def test_any_bytes_are_refused_and_are_an_event_or_rejected(written: bytes) -> None:
    with pytest.raises(Unverified):
        verify(Request({"x-zm-signature": "v0=00", "x-zm-request-timestamp": str(NOW)}, "", written), SECRET)
    try:
        ZOOM.read(Request({}, "", written), FACTS)
    except Rejected:
        return
