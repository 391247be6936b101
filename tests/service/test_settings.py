"""Settings: the contract's defaults, secrets from every place, and all faults at once without a value in them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cti_lookup.errors import SettingsError
from cti_lookup.questions import QueryForm
from cti_lookup.settings import Settings, load_settings, warnings

Write = Callable[[str], Path]

# A copy of the contract's table, word for word where it names a value.
DEFAULTS: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 8080,
    "public_url": None,
    "directory_url": None,
    "directory_token": None,
    "directory_account": None,
    "directory_account_header": "X-4me-Account",
    "directory_query": "national",
    "directory_db": Path("cti-directory.sqlite3"),
    "directory_port": 0,
    "redis_url": None,
    "region": None,
    "api_keys": (),
    "secret": None,
    "cache_ttl": 900,
    "cache_negative_ttl": 60,
    "cache_stale_ttl": 86400,
    "lookup_budget": 0.8,
    "sources": {},
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_a_default_is_the_contracts(name: str, value: object) -> None:
    assert getattr(load_settings(), name) == value


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the file that CTI_CONFIG names."""

    def write(text: str) -> Path:
        place = tmp_path / "cti.toml"
        place.write_text(text)
        monkeypatch.setenv("CTI_CONFIG", str(place))
        return place

    return write


def faults() -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    return raised.value.faults


def revealed(secrets: tuple[SecretStr, ...]) -> list[str]:
    return [one.get_secret_value() for one in secrets]


SOURCES = """
[sources.front-desk]
dialect = "zammad"
secrets = ["env:DESK_TOKEN", "file:{folder}/desk-token", "as-it-stands"]
region = "de"

[sources.back_office]
"""


def test_sources_come_from_the_file_and_their_secrets_from_where_it_says(
    toml: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TOKEN", " from-the-environment\n")
    (tmp_path / "desk-token").write_text("from-a-file\n")
    toml(SOURCES.format(folder=tmp_path))
    sources = load_settings().sources
    assert list(sources) == ["front-desk", "back_office"]
    desk = sources["front-desk"]
    assert (desk.dialect, desk.region) == ("zammad", "DE")
    assert revealed(desk.secrets) == ["from-the-environment", "from-a-file", "as-it-stands"]
    assert (sources["back_office"].dialect, sources["back_office"].secrets) == ("generic", ())


def test_secrets_may_be_files_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path))
    (tmp_path / "CTI_API_KEYS").write_text("one, two\n")
    (tmp_path / "cti_secret").write_text("the secret\n")
    (tmp_path / "cti_directory_token").write_text("from the folder")
    monkeypatch.setenv("CTI_DIRECTORY_TOKEN", "from the environment")
    settings = load_settings()
    assert revealed(settings.api_keys) == ["one", "two"]
    assert settings.secret is not None
    assert settings.directory_token is not None
    assert settings.secret.get_secret_value() == "the secret"
    assert settings.directory_token.get_secret_value() == "from the environment"


def test_a_secret_of_the_environment_loses_its_last_newline_as_one_of_a_file_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CTI_API_KEYS", "CTI_SECRET", "CTI_DIRECTORY_TOKEN"):
        monkeypatch.setenv(name, "hidden \n")
    monkeypatch.setenv("CTI_REDIS_URL", "redis://h\n")
    settings = load_settings()
    assert revealed(settings.api_keys) == ["hidden"]
    assert settings.secret == settings.directory_token == SecretStr("hidden")
    assert settings.redis_url == SecretStr("redis://h")


def test_secret_files_may_be_links_as_those_of_kubernetes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mounted" / "..2026").mkdir(parents=True)
    (tmp_path / "mounted" / "..2026" / "cti_secret").write_text("the secret")
    (tmp_path / "mounted" / "..data").symlink_to("..2026")
    (tmp_path / "mounted" / "cti_secret").symlink_to("..data/cti_secret")
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path / "mounted"))
    assert load_settings().secret == SecretStr("the secret")


