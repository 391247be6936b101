"""Descriptions: what is wrong in one is said in words, all of it at once, with its place and never its value."""

import tomllib
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.dialects.custom import Custom, DescriptionError, described
from cti_lookup.errors import SettingsError
from cti_lookup.settings import load_settings

LEAST: Final = 'event = { fixed = "ringing" }\nremote = "from"\n'
SECRET: Final = "hunter2-gEh3im"


def compiled(toml: str) -> Custom:
    return described(tomllib.loads(toml))


def faults(toml: str) -> tuple[str, ...]:
    with pytest.raises(DescriptionError) as wrong:
        compiled(toml)
    return wrong.value.faults


def test_the_least_that_can_be_described_is_an_event_and_a_party() -> None:
    made = compiled(LEAST).dialect
    assert (made.name, made.verify, made.timeless, made.waits) == ("custom", None, False, False)
    assert compiled('event = "event"\nfrom = "a"\nto = "b"').dialect.name == "custom"


@pytest.mark.parametrize(
    ("toml", "place", "what"),
    [
        ('event = "a"', "remote", "is needed"),
        ('remote = "a"', "event", "is needed"),
        ('event = "a"\nfrom = "a"', "remote", "is needed"),
        (LEAST + 'from = "a"\nto = "b"', "remote", "leave it out"),
        (LEAST + 'call = "a..b"', "call", "at character 3"),
        (LEAST + 'call = "a[?b == "', "call", "ends too early"),
        (LEAST + 'call = "$x"', "call", "at character 1"),
        (LEAST + 'call = "lengthh(a)"', "call", "a function that JMESPath has not"),
        (LEAST + 'call = "a[?starts_with(b)]"', "call", "too many or too few arguments"),
        (LEAST + 'call = "/a/~2"', "call", "no JSON Pointer"),
        (LEAST + 'call = ""', "call", "is empty"),
        (LEAST + "call = 5", "call", "a path, a table"),
        (LEAST + "call = []", "call", "a path, a table"),
        (LEAST + f'call = "{"a" * 1001}"', "call", "longer than"),
        (LEAST + f'call = "{"[" * 999}"', "call", "no JMESPath"),
        (LEAST + "call = {}", "call", "one of path, whole, header, query, fixed, body"),
        (LEAST + 'call = { path = "a", header = "b" }', "call", "one of path"),
        (LEAST + 'call = { path = "a", trans = 1 }', "call.trans", "no setting here"),
        (LEAST + 'call = { path = "a", transform = "stripp" }', "call.transform[1]", "it knows strip, lower"),
        (
            LEAST + 'call = { path = "a", transform = ["strip", { x = 1 }] }',
            "call.transform[2]",
            "one of regex",
        ),
        (
            LEAST + 'call = { path = "a", transform = [{ regex = "(" }] }',
            "call.transform[1].regex",
            "regular",
        ),
        (
            LEAST + 'call = { path = "a", transform = [{ regex = "a", group = 1 }] }',
            "call.transform[1].regex",
            "as many groups",
        ),
        (LEAST + 'call = { path = "a", transform = [{ map = 1 }] }', "call.transform[1].map", "is a table"),
        (LEAST + 'agent = ["a", "b["]', "agent[2]", "ends too early"),
        (LEAST + 'read = "yaml"', "read", "auto, json, form, query, xml, jwt"),
        (LEAST + 'read = "jwt"', "read", "auth.jwt.where"),
        (LEAST + 'read = "json"\nauth = { jwt = { where = "body" } }', "read", "auth.jwt.where"),
        (LEAST + 'json_at = "/a/~"', "json_at", "JSON Pointer"),
        (LEAST + 'json_at = "a..b"', "json_at", "dots"),
        (LEAST + "json_at = 5", "json_at", "a list of texts"),
        (LEAST + 'each = "a["', "each", "ends too early"),
        (LEAST + 'signless = "yes"', "signless", "true or false"),
        (LEAST + 'colour = "red"', "colour", "known are auth, read"),
        (LEAST + 'direction = { fixed = "up" }', "direction.fixed", "in, inbound"),
        (LEAST + 'direction = { path = "a", map = { x = "up" } }', "direction.map.x", "in, inbound"),
        (LEAST + 'result = { path = "a", otherwise = "x" }', "result.otherwise", "missed"),
        (LEAST + 'time = { path = "a", unit = "h" }', "time.unit", "s, ms, iso"),
        (LEAST + 'respond = "html"', "respond", "empty, json, list, xml, name, contact, lookup"),
        (LEAST + 'respond = { body = "json", status = 404 }', "respond.status", "from 200 to 299"),
        (LEAST + 'respond = { body = "json", status = 204 }', "respond.status", "for an empty body"),
        (LEAST + "handshake = [{ x = 1 }]", "handshake[1]", "one of echo_header"),
        (LEAST + "handshake = 5", "handshake", "a list of tables"),
        (LEAST + 'handshake = [{ challenge = { when = "a" } }]', "handshake[1].challenge.word", "is needed"),
        ('remote = "a"\nevent = { fixed = "rings" }', "event.fixed", "ringing, answered"),
        ('remote = "a"\nevent = { path = "a", map = { x = "rings" } }', "event.map.x", "ringing, answered"),
        (
            'remote = "a"\nevent = { rules = [{ when = "a", is = "rings" }] }',
            "event.rules[1].is",
            "ringing, answered",
        ),
        ('remote = "a"\nevent = { rules = [{ when = "a" }] }', "event.rules[1].is", "is needed"),
        (
            'remote = "a"\nevent = { rules = [{ when = "a[", is = "ended" }] }',
            "event.rules[1].when",
            "too early",
        ),
    ],
)
def test_a_fault_names_its_place_and_what_would_be_right(toml: str, place: str, what: str) -> None:
    told = faults(toml)
    assert any(one.startswith(f"{place}: ") and what in one for one in told), told


