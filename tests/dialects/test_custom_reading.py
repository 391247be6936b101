"""What a description reads: bodies of every kind, values on their way out of them, and events."""

import json
import tomllib
from typing import Any, Final

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.dialects.custom import described
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.errors import Rejected
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.rehearsal import Headers
from cti_lookup.telephone import E164, Dialled, Internal, Withheld

FACTS: Final = Facts("desk", "US")
LONDON: Final = "+442079460958"
LEAST: Final = 'event = { fixed = "ringing" }\nremote = "from"\n'


def read(toml: str, body: bytes = b"", target: str = "", **headers: str) -> tuple[CallEvent, ...]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return described(tomllib.loads(toml)).dialect.read(
        Request(Headers(named), "", body, target=target), FACTS
    )


def one(toml: str, body: Any, **headers: str) -> CallEvent:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    (event,) = read(toml, written, **headers)
    return event


def value(setting: str, body: Any) -> str | None:
    """Read a value as the queue, which takes any text."""
    return one(f"{LEAST}queue = {setting}", {"from": "1002", **body}).queue


# Bodies.


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("json", b'{"from": "+442079460958", "a": {"b": ["x", "y"]}}'),
        ("auto", b' {"from": "+442079460958", "a": {"b": ["x", "y"]}}'),
        (
            "xml",
            b'\n<?xml version="1.0"?><e><from>+442079460958</from><a z="1"><b>x</b><n:b xmlns:n="u">y</n:b></a></e>',
        ),
        ("auto", b"<e><from>+442079460958</from><a><b>x</b><b>y</b></a></e>"),
    ],
)
def test_a_body_is_read_by_its_kind(kind: str, body: bytes) -> None:
    root = "e." if body.strip().startswith(b"<") else ""
    event = one(
        f'read = "{kind}"\nevent = {{ fixed = "ringing" }}\nremote = "{root}from"\nagent = "{root}a.b"', body
    )
    assert event.caller == Dialled(LONDON, E164(LONDON))
    assert event.agents == ("x", "y")


def test_attributes_and_text_of_an_element_have_names() -> None:
    toml = 'event = { fixed = "ringing" }\nremote = "/e/from/@number"\nname = "/e/from/#text"'
    event = one(toml, b'<e><from number="1002"> Ada </from></e>')
    assert (event.caller, event.display_name) == (Internal("1002", "1002"), "Ada")


@pytest.mark.parametrize("kind", ["form", "auto"])
def test_a_form_holds_texts_and_lists_and_may_be_latin_1(kind: str) -> None:
    toml = f'read = "{kind}"\n{LEAST}agent = "user"\nqueue = "q"'
    event = one(toml, b"from=%2B442079460958&user%5B%5D=1002&user[]=1003&q=B%FCro")
    assert event.agents == ("1002", "1003")
    assert event.queue == "Büro"
    assert one(toml, b"from=1002&user=a&user=b&q=B%C3%BCro").agents == ("a", "b")
    assert one(toml, b"from=1002&user[]=a").agents == ("a",)


def test_a_form_that_was_fetched_stands_in_the_query() -> None:
    (event,) = read(f'read = "form"\n{LEAST}', target="/webhooks/desk?from=+442079460958")
    assert event.caller == Dialled(" 442079460958", E164(LONDON))


def test_the_query_and_the_headers_can_be_read_beside_a_body() -> None:
    toml = 'event = { query = "e" }\nremote = "from"\nqueue = { header = "X-Queue" }'
    (event,) = read(toml, b'{"from": 1002}', "/webhooks/desk/token?e=missed", X_Queue="Sales")
    assert (event.happening, event.result, event.queue) == (Happening.ENDED, Result.MISSED, "Sales")


@pytest.mark.parametrize("place", ["msg", "/msg", "a.msg", "/a/msg"])
def test_json_inside_json_is_read_whether_it_is_text_or_not(place: str) -> None:
    inside = {"from": "1002"}
    path = place.removeprefix("/").replace("/", ".")
    toml = f'json_at = "{place}"\nevent = {{ fixed = "ringing" }}\nremote = "{path}.from"'
    for written in (inside, json.dumps(inside)):
        body = {"a": {"msg": written}} if "a" in path else {"msg": written}
        assert one(toml, body).caller == Internal("1002", "1002")
    with pytest.raises(Rejected):
        one('json_at = "msg"\n' + LEAST, {"msg": "{"})
    assert one(f'json_at = "{place}"\n{LEAST}', {"from": "1002"}).caller == Internal("1002", "1002")