def test_a_secret_file_with_nothing_in_it_sets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cti_region").write_text("\n")
    (tmp_path / "no_setting").write_bytes(b"\xff")
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path))
    assert load_settings().region is None


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CTI_PORT", "CTI_REGION", "CTI_API_KEYS", "CTI_REDIS_URL", "CTI_DIRECTORY_URL"):
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings.model_validate({})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("national", QueryForm.NATIONAL),
        ("E164", QueryForm.E164),
        ("digits", QueryForm.DIGITS),
        ("7", 7),
        (" 9 ", 9),
    ],
)
def test_the_form_of_the_question_is_a_word_or_a_number_of_digits(
    monkeypatch: pytest.MonkeyPatch, written: str, read: object
) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_QUERY", written)
    assert load_settings().directory_query == read


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://u:p@h:1/2",
        "unix:///x.sock",
        "unix://u:p@/x.sock?db=2",
        "redis://[::1]:6379/",
        "redis://:p%2Fw@h/15?protocol=3&socket_keepalive=yes",
        "rediss://h?ssl_cert_reqs=none",
        "redis+sentinel://h/m",
        "redis+sentinel://u:p%2Fw@h:1,[::1]:2,i/my.master-1/2?sentinel_username=s&sentinel_password=t",
        "redis+sentinel://h/m?tls=true&ssl_ca_certs=/ca.pem",
        "redis+cluster://h",
        "redis+cluster://:p@h:1,i/0?tls=true&ssl_cert_reqs=none&client_name=cti",
    ],
)
def test_every_kind_of_redis_of_the_contract_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CTI_REDIS_URL", url)
    assert load_settings().redis_url == SecretStr(url)


SECRET = "hunter2-gEh3im"

FAULTY = [
    ("CTI_PORT", SECRET),
    ("CTI_PORT", "-1"),
    ("CTI_PORT", "65536"),
    ("CTI_UPSTREAM_JWT_KEYS", SECRET),
    ("CTI_UPSTREAM_JWT_KEYS", f"-----BEGIN PUBLIC KEY-----{SECRET}-----END PUBLIC KEY-----"),
    ("CTI_UPSTREAM_JWT_KEYS", "env:NOT_SET_ANYWHERE"),
    ("CTI_UPSTREAM_ISSUER", f"https://{SECRET}.example"),
    ("CTI_UPSTREAM_AUDIENCE", SECRET),
    ("CTI_UPSTREAM_HOSTS", f"https://{SECRET}.example/"),
    ("CTI_UPSTREAM_HOSTS", "*.com"),
    ("CTI_PUBLIC_URL", f"ftp://{SECRET}"),
    ("CTI_DIRECTORY_URL", SECRET),
    ("CTI_DIRECTORY_URL", f"https://user:{SECRET}@host/v1"),
    ("CTI_DIRECTORY_URL", "http://[::1/v1"),
    ("CTI_DIRECTORY_ACCOUNT", f"{SECRET}\r\nX: y"),
    ("CTI_DIRECTORY_ACCOUNT_HEADER", f"{SECRET}: y"),
    ("CTI_DIRECTORY_QUERY", SECRET),
    ("CTI_DIRECTORY_QUERY", "6"),
    ("CTI_DIRECTORY_QUERY", "16"),
    ("CTI_DIRECTORY_QUERY", "٧"),
    ("CTI_DIRECTORY_PORT", SECRET),
    ("CTI_RECORD_URL", SECRET),
    ("CTI_REDIS_URL", f"http://:{SECRET}@host"),
    ("CTI_REDIS_URL", SECRET),
    ("CTI_REGION", "XX"),
    ("CTI_REGION", SECRET),
    ("CTI_CACHE_TTL", "0"),
    ("CTI_CACHE_TTL", "nan"),
    ("CTI_CACHE_TTL", "inf"),
    ("CTI_CACHE_NEGATIVE_TTL", SECRET),
    ("CTI_CACHE_STALE_TTL", "-1"),
    ("CTI_LOOKUP_BUDGET", "0"),
    ("CTI_LOOKUP_BUDGET", "60"),
]