@pytest.mark.parametrize(
    ("auth", "place", "what"),
    [
        ('"hmacc"', "auth", "key, or one or more of path_token"),
        ("{ hmacc = true }", "auth.hmacc", "no proof this version knows"),
        ("5", "auth", "one or more of path_token"),
        ("{}", "auth", "one or more of path_token"),
        ("{ hmac = 5 }", "auth.hmac", "true, or a table"),
        ("{ hmac = {} }", "auth.hmac.header", "is needed"),
        ('{ hmac = { header = "X", alg = "md5" } }', "auth.hmac.alg", "sha1, sha256"),
        ('{ hmac = { header = "X", key = "b64" } }', "auth.hmac.key", "text, hex, base64"),
        ('{ hmac = { header = "X", encoding = "b64" } }', "auth.hmac.encoding", "hex, base64"),
        ('{ hmac = { header = "X", template = "{bdy}" } }', "auth.hmac.template", "none of method, url"),
        ('{ hmac = { header = "X", template = "{body" } }', "auth.hmac.template", "{{ and }}"),
        ('{ hmac = { header = "X", template = "{field:a[}" } }', "auth.hmac.template", "ends too early"),
        ('{ hmac = { header = "X", template = "{time}" } }', "auth.hmac.template", "no timestamp says"),
        (
            '{ hmac = { header = "X", timestamp = { header = "T" } } }',
            "auth.hmac.timestamp",
            "nobody signs it",
        ),
        ('{ hmac = { header = "X", secrets = [0] } }', "auth.hmac.secrets", "counted from 1"),
        ('{ kv_hmac = { header = "X", template = "{body}" } }', "auth.kv_hmac.template", "no {time}"),
        ('{ kv_hmac = { header = "X", tolerance = 0 } }', "auth.kv_hmac.tolerance", "from 1 to 3600"),
        ('{ ed25519 = { header = "X", template = "{secret}" } }', "auth.ed25519.template", "cannot cover"),
        ("{ header_token = {} }", "auth.header_token.name", "is needed"),
        ('{ jwt = { algorithms = ["none"] } }', "auth.jwt.algorithms", "HS256"),
        ('{ jwt = { algorithms = ["HS256", "RS256"] } }', "auth.jwt.algorithms", "taken for the other"),
        ('{ ip_allow = { header = "X", networks = ["192.0.2.0/24"] } }', "auth", "another proof"),
        ('{ path_token = true, ip_allow = { header = "X" } }', "auth.ip_allow.networks", "is needed"),
        (
            '{ path_token = true, ip_allow = { header = "X", networks = ["x"] } }',
            "auth.ip_allow.networks",
            "192.0.2.0/24",
        ),
    ],
)
def test_a_proof_that_would_prove_nothing_is_a_fault(auth: str, place: str, what: str) -> None:
    told = faults(f"{LEAST}auth = {auth}\n")
    assert any(one.startswith(f"{place}: ") and what in one for one in told), told