def test_a_message_may_tell_of_several_calls() -> None:
    toml = (
        'each = "items[?kind == \'call\']"\nevent = { path = "s", map = { r = "ringing", x = "ignore" } }\n'
        'remote = "from"\ncall = "id"\nqueue = { whole = "queue" }\ndedupe = { header = "X-Id" }'
    )
    items = [{"kind": "call", "s": s, "from": "1002", "id": n} for n, s in enumerate("rrxz")]
    body = {"queue": "Sales", "items": [*items, {"kind": "sms"}]}
    events = read(toml, json.dumps(body).encode(), X_Id="one")
    assert [(event.provider_id, event.queue, event.key) for event in events] == [
        ("0", "Sales", "one\n0"),
        ("1", "Sales", "one\n1"),
    ]
    assert read(toml, b'{"items": 5}') == ()
    assert read(toml, b"{}") == ()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("json", b"{"),
        ("json", b"5"),
        ("json", b"[" * 100_000),
        ("auto", b'{"a": ' + b"9" * 5000 + b"}"),
        ("json", b'{"a": 1e999}'),
        ("xml", b"<a>"),
        ("xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("xml", b"<a>" * 40 + b"</a>" * 40),
        ("form", b"a&" * 2000),
    ],
)
def test_a_body_that_cannot_be_read_or_is_too_much_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Rejected):
        read(f'read = "{kind}"\n{LEAST}', body)


# Values.


@pytest.mark.parametrize(
    ("setting", "body", "expected"),
    [
        ('"a.b"', {"a": {"b": "x"}}, "x"),
        ('"/a/0/b"', {"a": [{"b": "x"}]}, "x"),
        ('"/a/7/b"', {"a": [{"b": "x"}]}, None),
        ('"/a~1b/c~0d"', {"a/b": {"c~d": "x"}}, "x"),
        ('"a || b"', {"a": "", "b": "x"}, "x"),
        ('"members[?inbound].inbound.from | [0]"', {"members": [{"x": {}}, {"inbound": {"from": "x"}}]}, "x"),
        ("\"starts_with(a, 'x') && b\"", {"a": 5, "b": "x"}, None),
        ("\"contains('a', a)\"", {"a": 5}, None),
        ('"a[::0]"', {"a": [1]}, None),
        ('"a"', {"a": 9007199254740993}, "9007199254740993"),
        ('"a"', {"a": 1648861726.25}, "1648861726.25"),
        ('"a"', {"a": 5.0}, "5"),
        ('"a"', {"a": True}, "true"),
        ('"a"', {"a": {"b": 1}}, None),
        ('"a"', {"a": None}, None),
        ('"a"', {"a": "  "}, None),
        ('["a", "b"]', {"a": "Ada", "b": "Lovelace"}, "Ada Lovelace"),
        ('{ fixed = "x" }', {}, "x"),
        ('{ path = "a", transform = "strip" }', {"a": " x "}, "x"),
        ('{ path = "a", transform = ["lower"] }', {"a": "ÄX"}, "äx"),
        ('{ path = "a", transform = ["uri_user"] }', {"a": "sip:100@host;x=1"}, "100"),
        ('{ path = "a", transform = ["uri_user"] }', {"a": '"Ada" <sips:a%20b@host>;tag=1'}, "a b"),
        ('{ path = "a", transform = ["uri_user"] }', {"a": "100"}, "100"),
        ('{ path = "a", transform = ["uri_user"] }', {"a": "tel:+1;ext=2"}, "+1"),
        ('{ path = "a", transform = ["url_decode"] }', {"a": "a%20%2B+"}, "a ++"),
        ('{ path = "a", transform = ["base64"] }', {"a": "QWRh"}, "Ada"),
        ('{ path = "a", transform = ["base64"] }', {"a": "w7_DvA"}, "ÿü"),
        ('{ path = "a", transform = ["base64"] }', {"a": "%"}, None),
        ('{ path = "a", transform = ["base64"] }', {"a": "/w=="}, None),
        ('{ path = "a", transform = ["first"] }', {"a": [None, "", "x", "y"]}, "x"),
        ('{ path = "a", transform = [{ regex = "b(.)", group = 1 }] }', {"a": "abc"}, "c"),
        ('{ path = "a", transform = [{ regex = "x" }] }', {"a": "abc"}, None),
        ('{ path = "a", transform = [{ regex = "a" }] }', {"a": "a" * 161}, None),
        ('{ path = "a", transform = [{ regex = "(a)?b", group = 1 }] }', {"a": "b"}, None),
        ('{ path = "a", transform = [{ default = "x" }] }', {"a": ""}, "x"),
        ('{ path = "a", transform = [{ default = "x" }] }', {"a": "y"}, "y"),
        ('{ path = "a", transform = [{ join = "-" }] }', {"a": ["x", 5, {}]}, "x-5"),
        ('{ path = "a", transform = [{ split = "," }, "first"] }', {"a": " x , y"}, "x"),
        ('{ path = "a", transform = [{ map = { x = "y" } }] }', {"a": "X"}, "y"),
        ('{ path = "a", transform = [{ map = { x = "y" } }] }', {"a": "z"}, "z"),
    ],
)
def test_a_value_is_found_and_transformed(setting: str, body: Any, expected: str | None) -> None:
    assert value(setting, body) == expected