@pytest.mark.parametrize(("name", "value"), FAULTY)
def test_a_fault_names_its_setting_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("CTI_DIRECTORY_TOKEN", "t")
    told = faults()
    assert {fault.partition(":")[0] for fault in told} == {name}
    assert SECRET not in "".join(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CTI_REDIS_URL", f"redis://:{SECRET}/more@host:6379"),
        ("CTI_REDIS_URL", "redis://host:port"),
        ("CTI_REDIS_URL", "redis://host:99999"),
        ("CTI_REDIS_URL", "redis://host/0?db=many"),
        ("CTI_REDIS_URL", f"redis://:1234/{SECRET}@host:6379"),
        ("CTI_REDIS_URL", f"redis://:1234?{SECRET}@host:6379"),
        ("CTI_REDIS_URL", f"redis://:1234#{SECRET}@host:6379"),
        ("CTI_REDIS_URL", f"redis://user:1234?{SECRET}@host:6379"),
        ("CTI_REDIS_URL", f"redis://[{SECRET}]"),
        ("CTI_REDIS_URL", f"redis://{SECRET}\u2100"),  # urllib: "netloc … contains invalid characters"
        ("CTI_REDIS_URL", f"redis://host\n{SECRET}"),
        ("CTI_REDIS_URL", f"redis://host/{SECRET}"),
        ("CTI_REDIS_URL", "redis://host/1/2"),
        ("CTI_REDIS_URL", "redis://host:0"),
        ("CTI_REDIS_URL", "redis://"),
        ("CTI_REDIS_URL", f"redis://host?no_option={SECRET}"),
        ("CTI_REDIS_URL", f"redis://host?ssl_ca_certs={SECRET}"),
        ("CTI_REDIS_URL", f"rediss://host?ssl_cert_reqs={SECRET}"),
        ("CTI_REDIS_URL", f"redis://host?encoding={SECRET}"),
        ("CTI_REDIS_URL", "redis://host?protocol=9"),
        ("CTI_REDIS_URL", "unix://relative.sock"),
        ("CTI_REDIS_URL", "unix://"),
        ("CTI_REDIS_URL", "redis+sentinel://h"),
        ("CTI_REDIS_URL", "redis+sentinel:///m"),
        ("CTI_REDIS_URL", f"redis+sentinel:{SECRET}"),
        ("CTI_REDIS_URL", f"redis+sentinel://h/m/{SECRET}"),
        ("CTI_REDIS_URL", f"redis+sentinel://h/m@{SECRET}"),
        ("CTI_REDIS_URL", f"redis+sentinel://:1234/{SECRET}@h/m"),
        ("CTI_REDIS_URL", f"redis+sentinel://h,,{SECRET}/m"),
        ("CTI_REDIS_URL", f"redis+sentinel://h:{SECRET}/m"),
        ("CTI_REDIS_URL", "redis+sentinel://h:0/m"),
        ("CTI_REDIS_URL", "redis+sentinel://h:65536,i/m"),
        ("CTI_REDIS_URL", f"redis+sentinel://h/m?tls={SECRET}"),
        ("CTI_REDIS_URL", f"redis+sentinel://h/m?ssl_ca_certs={SECRET}"),
        ("CTI_REDIS_URL", f"redis+sentinel://h/m?sentinel_username={SECRET}"),
        ("CTI_REDIS_URL", "redis+sentinel://h/m?socket_timeout=60"),
        ("CTI_REDIS_URL", "redis+sentinel://h/m?client_name=a&client_name=b"),
        ("CTI_REDIS_URL", f"redis+cluster://h/{SECRET}"),
        ("CTI_REDIS_URL", "redis+cluster://h/1"),
        ("CTI_REDIS_URL", f"redis+cluster://user:1234?{SECRET}@h"),
        ("CTI_REDIS_URL", f"redis+cluster://:1234#{SECRET}@h"),
        ("CTI_REDIS_URL", f"redis+cluster://{SECRET}@h"),
        ("CTI_REDIS_URL", f"redis+cluster://[{SECRET}]"),
        ("CTI_REDIS_URL", f"redis+cluster://h?sentinel_password={SECRET}"),
        ("CTI_REDIS_URL", f"redis+cluster://h?tls=true&ssl_min_version={SECRET}"),
        ("CTI_REDIS_URL", f"redis+cluster://h i{SECRET}"),
        ("CTI_REDIS_URL", f"redis+other://h/{SECRET}"),
        ("CTI_HOST", "a..b"),
        ("CTI_HOST", " "),
        ("CTI_RECORD_URL", f"http://host:{SECRET}/{{id}}"),
        ("CTI_RECORD_URL", "http:///{id}"),
        ("CTI_DIRECTORY_URL", f"http://host/v1?{SECRET}"),
        ("CTI_DIRECTORY_URL", "http://host:0/v1"),
        ("CTI_DIRECTORY_URL", f"http://ho st/{SECRET}"),
        ("CTI_DIRECTORY_URL", f"http://{'a' * 64}/v1"),
        ("CTI_DIRECTORY_URL", "http://host:99999/v1"),
        ("CTI_DIRECTORY_URL", "http://host:port/v1"),
        ("CTI_PUBLIC_URL", "http://host:port"),
    ],
)
def test_a_url_nobody_can_use_is_a_fault_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("CTI_DIRECTORY_TOKEN", "t")
    told = faults()
    assert {fault.partition(":")[0] for fault in told} == {name}
    assert SECRET not in "".join(told)