def test_a_query_that_no_signature_covers_is_a_fault() -> None:
    (told,) = faults(f'{LEAST}read = "query"\nauth = {{ hmac = {{ header = "X" }} }}')
    assert told.startswith("read: is query, which the signature does not cover")
    compiled(f'{LEAST}read = "query"\nauth = {{ hmac = {{ header = "X", template = "{{query}}" }} }}')


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*",
        "(?:a?){20}",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "a*a*a*a*",
        "a?a?a?a?a?a?a?a?a?",
        "(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)",
        "a" * 201,
    ],
)
def test_a_pattern_that_may_take_very_long_is_a_fault(pattern: str) -> None:
    (told,) = faults(f"{LEAST}call = {{ path = 'a', transform = [{{ regex = '{pattern}' }}] }}")
    assert told.startswith("call.transform[1].regex: ")


@pytest.mark.parametrize(
    "pattern", ["^(.+)_[^_]*$", r"\+?([0-9()+*]+)", r"(?:sip|tel):\+?(\d{7,15})", "[]*+?|]+", r"\(.*\)\*"]
)
def test_a_pattern_as_they_are_needed_is_none(pattern: str) -> None:
    compiled(f"{LEAST}call = {{ path = 'a', transform = [{{ regex = '{pattern}' }}] }}")


def test_no_fault_quotes_a_value() -> None:
    told = faults(
        f'auth = "{SECRET}x"\nevent = {{ fixed = "{SECRET}" }}\nread = "{SECRET}"\nremote = "{SECRET}[%"\n'
        f'call = {{ path = "a", transform = ["{SECRET}"] }}\nrespond = "{SECRET}"\nsignless = "{SECRET}"\n'
        f'time = {{ path = "a", unit = "{SECRET}" }}\njson_at = "/~{SECRET}"\neach = "{SECRET}("\n'
    )
    assert len(told) >= 9
    assert not any(SECRET in one for one in told)


@pytest.mark.parametrize("written", [None, 5, "x", [], [{}]])
def test_what_is_no_table_is_a_fault(written: object) -> None:
    with pytest.raises(DescriptionError) as wrong:
        described(written)
    assert wrong.value.faults == ("is a table",)


# As settings.


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Told":
    return Told(tmp_path / "cti.toml", monkeypatch)


class Told:
    """Settings in a file, and what is wrong with them."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        monkeypatch.setenv("CTI_CONFIG", str(path))

    def __call__(self, toml: str) -> tuple[str, ...]:
        self._path.write_text(toml)
        try:
            load_settings()
        except SettingsError as error:
            return error.faults
        return ()


def test_settings_say_every_fault_of_every_description_with_its_place(told: Told) -> None:
    assert told(
        '[sources.a]\ndialect = "custom"\nsecrets = ["s"]\ncustom = { event = "a[", remote = 5 }\n'
        '[sources.b]\ndialect = "custom"\nsecrets = ["s"]\ncustom = { event = "a", remote = "b", signless = 1 }\n'
    ) == (
        "[sources.a.custom.remote]: is a path, a table, or a list of these",
        "[sources.a.custom.event]: is no JMESPath: it ends too early",
        "[sources.b.custom.signless]: is true or false",
    )


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        (
            '[sources.a]\ndialect = "custom"',
            "[sources.a.custom]: is needed: it describes how the source writes",
        ),
        (
            '[sources.a]\ncustom = { event = "a", remote = "b" }',
            '[sources.a.custom]: describes a source whose dialect is "custom"; this one\'s is another',
        ),
        ('[sources.a]\ndialect = "custom"\ncustom = 5', "[sources.a.custom]: is a table"),
        (
            '[sources.a]\ndialect = "custom"\ncustom = { event = "a", remote = "b", auth = "path_token" }',
            "[sources]: a has no secrets: its sender signs with one, and takes no machine key",
        ),
        (
            (
                '[sources.a]\ndialect = "custom"\nsecrets = ["s"]\n'
                'custom = { event = "a", remote = "b", auth = { path_token = { secrets = [2] } } }'
            ),
            "[sources]: a has no secret number 2, which its description asks for",
        ),
        (
            (
                '[sources.a]\ndialect = "custom"\nsecrets = ["s"]\n'
                'custom = { event = "a", remote = "b", auth = "twilio" }'
            ),
            "[sources]: a needs CTI_PUBLIC_URL: its sender signs the URL, or is told it",
        ),
    ],
)
def test_a_source_and_its_description_fit_each_other(told: Told, toml: str, fault: str) -> None:
    assert told(toml) == (fault,)


def test_a_described_source_speaks_its_own_dialect(told: Told) -> None:
    assert told(f'[sources.a]\ndialect = "custom"\n[sources.a.custom]\n{LEAST}[sources.b]') == ()
    sources = load_settings().sources
    assert (sources["a"].spoken.name, sources["b"].spoken.name) == ("custom", "generic")
