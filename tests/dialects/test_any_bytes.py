"""Whatever bytes arrive, in whatever order: an event or a refusal, and a call that makes sense."""

import os
from itertools import count
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome, encode_call, encode_lookup
from cti_lookup.calls import Call, CallBook, State, advance
from cti_lookup.dialects import DIALECTS, Answered, Dialect, Facts, Request, Told
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent
from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Act, Place, Scene, Sent
from cti_lookup.playing.sending import requests as requests_of

EXAMPLES: Final = int(os.environ.get("CTI_TEST_EXAMPLES", "40"))
NOW: Final = 1_795_291_200.0
SECRETS: Final = (b"0123456789abcdef0123456789abcdef", b"whsec_AAECAwQFBgcICQ==", b"")
PRIVATE_KEY: Final = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PRIVATE: Final = frozenset({"telnyx", "texml"})
UNCOVERED: Final = frozenset({"aircall", "ringcentral"})
"""Whose senders show a token, and sign nothing."""

NAMES: Final = sorted(DIALECTS)
SCENE: Final = Scene("0123456789abcdef" * 2, "+442079460958", "+17135550100", NOW, NOW)

HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "Validation-Token",
    "Verification-Token",
    "WebHook-Request-Origin",
    "X-API-Key",
    "X-PLACETEL-SIGNATURE",
    "X-Plivo-Signature-Ma-V3",
    "X-Plivo-Signature-V2",
    "X-Plivo-Signature-V3",
    "X-Plivo-Signature-V3-Nonce",
    "X-Signature",
    "X-SignalWire-Signature",
    "X-Spark-Signature",
    "X-Twilio-Signature",
    "X-Twilio-Webhooks-Signature-Settings",
    "ce-id",
    "ce-source",
    "ce-time",
    "ce-type",
    "telnyx-signature-ed25519",
    "telnyx-timestamp",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-zm-request-timestamp",
    "x-zm-signature",
)


def sent(name: str) -> list[Sent]:
    """Give what a dialect's script sends."""
    secret = PRIVATE_KEY if name in PRIVATE else SECRETS[0]
    url, numbers = f"https://cti.example/webhooks/{name}", count()
    place = Place(url, url, secret, NOW, "")
    parts = requests_of(PLAYERS[name], SCENE, place, whole=True, nonces=lambda: f"n{next(numbers)}")
    return [one for _, one in parts]


def as_heard(one: Sent) -> Request:
    """Give a request as it arrives."""
    target = one.url.removeprefix("https://cti.example")
    query = "" if one.body else target.partition("?")[2]
    return Request(CIMultiDict(one.headers), query, one.body, one.method, target, "https://cti.example")


def scripted(name: str) -> list[Request]:
    return [as_heard(one) for one in sent(name)]


SCRIPTS: Final = {name: scripted(name) for name in NAMES}


def events_of(name: str, request: Request) -> tuple[CallEvent, ...]:
    return DIALECTS[name].read(request, Facts("front-desk", "US", NOW))


TOLD: Final = {
    name: [event for request in SCRIPTS[name] for event in events_of(name, request)] for name in NAMES
}

BODIES: Final = [request.body for script in SCRIPTS.values() for request in script]
WIRE_TEXT: Final = st.binary(max_size=60).map(lambda wire: wire.decode(errors="surrogateescape"))
"""Headers and targets as aiohttp gives them."""