@pytest.mark.parametrize("name", ["CTI_API_KEYS", "CTI_DIRECTORY_TOKEN"])
def test_a_key_that_no_header_can_carry_is_a_fault(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, f"one\n{SECRET}")
    (told,) = faults()
    assert told.startswith(f"{name}: ")
    assert SECRET not in told


@pytest.mark.parametrize("name", ["CTI_API_KEYS", "CTI_DIRECTORY_TOKEN", "CTI_SECRET", "CTI_HOST"])
def test_bytes_that_are_no_utf_8_are_a_fault(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, f"{SECRET}\udcff")
    (told,) = faults()
    assert told.startswith(f"{name}: ")
    assert SECRET not in told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[sources.desk]\ndialect = "hunter2-gEh3im"', "sources.desk.dialect"),
        ("[sources.desk]\ndialect = 5", "sources.desk.dialect"),
        ('[sources.desk]\nsecrets = "hunter2-gEh3im"', "sources.desk.secrets"),
        ("[sources.desk]\nsecrets = [5]", "sources.desk.secrets"),
        ('[sources.desk]\nsecrets = [""]', "sources.desk.secrets"),
        ('[sources.desk]\nsecrets = ["env:NOT_SET_ANYWHERE"]', "sources.desk.secrets"),
        ('[sources.desk]\nsecrets = ["file:/nowhere/hunter2-gEh3im"]', "sources.desk.secrets"),
        ('[sources.desk]\nregion = "hunter2-gEh3im"', "sources.desk.region"),
        ('[sources.desk]\nsecret = "hunter2-gEh3im"', "sources.desk.secret"),
        ('[sources."a b"]', "SOURCES"),
        ('[sources."/"]', "SOURCES"),
        ("sources = 5", "sources"),
        ('sources.desk = "hunter2-gEh3im"', "sources.desk"),
        ("[server]\nport = 1", "server"),
        ('sources = "hunter2-gEh3im', "CTI_CONFIG"),
        ("sources = {hunter2-gEh3im = 1, hunter2-gEh3im = 2}", "CTI_CONFIG: is no TOML (at line 1"),
        (f"sources = {'9' * 5000}", "CTI_CONFIG"),
        (f"sources = {'[' * 5000}", "CTI_CONFIG"),
    ],
)
def test_a_fault_in_the_file_names_its_place_and_not_its_value(toml: Write, text: str, named: str) -> None:
    toml(text)
    told = faults()
    assert len(told) == 1
    assert named.casefold() in told[0].casefold()
    assert SECRET not in told[0]


def test_a_file_or_folder_that_is_not_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_CONFIG", str(tmp_path / "nothing"))
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path / "nothing"))
    assert [fault.partition(":")[0] for fault in faults()] == ["CTI_CONFIG", "CTI_SECRETS_DIR"]