@pytest.mark.parametrize(
    "variable",
    [
        "[Number]",
        "$call_id",
        "$caller$",
        "${number}",
        "$(call.id)",
        "{CALLERNUM}",
        "{{call.uuid}}",
        "%PFANI%",
    ],
)
def test_a_variable_that_nobody_filled_in_is_nothing(variable: str) -> None:
    assert value('["a", "b"]', {"a": variable, "b": "x"}) == "x"


def test_a_pattern_looks_at_a_text_of_any_kind_for_a_moment_only() -> None:
    transform = described(
        tomllib.loads(LEAST + "call = { path = 'a', transform = [{ regex = '.*.*.*x' }] }")
    ).meaning.values["call"]
    for length in (10**5, 160):  # exponential time would be longer than anybody waits
        assert transform.transforms[0]("a" * length) is None


# Events.


@pytest.mark.parametrize(
    ("word", "happening", "result"),
    [
        ("ringing", Happening.RINGING, None),
        ("RINGING", Happening.RINGING, None),
        ("answered", Happening.ANSWERED, None),
        ("held", Happening.HELD, None),
        ("voicemail", Happening.VOICEMAIL, None),
        ("transferred", Happening.TRANSFERRED, None),
        ("ended", Happening.ENDED, None),
        ("missed", Happening.ENDED, Result.MISSED),
        ("rejected", Happening.ENDED, Result.REJECTED),
        ("failed", Happening.ENDED, Result.FAILED),
        ("other", Happening.OTHER, None),
    ],
)
def test_our_own_words_need_no_map(word: str, happening: Happening, result: Result | None) -> None:
    event = one('event = "e"\nremote = "from"', {"e": word, "from": "1002"})
    assert (event.happening, event.result) == (happening, result)


@pytest.mark.parametrize(
    "body", [b'{"e": "ignore", "from": "1"}', b'{"e": "digits"}', b"{}", b'{"e": {}}', b"[]"]
)
def test_what_is_no_event_of_a_call_tells_nothing(body: bytes) -> None:
    assert read('event = "e"\nremote = "from"', body) == ()


def test_a_map_is_all_that_is_understood_in_any_letter_case() -> None:
    toml = 'event = { path = "e", map = { Ring = "ringing", 30008 = "ended" }, otherwise = "other" }\nremote = "f"'
    assert one(toml, {"e": "RING"}).happening is Happening.RINGING
    assert one(toml, {"e": 30008}).happening is Happening.ENDED
    assert one(toml, {"e": "answered"}).happening is Happening.OTHER