TIMES: Final = st.sampled_from([str(int(NOW)), str(int(NOW * 1000)), "1_0", "٣", "-1", "9" * 40])


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Draw a body of some script with a piece of it cut out, doubled, or replaced."""
    body = draw(st.sampled_from(BODIES))
    start, end = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
    return body[:start] + draw(st.one_of(st.binary(max_size=20), st.just(body[start:end] * 2))) + body[end:]


JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def swapped(draw: st.DrawFn) -> bytes:
    """Draw a JSON body of some script in which some value is another, of whatever type."""
    value: Any = msgspec.json.decode(draw(st.sampled_from([body for body in BODIES if body[:1] == b"{"])))
    inside = value
    while isinstance(inside, dict | list) and inside:
        places = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        place = draw(st.sampled_from(places))
        if draw(st.booleans()) or not isinstance(inside[place], dict | list):
            inside[place] = draw(JSON_VALUES)
            break
        inside = inside[place]
    return msgspec.json.encode(value)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    names = draw(st.lists(st.sampled_from(HEADERS), max_size=6))
    headers = CIMultiDict((name, draw(st.one_of(WIRE_TEXT, TIMES))) for name in names)
    body = draw(st.one_of(st.just(b""), st.binary(max_size=200), st.sampled_from(BODIES), bent(), swapped()))
    query = draw(
        st.one_of(WIRE_TEXT, st.sampled_from([one.query for script in SCRIPTS.values() for one in script]))
    )
    return Request(
        headers,
        "" if body else query,
        body,
        draw(st.sampled_from(["POST", "GET", "OPTIONS", "PUT"])),
        f"/webhooks/front-desk?{query}",
        draw(st.sampled_from(["https://cti.example", "", "http://[", "https://cti.example:443"])),
        draw(st.sampled_from(["", "0123456789abcdef0123456789abcdef"])),
    )


def is_well_formed(answered: Answered) -> bool:
    """Tell whether an answer is what it says it is, and no header holds a second line."""
    if "json" in answered.content_type and answered.body:
        msgspec.json.decode(answered.body)
    if "xml" in answered.content_type:
        ET.fromstring(answered.body)  # noqa: S314  # our own
    texts = (answered.content_type, *answered.headers, *answered.headers.values())
    return answered.status in range(200, 300) and not any(set("\r\n") & set(text) for text in texts)


def is_sane(event: CallEvent) -> bool:
    """Tell whether an event can be stored: texts that are bounded and can be encoded, times that are times."""
    texts = (event.provider_id, event.callee, event.answered_by, event.queue, event.display_name, event.leg)
    known = [text for text in (*texts, event.continues, *event.agents) if text is not None]
    times = [time for time in (event.order, event.occurred_at) if time is not None]
    return (
        event.source == "front-desk"
        and len(event.agents) <= 100
        and all(0 < len(text) <= 1000 for text in known)
        and all(time == time and abs(time) < 10**20 for time in times)  # noqa: PLR0124  # NaN is not
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(request=requests())
def test_any_request_is_greeted_verified_or_refused(name: str, request: Request) -> None:
    dialect = DIALECTS[name]
    try:
        greeted = dialect.greet(request, SECRETS, NOW)
        assert greeted is None or is_well_formed(greeted)
        if dialect.verify is not None:
            dialect.verify(request, SECRETS, NOW)
    except Unverified as refused:
        assert refused.reason  # noqa: PT017  # that it is refused is not what is claimed


@pytest.mark.parametrize("name", NAMES)
def test_what_is_played_is_verified(name: str) -> None:
    for request in SCRIPTS[name]:
        verified(name, request)


@pytest.mark.parametrize("name", [name for name in NAMES if DIALECTS[name].verify and name not in UNCOVERED])
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_what_is_played_is_refused_when_a_byte_of_its_body_is_another(name: str, data: st.DataObject) -> None:
    request = data.draw(st.sampled_from(SCRIPTS[name]))
    place = data.draw(st.integers(0, len(request.body) - 1))
    body = request.body[:place] + bytes([request.body[place] ^ 1]) + request.body[place + 1 :]

    with pytest.raises(Unverified):
        verified(name, msgspec.structs.replace(request, body=body))


def verified(name: str, request: Request) -> None:
    """Verify a request with what the source would hold. Raises `Unverified`."""
    held = PLAYERS[name].secret_of(PRIVATE_KEY if name in PRIVATE else SECRETS[0])
    if (verify := DIALECTS[name].verify) is not None:
        verify(request, (held,), NOW)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(request=requests(), region=st.sampled_from(["US", "DE", None]))
def test_any_request_is_read_or_refused_and_the_answer_is_well_formed(
    name: str, request: Request, region: str | None
) -> None:
    dialect = DIALECTS[name]
    try:
        events = dialect.read(request, Facts("front-desk", region, NOW))
    except Rejected:
        return
    assert all(is_sane(event) for event in events)
    assert all(is_well_formed(answer_to(dialect, request, event)) for event in events)


def answer_to(dialect: Dialect, request: Request, event: CallEvent) -> Answered:
    call = advance(None, event, NOW)
    lookup = Lookup(Outcome.UNAVAILABLE, call.caller)
    written = encode_lookup(lookup)
    hook = "https://cti.example/webhooks/front-desk"
    return dialect.answer(Told(request, event, call, lookup, encode_call(call, written), written, hook))


@pytest.mark.parametrize("name", NAMES)
def test_what_answers_a_request_without_a_call_is_well_formed(name: str) -> None:
    assert is_well_formed(DIALECTS[name].nothing)


def told(events: list[CallEvent]) -> list[Call]:
    """Tell a book of calls events, a second apart; give the call after each."""
    book = CallBook(lambda: 0.0)
    return [book.hear(event, NOW + number).call for number, event in enumerate(events)]


def seen(call: Call) -> tuple[object, ...]:
    """Give what is seen of a call but for its id and its times."""
    return (call.state, call.result, call.caller, call.direction, call.answered_by, call.queue, call.agents)


def outcome(call: Call) -> tuple[object, ...]:
    """Give what does not hang on which telephone told of it first."""
    return (call.state, call.result, call.caller, call.direction)


def makes_sense(call: Call) -> bool:
    """Tell whether what is said of a call can be true of one."""
    ended = call.state is State.ENDED
    talked = call.state in (State.ANSWERED, State.HELD)
    return (
        ended == (call.ended_at is not None)
        and ended == (call.result is not None)
        and (not talked or call.answered_at is not None)
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_events_in_any_order_repeated_or_lost_give_calls_that_make_sense(
    name: str, data: st.DataObject
) -> None:
    events = data.draw(st.lists(st.sampled_from(TOLD[name]), max_size=12))

    calls = told(events)

    assert all(makes_sense(call) for call in calls)
    assert all(msgspec.json.decode(encode_call(call, b"{}")) for call in calls)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_an_event_that_is_repeated_at_once_changes_nothing(name: str, data: st.DataObject) -> None:
    events = data.draw(st.permutations(TOLD[name]))
    doubled = [event for event in events for _ in range(2)]

    assert seen(told(doubled)[-1]) == seen(told(events)[-1])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_whole_script_that_comes_again_leaves_an_ended_call_ended(name: str, data: st.DataObject) -> None:
    if PLAYERS[name].script[-1][0] is not Act.HANG_UP or any(one.provider_id is None for one in TOLD[name]):
        return
    late = data.draw(st.permutations(TOLD[name]))

    assert told(TOLD[name])[-1].state is State.ENDED
    assert told([*TOLD[name], *late])[-1].state is State.ENDED


@pytest.mark.parametrize("name", [name for name in NAMES if all(one.order is not None for one in TOLD[name])])
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_numbered_events_give_the_same_call_in_whatever_order_they_arrive(
    name: str, data: st.DataObject
) -> None:
    shuffled, in_order = told(data.draw(st.permutations(TOLD[name])))[-1], told(TOLD[name])[-1]

    assert outcome(shuffled) == outcome(in_order)