def test_faults_of_every_place_are_told_at_once(
    toml: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toml('[sources.desk]\nregion = "XX"\n[server]\n')
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("CTI_PORT", "many")
    monkeypatch.setenv("CTI_REGION", "XX")
    told = " | ".join(faults())
    for named in ("[server]", "CTI_SECRETS_DIR", "CTI_PORT", "CTI_REGION", "sources.desk.region"):
        assert named in told


def test_a_directory_without_a_token_is_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", "https://api.r-service.tech/v1")
    assert [fault.partition(":")[0] for fault in faults()] == ["CTI_DIRECTORY_TOKEN"]


def test_a_directory_without_a_token_is_told_beside_other_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", "https://api.r-service.tech/v1")
    monkeypatch.setenv("CTI_PORT", "many")
    assert {fault.partition(":")[0] for fault in faults()} == {"CTI_DIRECTORY_TOKEN", "CTI_PORT"}


def test_a_wrong_url_does_not_hide_that_its_token_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", SECRET)
    assert {fault.partition(":")[0] for fault in faults()} == {"CTI_DIRECTORY_URL", "CTI_DIRECTORY_TOKEN"}


CREDENTIALS = {
    "CTI_DIRECTORY_CLIENT_ID": "an-application",
    "CTI_DIRECTORY_CLIENT_SECRET": SECRET,
    "CTI_DIRECTORY_OAUTH_URL": "https://oauth.r-service.example/token",
}


def test_an_applications_credentials_take_the_place_of_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", "https://api.r-service.example/v1")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.directory_client_id == SecretStr("an-application")
    assert settings.directory_token is None


@pytest.mark.parametrize("missing", CREDENTIALS)
def test_a_part_of_an_applications_credentials_is_said_to_need_the_rest(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in CREDENTIALS.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    named = {fault.partition(":")[0] for fault in faults()}
    assert named == ({missing} if missing != "CTI_DIRECTORY_CLIENT_ID" else CREDENTIALS.keys() - {missing})


def test_a_token_beside_an_applications_credentials_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**CREDENTIALS, "CTI_DIRECTORY_TOKEN": SECRET}.items():
        monkeypatch.setenv(name, value)
    (told,) = faults()
    assert told.startswith("CTI_DIRECTORY_TOKEN: ")


def test_the_directorys_messages_are_set_up_with_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("b" * 40 + "\n")
    monkeypatch.setenv("CTI_UPSTREAM_TOKENS", "one, two")
    monkeypatch.setenv("CTI_UPSTREAM_JWT_KEYS", f"{'a' * 32},file:{tmp_path / 'key'}")
    monkeypatch.setenv("CTI_UPSTREAM_HOSTS", "acct.r-service.example, *.r-service.example")
    settings = load_settings()
    assert [one.get_secret_value() for one in settings.upstream_tokens] == ["one", "two"]
    assert [one.get_secret_value() for one in settings.upstream_jwt_keys] == ["a" * 32, "b" * 40]
    assert settings.callback_hosts == ("acct.r-service.example", "*.r-service.example")


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://api.r-service.example/v1", ("*.r-service.example",)),
        ("https://directory.example/v1", ()),
        ("https://api.example/v1", ()),
        ("http://127.0.0.1:8081/v1", ()),
    ],
)
def test_without_an_allow_list_the_accounts_beside_the_api_may_be_called_back(
    monkeypatch: pytest.MonkeyPatch, url: str, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", url)
    monkeypatch.setenv("CTI_DIRECTORY_TOKEN", SECRET)
    assert load_settings().callback_hosts == hosts


@pytest.mark.parametrize(
    ("name", "content"), [("cti_api_keys", b"\xff\xfe"), ("cti_sources", b"no json"), ("cti_port", b"\xff")]
)
def test_a_secret_file_nobody_can_read_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path))
    (tmp_path / name).write_bytes(content)
    (told,) = faults()
    assert told.startswith(f"{name.upper()}: ")