def test_rules_are_tried_in_their_order_before_the_map() -> None:
    toml = (
        'remote = "f"\n[event]\npath = "e"\nrules = [\n'
        "{ when = \"members[?status == 'ANSWER']\", is = 'answered' },\n"
        "{ when = \"members[?status == 'RING']\", is = 'ringing' },\n"
        "{ when = \"length(members) > `0`\", is = 'ended' }]"
    )

    def happening(*states: str) -> Happening:
        return one(toml, {"e": "other", "members": [{"status": state} for state in states]}).happening

    assert happening("RING", "BYE") is Happening.RINGING
    assert happening("RING", "ANSWER") is Happening.ANSWERED
    assert happening("BYE", "BYE") is Happening.ENDED
    assert happening() is Happening.OTHER


def test_who_is_outside_goes_by_the_direction_where_both_are_told() -> None:
    toml = 'event = { fixed = "ringing" }\ndirection = "d"\nfrom = "a"\nto = "b"'
    told = {"a": LONDON, "b": "+17135550142"}
    inbound, outbound = one(toml, told | {"d": "In"}), one(toml, told | {"d": "outbound"})
    assert (inbound.direction, inbound.caller, inbound.callee) == (
        Direction.INBOUND,
        Dialled(LONDON, E164(LONDON)),
        "+17135550142",
    )
    assert (outbound.direction, outbound.caller, outbound.callee) == (
        Direction.OUTBOUND,
        Dialled("+17135550142", E164("+17135550142")),
        LONDON,
    )
    assert one(toml, told | {"d": "sideways"}).direction is Direction.INBOUND
    assert one(toml, {"a": "", "b": LONDON}).caller == Withheld("")  # and never the other party


@pytest.mark.parametrize("sent", [LONDON, "442079460958", 442079460958])
def test_a_number_without_its_sign_is_the_same_in_any_region(sent: Any) -> None:
    event = one(f"{LEAST}signless = true\nown = 'to'", {"from": sent, "to": sent})
    assert isinstance(event.caller, Dialled)
    assert event.caller.number == E164(LONDON)
    assert event.callee == LONDON


@pytest.mark.parametrize(
    ("flag", "hidden"),
    [
        (True, True),
        ("true", True),
        ("id", True),
        (1, True),
        (False, False),
        ("false", False),
        ("", False),
        (0, False),
        ("0", False),
        (None, False),
    ],
)
def test_a_flag_beside_a_number_withholds_it(flag: Any, *, hidden: bool) -> None:
    event = one(f'{LEAST}withheld = "private"', {"from": LONDON, "private": flag})
    assert event.caller == (Withheld(LONDON) if hidden else Dialled(LONDON, E164(LONDON)))


def test_an_event_without_a_party_names_nobody() -> None:
    assert one(LEAST, {"x": 1}).caller is None
    assert one(LEAST, {"from": ["", LONDON]}).caller == Dialled(LONDON, E164(LONDON))


def test_the_one_agent_of_an_answer_has_answered() -> None:
    toml = 'event = { fixed = "answered" }\nremote = "from"\nagent = ["user", "more"]\nanswered_by = "by"'
    assert one(toml, {"user": "a"}).answered_by == "a"
    assert one(toml, {"user": "a", "by": "b"}).answered_by == "b"
    assert one(toml, {"user": ["a", "b"], "more": "c"}).answered_by is None
    assert one(toml, {"user": ["a", "b"], "more": ["c", "a"]}).agents == ("a", "b", "c")


@pytest.mark.parametrize(
    ("unit", "sent"),
    [
        ("s", 1780308000),
        ("s", "1780308000"),
        ("ms", 1780308000000),
        ("ms", "1780308000000"),
        ("iso", "2026-06-01T10:00:00Z"),
        ("iso", "2026-06-01T12:00:00.000+0200"),
        ("iso", "2026-06-01 10:00:00"),
        ("rfc2822", "Mon, 01 Jun 2026 10:00:00 +0000"),
        ("rfc2822", "Mon, 01 Jun 2026 10:00:00 -0000"),
        ("number", "1780308000"),
    ],
)
def test_a_time_is_read_in_its_unit(unit: str, sent: Any) -> None:
    toml = f'{LEAST}time = {{ path = "t", unit = "{unit}" }}\norder = {{ path = "t", unit = "{unit}" }}'
    event = one(toml, {"t": sent})
    assert event.occurred_at == event.order == 1780308000.0


@pytest.mark.parametrize("unit", ["s", "ms", "iso", "rfc2822", "number"])
@pytest.mark.parametrize("sent", [None, "", "soon", -1, True, [], {}, "9" * 20, 1e300, "٣", "1_0"])
def test_what_is_no_time_orders_nothing(unit: str, sent: Any) -> None:
    assert one(f'{LEAST}order = {{ path = "t", unit = "{unit}" }}', {"t": sent}).order is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("A", Attestation.FULL),
        ("c", Attestation.GATEWAY),
        ("TN-Validation-Passed", Attestation.FULL),
        ("TN-Validation-Failed-B", Attestation.FAILED),
        ("No-TN-Validation", None),
        (None, None),
    ],
)
def test_an_attestation_is_a_letter_or_a_verstat(sent: Any, expected: Attestation | None) -> None:
    assert one(f'{LEAST}attestation = "v"', {"v": sent}).attestation is expected


def test_how_a_call_ended_is_told_by_an_end_only() -> None:
    toml = (
        'event = "e"\nremote = "from"\n'
        'result = { path = "cause", map = { NO_ANSWER = "missed", BUSY = "rejected" } }'
    )
    assert one(toml, {"e": "ended", "cause": "BUSY"}).result is Result.REJECTED
    assert one(toml, {"e": "missed", "cause": "x"}).result is Result.MISSED
    assert one(toml, {"e": "ringing", "cause": "BUSY"}).result is None


def test_keys_are_joined_and_the_body_itself_can_be_one() -> None:
    assert one(f'{LEAST}dedupe = ["id", "e"]', {"id": 7, "e": "x"}).key == "7\nx"
    toml = f'{LEAST}dedupe = {{ body = "sha256" }}'
    assert one(toml, {"a": 1}).key != one(toml, {"a": 2}).key
    assert one(toml, {"a": 1}).key == one(toml, {"a": 1}).key


EVERYTHING: Final = (
    'event = { path = "e", rules = [{ when = "length(a) > `1`", is = "held" }], otherwise = "ringing" }\n'
    'direction = "d"\nfrom = "a"\nto = "b"\nown = "a.b"\nwithheld = "c"\ncall = "a || b"\nleg = "/a/0"\n'
    'continues = "b"\nagent = ["a", "b", "c"]\nanswered_by = "sort(a)"\nqueue = { path = "a", transform = ["strip",'
    ' "lower", "uri_user", "url_decode", "base64", { split = "," }, { join = "x" }, { regex = "a" }, "first"] }\n'
    'name = { header = "X" }\nresult = "a"\nattestation = "b"\ndedupe = ["a", { body = "sha256" }]\ntime = "a"\n'
    'order = { path = "b", unit = "iso" }\nsignless = true\njson_at = "a"\neach = "[@, a, b][]"\n'
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(
    body=st.binary(max_size=80)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from("abcde"), JSON).map(lambda value: json.dumps(value).encode()),
    kind=st.sampled_from(["auto", "json", "form", "query", "xml"]),
    target=st.text(max_size=20),
)
def test_any_bytes_are_events_or_refused(body: bytes, kind: str, target: str) -> None:
    try:
        events = read(f'read = "{kind}"\n{EVERYTHING}', body, target)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)


@settings(max_examples=20)
@given(claims=st.dictionaries(st.sampled_from("abcde"), JSON, max_size=4))
def test_any_claims_are_events(claims: dict[str, Any]) -> None:
    body = jwt.encode(claims, "a secret of a length that is enough", "HS256").encode()
    toml = f'auth = {{ jwt = {{ where = "body" }} }}\n{EVERYTHING.replace("json_at = ", "# ")}'
    try:
        events = read(toml, body)
    except Rejected:
        return
    assert all(isinstance(event, CallEvent) for event in events)
