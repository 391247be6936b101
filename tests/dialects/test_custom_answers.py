"""How a described source is answered: a document from a fixed set, and handshakes that prove nothing to strangers."""

import hashlib
import hmac
import json
import tomllib
from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Answer, Lookup, Outcome, PersonSummary, Tier, encode_call, encode_lookup
from cti_lookup.calls import advance
from cti_lookup.dialects.custom import described
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.errors import Unverified
from cti_lookup.rehearsal import Headers

NOW: Final = 1780308000.0
SECRET: Final = b"the-secret"
LEAST: Final = 'event = { fixed = "ringing" }\nremote = "from"\n'
MATCH: Final = {"rule": "e164", "label": "work", "telephone": "+442079460958"}


def dialect(more: str) -> Dialect:
    return described(tomllib.loads(LEAST + more)).dialect


def person(name: str) -> dict[str, Any]:
    nothing = dict.fromkeys(PersonSummary.__struct_fields__)
    said = {"id": 30, "name": name, "vip": True, "organization": {"id": 1, "name": "Widgets"}, "match": MATCH}
    return nothing | said | {"disabled": False}


def told(made: Dialect, *names: str) -> Told:
    request = Request({}, "", b'{"from": "+442079460958"}')
    (event,) = made.read(request, Facts("desk", None))
    call = advance(None, event, NOW)
    people = json.dumps([person(name) for name in names]).encode()
    outcome = Outcome.MATCHED if names else Outcome.NOBODY
    lookup = Lookup(outcome, call.caller, Answer(people, False, 0.0), Tier.MEMORY)
    encoded = encode_lookup(lookup)
    return Told(request, event, call, lookup, encode_call(call, encoded), encoded)


def answered(respond: str, *names: str) -> Answered:
    made = dialect(f"respond = {respond}")
    return made.answer(told(made, *names))


@pytest.mark.parametrize(
    ("respond", "status", "kind", "body"),
    [
        ('"empty"', 204, "text/plain", b""),
        ('{ body = "empty", status = 200 }', 200, "text/plain", b""),
        ('"json"', 200, "application/json", b"{}"),
        ('"list"', 200, "application/json", b"[]"),
        ('"xml"', 200, "application/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>'),
        ('{ body = "xml", content_type = "text/xml", status = 202 }', 202, "text/xml", None),
        ('"name"', 200, "text/plain", b"Ada Lovelace (Widgets)"),
    ],
)
def test_an_answer_is_one_of_a_few_documents(
    respond: str, status: int, kind: str, body: bytes | None
) -> None:
    given_back = answered(respond, "Ada Lovelace")
    assert (given_back.status, given_back.content_type) == (status, kind)
    assert body is None or given_back.body == body


def test_the_neutral_answer_is_well_formed_where_there_is_no_call() -> None:
    assert dialect('respond = "name"').nothing.body == b""
    assert json.loads(dialect('respond = "contact"').nothing.body) == {}
    assert json.loads(dialect('respond = "list"').nothing.body) == []
    assert fromstring(dialect('respond = "xml"').nothing.body).tag == "Response"  # noqa: S314  # our own


def test_only_who_wants_the_person_waits_for_them() -> None:
    waiting = {"name", "contact", "lookup"}
    for respond in ("empty", "json", "list", "xml", *waiting):
        assert dialect(f'respond = "{respond}"').waits == (respond in waiting)


def test_a_contact_is_flat_and_its_outcome_is_told() -> None:
    contact = json.loads(answered('"contact"', "Ada Lovelace", "Ben").body)
    assert (contact["outcome"], contact["name"], contact["organization"]) == (
        "matched",
        "Ada Lovelace",
        "Widgets",
    )
    nobody = json.loads(answered('"contact"').body)
    assert (nobody["outcome"], nobody["name"]) == ("nobody", None)


def test_a_lookup_is_answered_as_the_generic_dialect_does() -> None:
    whole = json.loads(answered('"lookup"', "Ada").body)
    assert (whole["call"]["state"], whole["lookup"]["people"][0]["name"]) == ("ringing", "Ada")


def test_a_name_that_is_syntax_on_telephones_is_no_syntax() -> None:
    assert answered('"name"', "Ada\r\n${x}'; <b>%s").body == b"Ada x bs (Widgets)"


# Handshakes.


def greet(
    handshake: str,
    headers: Mapping[str, str] | None = None,
    *,
    target: str = "",
    body: bytes = b"",
    auth: str = "",
) -> Answered | None:
    made = dialect(f"{auth}\nhandshake = [{handshake}]")
    method = "POST" if body else "OPTIONS"
    return made.greet(Request(Headers(headers or {}), "", body, method, target), (b"old", SECRET), NOW)


def test_a_header_is_echoed() -> None:
    given_back = greet('{ echo_header = "Validation-Token" }', {"validation-token": "abc-1"})
    assert given_back is not None
    assert (given_back.status, given_back.headers["Validation-Token"]) == (200, "abc-1")


def test_a_part_of_the_query_is_echoed_as_text() -> None:
    given_back = greet('{ echo_query = "hub.challenge" }', target="/x?hub.challenge=a1%2Bb")
    assert given_back is not None
    assert (given_back.body, given_back.content_type) == (b"a1+b", "text/plain")
    assert given_back.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("word", ["", "a b", "<script>", "a\r\nX: y", "ä", "a" * 1001])
def test_no_more_than_a_short_plain_word_is_echoed(word: str) -> None:
    assert greet('{ echo_header = "V" }', {"V": word}) is None
    assert greet('{ echo_query = "v" }', target=f"/x?v={word}") is None
    assert greet('{ echo_query = "v" }', target="/x?v=a&v=b") is None


CHALLENGE: Final = (
    '{ challenge = { when = "event == \'endpoint.url_validation\'", word = "payload.plainToken",'
    ' word_as = "plainToken", hmac_as = "encryptedToken" } }'
)
SIGNED: Final = (
    'auth = { hmac = { header = "x-sig", prefix = "v0=", template = "v0:{time}:{body}",'
    ' timestamp = { header = "x-at" } } }'
)
ASKED: Final = b'{"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}'


def signature(body: bytes, secret: bytes = SECRET) -> dict[str, str]:
    made = hmac.new(secret, b"v0:1780308000:" + body, hashlib.sha256).hexdigest()
    return {"x-sig": f"v0={made}", "x-at": "1780308000"}


def test_a_challenge_is_answered_with_the_secret_that_the_sender_used() -> None:
    for secret in (SECRET, b"old"):
        given_back = greet(CHALLENGE, signature(ASKED, secret), body=ASKED, auth=SIGNED)
        assert given_back is not None
        assert json.loads(given_back.body) == {
            "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
            "encryptedToken": hmac.new(secret, b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest(),
        }


def test_a_challenge_is_zooms_where_its_secret_is() -> None:
    """Computed from Zoom's documented algorithm with the token of its example and the secret `123abc`."""
    made = dialect(f"handshake = [{CHALLENGE}]")
    given_back = made.greet(Request({}, "", ASKED), (b"123abc",), NOW)
    assert given_back is not None
    expected = "b4e332d412ca93c58ca1c6424290714dda3792ca37254bb0040a1603624c5c14"
    assert json.loads(given_back.body)["encryptedToken"] == expected


def test_a_challenge_of_a_stranger_is_refused() -> None:
    with pytest.raises(Unverified):
        greet(CHALLENGE, body=ASKED, auth=SIGNED)
    with pytest.raises(Unverified):
        greet(CHALLENGE, signature(ASKED, b"another"), body=ASKED, auth=SIGNED)


@pytest.mark.parametrize(
    "word", ["", "short", "v0:1780308000:{}", '{"a":1}', "a" * 129, "ä" * 10, "a=b&c=d+e"]
)
def test_a_challenge_signs_nothing_that_could_be_a_request(word: str) -> None:
    body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": word}}).encode()
    assert greet(CHALLENGE, signature(body), body=body, auth=SIGNED) is None


def test_consent_to_cloudevents_is_given() -> None:
    given_back = greet("{ cloudevents = true }", {"WebHook-Request-Origin": "events.example"})
    assert given_back is not None
    assert given_back.headers["WebHook-Allowed-Origin"] == "events.example"


@settings(max_examples=25)
@given(body=st.binary(max_size=40), word=st.text(max_size=20), target=st.text(max_size=20))
def test_any_bytes_are_a_greeting_or_none(body: bytes, word: str, target: str) -> None:
    handshakes = f'{{ echo_header = "V" }}, {{ echo_query = "v" }}, {CHALLENGE}, {{ cloudevents = true }}'
    given_back = greet(handshakes, {"V": word}, target=target, body=body)
    assert given_back is None or given_back.status == 200