def test_secret_files_nobody_can_read_are_told_beside_other_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cti_api_keys").write_bytes(b"\xff")
    (tmp_path / "cti_secret").mkdir()
    (tmp_path / "cti_sources").write_text("{")
    (tmp_path / "cti_region").write_text("XX")
    monkeypatch.setenv("CTI_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("CTI_PORT", "many")
    named = sorted(fault.partition(":")[0] for fault in faults())
    assert named == ["CTI_API_KEYS", "CTI_PORT", "CTI_REGION", "CTI_SECRET", "CTI_SOURCES"]


@pytest.mark.parametrize("value", ["no json", "{", "[]", "5", "{}", '{"desk": {}}'])
def test_sources_in_the_environment_are_a_fault_whatever_they_are(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CTI_SOURCES", value)
    (told,) = faults()
    assert told.startswith("CTI_SOURCES: ")
    assert "CTI_CONFIG" in told


def test_settings_that_contradict_each_other_are_faults_that_say_what_to_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "CTI_SECRET": SECRET,
        "CTI_SECRET_PREVIOUS": SECRET,
        "CTI_CACHE_TTL": "900",
        "CTI_CACHE_STALE_TTL": "899",
    }.items():
        monkeypatch.setenv(name, value)

    assert sorted(faults()) == [
        "CTI_CACHE_STALE_TTL: is shorter than CTI_CACHE_TTL, and so does nothing: make it longer, or 0 for no old answers",
        "CTI_SECRET_PREVIOUS: is the same as CTI_SECRET: set the other of the two secrets, or leave it out",
    ]


@pytest.mark.parametrize("stale", ["0", "172800", None])
def test_old_answers_may_be_as_old_as_fresh_ones_or_not_be_shown_at_all(
    monkeypatch: pytest.MonkeyPatch, stale: str | None
) -> None:
    monkeypatch.setenv("CTI_CACHE_TTL", "172800")
    if stale is not None:
        monkeypatch.setenv("CTI_CACHE_STALE_TTL", stale)

    assert load_settings().cache_ttl == 172_800


def test_what_may_be_guessed_or_is_of_no_use_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CTI_REGION": "US",
        "CTI_SECRET": "short",
        "CTI_API_KEYS": f"short,{SECRET}",
        "CTI_DIRECTORY_URL": "https://api.example/v1",
        "CTI_DIRECTORY_TOKEN": SECRET,
        "CTI_DIRECTORY_DB": "/data/people.sqlite3",
    }.items():
        monkeypatch.setenv(name, value)

    assert [line.partition(":")[0] for line in warnings(load_settings())] == [
        "CTI_SECRET",
        "CTI_API_KEYS",
        "CTI_DIRECTORY_DB",
    ]


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("https://api.example/v1", False),
        ("https://api.example/v1/", False),
        ("https://proxy.example/directory/v1", False),
        ("https://api.example", True),
        ("https://api.example/v1/sd", True),
    ],
)
def test_an_address_of_the_directory_that_does_not_end_in_its_version_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, url: str, warned: bool
) -> None:
    monkeypatch.setenv("CTI_DIRECTORY_URL", url)
    monkeypatch.setenv("CTI_DIRECTORY_TOKEN", SECRET)

    told = [line.partition(":")[0] for line in warnings(load_settings())]

    assert ("CTI_DIRECTORY_URL" in told) is warned


@pytest.mark.parametrize("name", ["CTI_FOO", "CTI_FRONT_DESK_KEY", "CTI_TWILIO_AUTH_TOKEN"])
def test_what_is_like_no_setting_is_not_warned_of(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SECRET)

    assert [line for line in warnings(load_settings()) if line.startswith(name)] == []


def test_a_misspelt_setting_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_API_KEY", SECRET)
    told = list(warnings(load_settings()))
    assert any(line.startswith("CTI_API_KEY: ") and "CTI_API_KEYS" in line for line in told)
    assert SECRET not in "".join(told)


def test_no_secret_is_in_what_is_printed_of_settings(monkeypatch: pytest.MonkeyPatch, toml: Write) -> None:
    for name in ("CTI_API_KEYS", "CTI_SECRET", "CTI_DIRECTORY_TOKEN"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("CTI_REDIS_URL", f"redis://:{SECRET}@host")
    toml(f'[sources.desk]\nsecrets = ["{SECRET}"]')
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown
