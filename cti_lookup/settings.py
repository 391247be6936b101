"""
Settings: environment, secret files and one TOML file, read once, every fault said at once.

No secret is ever printed: they are `SecretStr`, and faults name a setting and what is wrong, never its value.
"""

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from cti_lookup.addresses import base_url, is_web_address, possible_host, web_origin
from cti_lookup.deferred import Deferred
from cti_lookup.dialects import DIALECTS, Dialect
from cti_lookup.dialects.dialect import CUSTOM, Described
from cti_lookup.errors import SettingsError
from cti_lookup.questions import QueryForm
from cti_lookup.rservice.handshake import AllowedHosts
from cti_lookup.telephone import is_region

# What only some settings need: redis-py, what compiles descriptions, what reads keys.
_REFUSE_UNUSABLE_REDIS: Final[Deferred[Callable[[str], None]]] = Deferred(
    "cti_lookup.redis_addresses:refuse_unusable_redis"
)
_DESCRIBED: Final[Deferred[Callable[[object], Described]]] = Deferred("cti_lookup.dialects.custom:described")
_VERIFIER_OF: Final[Deferred[Callable[[Iterable[str]], object]]] = Deferred(
    "cti_lookup.rservice.signatures:verifier_of"
)

_FEWEST_QUERY_DIGITS: Final = 7
_MOST_QUERY_DIGITS: Final = 15


def _query(value: object) -> object:
    text = str(value).strip()
    return int(text[:3]) if text.isascii() and text.isdigit() else text.casefold()


def _digits_in_range(value: QueryForm | int) -> QueryForm | int:
    if isinstance(value, int) and not _FEWEST_QUERY_DIGITS <= value <= _MOST_QUERY_DIGITS:
        raise ValueError(f"a number of last digits is from {_FEWEST_QUERY_DIGITS} to {_MOST_QUERY_DIGITS}")
    return value


def _region(value: object) -> object:
    if isinstance(value, str):
        value = value.strip().upper()
        if not is_region(value):
            raise ValueError("is no region with a numbering plan; use an ISO 3166 code such as US or DE")
    return value


def _stripped(value: object) -> object:
    """Take the newline off that `echo` and editors leave at the end of a secret; refuse bytes that are no UTF-8."""
    if not isinstance(value, str):
        return value
    if not _ENCODABLE.fullmatch(value):
        raise ValueError("is no UTF-8")
    return value.strip()


def _unbroken(value: SecretStr) -> SecretStr:
    """Refuse what no header can carry, such as keys on lines of their own."""
    if _CONTROL.search(value.get_secret_value()):
        raise ValueError("holds a newline or another control character inside")
    return value


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ENCODABLE: Final = re.compile(r"[^\ud800-\udfff]*")
Region = Annotated[str, BeforeValidator(_region)]
BaseUrl = Annotated[str, BeforeValidator(base_url)]
Secret = Annotated[SecretStr, BeforeValidator(_stripped)]
Host = Annotated[str, BeforeValidator(_stripped), AfterValidator(possible_host)]
Token = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_unbroken)]


def _usable_by_redis(value: SecretStr) -> SecretStr:
    _REFUSE_UNUSABLE_REDIS.get()(value.get_secret_value())
    return value


_TAKEN_HEADERS: Final = frozenset(
    {
        "authorization",
        "connection",
        "cookie",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
RedisUrl = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_usable_by_redis)]


class Source(BaseModel):
    """One configured sender of events; `custom` describes the dialect of that name, and no other."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    dialect: str = "generic"
    custom: Described | None = Field(None, validate_default=True)
    secrets: tuple[Secret, ...] = ()
    region: Region | None = None
    insecure: bool = False

    @field_validator("dialect")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in DIALECTS and value != CUSTOM:
            known = ", ".join(sorted({*DIALECTS, CUSTOM}))
            raise ValueError(f"is not a dialect this version speaks; it speaks {known}")
        return value

    @field_validator("custom", mode="before")
    @classmethod
    def _described(cls, value: object, info: ValidationInfo) -> object:
        """Compile a description; all that is wrong in it is said, each fault on a line of its own."""
        is_custom = info.data.get("dialect", CUSTOM) == CUSTOM
        if value is None:
            if "dialect" in info.data and is_custom:
                raise ValueError("is needed: it describes how the source writes")
            return None
        if not is_custom:
            raise ValueError(f'describes a source whose dialect is "{CUSTOM}"; this one\'s is another')
        return value if isinstance(value, Described) else _DESCRIBED.get()(value)

    @property
    def spoken(self) -> Dialect:
        """The dialect that the source speaks: one that is known, or the one that is described."""
        return self.custom.dialect if self.custom is not None else DIALECTS[self.dialect]

    @field_validator("secrets", mode="before")
    @classmethod
    def _resolved(cls, value: object) -> object:
        if not isinstance(value, list):
            raise ValueError("is a list of texts")  # noqa: TRY004  # pydantic reports ValueError only
        return tuple(_resolve(one) for one in value)


def _unprovable(source: Source, settings: Mapping[str, Any]) -> str | None:
    """Say why nobody could be sure of a source's events; settings that are wrong themselves are missing."""
    dialect = source.spoken
    if source.insecure:
        return None if _is_loopback(settings.get("host", "")) else "is insecure, which is for loopback only"
    if not source.secrets and dialect.verify is not None:
        return "has no secrets: its sender signs with one, and takes no machine key"
    if dialect.needs_public_url and not settings.get("public_url", "wrong"):
        return "needs CTI_PUBLIC_URL: its sender signs the URL, or is told it"
    if source.custom is not None and source.custom.highest_secret > len(source.secrets):
        return f"has no secret number {source.custom.highest_secret}, which its description asks for"
    return None


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _resolve(secret: object) -> object:
    """Read a secret that is named rather than written: `env:NAME`, `file:PATH`."""
    if not isinstance(secret, str):
        return secret
    kind, _, place = secret.partition(":")
    if kind == "env":
        value = os.environ.get(place, "").strip()
    elif kind == "file":
        try:
            value = Path(place).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as exc:
            raise ValueError("names a file that cannot be read") from exc
    else:
        value = secret
    if not value.strip():
        raise ValueError("holds a secret that is empty or not set")
    return value


_MAKES_TRACES: Final = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it stands in
        return False


class Settings(BaseModel):
    """Everything that can be set; the README lists each on a line."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    host: Host = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: BaseUrl | None = None
    directory_url: BaseUrl | None = None
    directory_client_id: Token | None = None
    directory_client_secret: Token | None = Field(None, validate_default=True)
    directory_oauth_url: BaseUrl | None = Field(None, validate_default=True)
    directory_token: Token | None = Field(None, validate_default=True)
    directory_account: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,128}$")
    directory_account_header: str = Field("X-4me-Account", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
    directory_query: Annotated[QueryForm | int, BeforeValidator(_query)] = QueryForm.NATIONAL
    directory_db: Path = Path("cti-directory.sqlite3")
    directory_port: int = Field(0, ge=0, le=65535)
    record_url: str | None = None
    redis_url: RedisUrl | None = None
    region: Region | None = None
    api_keys: tuple[Token, ...] = ()
    secret: Secret | None = None
    secret_previous: Secret | None = None
    upstream_tokens: tuple[Token, ...] = ()
    upstream_jwt_keys: tuple[Secret, ...] = ()
    upstream_issuer: str | None = Field(None, max_length=2048)
    upstream_audience: str | None = Field(None, max_length=2048)
    upstream_hosts: tuple[str, ...] = ()
    cache_ttl: float = Field(900, gt=0, le=7 * 86400)
    cache_negative_ttl: float = Field(60, gt=0, le=86400)
    cache_stale_ttl: float = Field(86400, ge=0, le=30 * 86400)
    lookup_budget: float = Field(0.8, ge=0.05, le=5)
    key_rate: float = Field(1_000, gt=0, le=10_000)
    agent_lookups: int = Field(120, ge=1, le=100_000)
    trusted_proxies: tuple[str, ...] = ()
    max_connections: int = Field(4096, ge=16, le=100_000)
    drain: float = Field(0, ge=0, le=300)
    origins: tuple[str, ...] = ()
    calls_kept: float = Field(604800, gt=0, le=90 * 86400)
    audit: Literal["on", "off"] = "on"
    traces: BaseUrl | None = None
    sources: dict[str, Source] = {}

    @field_validator("secret_previous")
    @classmethod
    def _another_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Refuse a change of a secret that changes nothing; a secret that is wrong itself is missing in `data`."""
        if value is not None and value == info.data.get("secret"):
            raise ValueError("is the same as CTI_SECRET: set the other of the two secrets, or leave it out")
        return value

    @field_validator("cache_stale_ttl")
    @classmethod
    def _longer_than_fresh(cls, value: float, info: ValidationInfo) -> float:
        """Refuse an end of old answers that comes while they are fresh; 0 is none at all."""
        if 0 < value < info.data.get("cache_ttl", 0):
            raise ValueError(
                "is shorter than CTI_CACHE_TTL, and so does nothing: make it longer, or 0 for no old answers"
            )
        return value

    @field_validator("directory_account_header")
    @classmethod
    def _free_header(cls, value: str) -> str:
        if value.casefold() in _TAKEN_HEADERS or value.casefold().startswith(("accept", "content-")):
            raise ValueError("is a header that says something else in every request")
        return value

    @field_validator("directory_query")
    @classmethod
    def _enough_digits(cls, value: QueryForm | int) -> QueryForm | int:
        return _digits_in_range(value)

    @field_validator(
        "api_keys", "upstream_tokens", "upstream_hosts", "origins", "trusted_proxies", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(key.strip() for key in value.split(",") if key.strip()) if isinstance(value, str) else value
        )

    @field_validator("upstream_jwt_keys", mode="before")
    @classmethod
    def _split_and_resolved(cls, value: object) -> object:
        """Split at commas, which no PEM and no hexadecimal or base64 secret holds; each may be named."""
        split = cls._split(value)
        return tuple(_resolve(one) for one in split) if isinstance(split, tuple | list) else split

    @field_validator("upstream_jwt_keys")
    @classmethod
    def _usable_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if value:
            _VERIFIER_OF.get()(key.get_secret_value() for key in value)
        return value

    @field_validator("upstream_issuer", "upstream_audience")
    @classmethod
    def _only_if_signed(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuse a claim that nothing would carry; keys that were given and are wrong are missing in `data`."""
        if value is not None and info.data.get("upstream_jwt_keys", "wrong") == ():
            raise ValueError("is checked in signed messages only: set CTI_UPSTREAM_JWT_KEYS, or leave it out")
        return value

    @field_validator("upstream_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowedHosts(value)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)  # says itself what is wrong with one that is none
        return value

    @field_validator("traces")
    @classmethod
    def _can_be_sent(cls, value: str | None) -> str | None:
        """Refuse to promise traces without what makes them; of an address alone the path is the usual one."""
        if value is None:
            return None
        if not all(map(_is_installed, _MAKES_TRACES)):
            raise ValueError("needs what makes traces: pip install 'cti-lookup[traces]'")
        return value if urlsplit(value).path else f"{value}/v1/traces"

    @field_validator("origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(web_origin(one) for one in value)

    @field_validator("directory_client_secret", "directory_oauth_url")
    @classmethod
    def _whole_credentials(cls, value: Any, info: ValidationInfo) -> Any:  # a secret or a URL
        """Ask for the rest of the client credentials where there is an id, and for the id where there is the rest."""
        if (value is None) == bool(info.data.get("directory_client_id", value)):
            raise ValueError("is needed with CTI_DIRECTORY_CLIENT_ID, and is of no use without it")
        return value

    @field_validator("directory_token")
    @classmethod
    def _token_for_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """
        Ask for a token, or for client credentials, where there is a URL.

        Here and not in a validator of the model, which does not run where any field is wrong: all faults are said at
        once. What was given and is wrong is missing in `data`.
        """
        credentials = info.data.get("directory_client_id", "wrong")
        if value is None and not credentials and info.data.get("directory_url", "wrong"):
            raise ValueError("or CTI_DIRECTORY_CLIENT_ID is needed with CTI_DIRECTORY_URL")
        if value is not None and info.data.get("directory_client_id"):
            raise ValueError("and CTI_DIRECTORY_CLIENT_ID are two ways in; one of them is to be set")
        return value

    @field_validator("record_url")
    @classmethod
    def _record(cls, value: str | None) -> str | None:
        if value is not None and ("{id}" not in value or not is_web_address(value)):
            raise ValueError("is an http or https URL with {id} where the person's id goes")
        return value

    @field_validator("sources")
    @classmethod
    def _named(cls, value: dict[str, Source]) -> dict[str, Source]:
        for name in value:
            if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError("a source's name is made of letters, digits, - and _")
        return value

    @field_validator("sources")
    @classmethod
    def _provable(cls, value: dict[str, Source], info: ValidationInfo) -> dict[str, Source]:
        """Refuse a source that nobody could prove to be; all of them at once."""
        faults = [f"{name} {fault}" for name, one in value.items() if (fault := _unprovable(one, info.data))]
        if faults:
            raise ValueError("; ".join(faults))
        return value

    @property
    def own_secret(self) -> bytes:
        """Give the secret of names, seals and fingerprints: the same after a restart, even where none is set."""
        if self.secret:
            return self.secret.get_secret_value().encode()
        from_sources = (secret for source in self.sources.values() for secret in source.secrets)
        others = [*self.api_keys, self.directory_token, self.directory_client_secret, *from_sources]
        joined = "\0".join(one.get_secret_value() for one in others if one)
        return hashlib.sha256(f"cti-lookup {joined}".encode()).digest()

    @property
    def callback_hosts(self) -> tuple[str, ...]:
        """
        Give the hosts that a handshake may call back; where none are set, the accounts beside the API.

        R-Service's accounts are at `https://<account>.<domain>` where its API is at `api.<domain>`.
        """
        host = urlsplit(self.directory_url or "").hostname or ""
        beside = f"*.{host.removeprefix('api.')}"
        if self.upstream_hosts or not host.startswith("api."):
            return self.upstream_hosts
        try:
            AllowedHosts((beside,))
        except ValueError:
            return ()
        return (beside,)

    @property
    def record_template(self) -> str | None:
        """
        Give the address of a person's record with `{id}` in it.

        R-Service's pages are at `https://<account>.<domain>/people/<id>` where its API is at `api.<domain>`; of a
        directory elsewhere, the record's own API address is all that is known.
        """
        if self.record_url:
            return self.record_url
        host = urlsplit(self.directory_url or "https://api.r-service.tech").hostname or ""
        if host.startswith("api.") and self.directory_account:
            return f"https://{self.directory_account}.{host.removeprefix('api.')}/people/{{id}}"
        return f"{self.directory_url}/people/{{id}}" if self.directory_url else None


def load_settings() -> Settings:
    """Read all settings. Raises `SettingsError` with every fault at once."""
    faults: list[str] = []
    tables = _tables(faults)
    files = _secret_files(faults)
    variables = {name.casefold(): value for name, value in os.environ.items() if value}
    faults += _not_taken({*variables, *files})
    try:
        settings = Settings.model_validate({**_fields({**files, **variables}), **tables})
    except ValidationError as exc:
        for error in exc.errors(include_url=False, include_input=False, include_context=False):
            faults += _faults(error)
        raise SettingsError(tuple(faults)) from None
    if faults:
        raise SettingsError(tuple(faults))
    return settings


def warnings(settings: Settings) -> Iterator[str]:
    """Tell what will work and is probably not meant."""
    yield from _misspelt()
    if not settings.region:
        yield "CTI_REGION: is not set, so that national numbers are read only for sources with a region"
    if not settings.api_keys:
        yield "CTI_API_KEYS: is not set, so that the machine routes answer 401"
    if not settings.secret:
        yield "CTI_SECRET: is not set, so that agent tokens are good for one process only, until it ends"
    for name, secrets in (("CTI_SECRET", [settings.secret]), ("CTI_API_KEYS", settings.api_keys)):
        if any(one and len(one.get_secret_value()) < _SHORTEST_SECRET for one in secrets):
            yield f"{name}: is shorter than {_SHORTEST_SECRET} characters, and may be guessed"
    if settings.redis_url and not settings.secret:
        yield "CTI_SECRET: is not set; Redis is sealed by the other secrets, and forgets all when one of them changes"
    yield from _of_the_directory(settings)


def _of_the_directory(settings: Settings) -> Iterator[str]:
    if settings.directory_client_id and not settings.directory_url:
        yield "CTI_DIRECTORY_CLIENT_ID: is of no use without CTI_DIRECTORY_URL: the embedded directory takes a token"
    if settings.directory_url and not _VERSIONED.search(settings.directory_url):
        yield "CTI_DIRECTORY_URL: does not end in /v1; where the API is not, what it does not find reads as nobody"
    for field in ("directory_db", "directory_port"):
        if settings.directory_url and field in settings.model_fields_set:
            yield f"CTI_{field.upper()}: is the embedded directory's, which is not started where there is CTI_DIRECTORY_URL"


_SHORTEST_SECRET: Final = 16
_VERSIONED: Final = re.compile(r"/v[0-9]+/?$")


def _misspelt() -> Iterator[str]:
    """Tell of variables that look like settings; others that begin so may be what sources take."""
    ends = {name.removeprefix("CTI_"): name for name in NAMES}
    for name in sorted(os.environ):
        near = difflib.get_close_matches(name.removeprefix("CTI_"), ends, 1)
        if name.startswith("CTI_") and name not in NAMES and near:
            yield f"{name}: is no setting; {ends[near[0]]} is"


NAMES: Final = tuple(
    f"CTI_{name.upper()}" for name in (*Settings.model_fields, "config", "secrets_dir") if name != "sources"
)
_FILES: Final = frozenset(name.casefold() for name in (*NAMES, "CTI_SOURCES"))


def _tables(faults: list[str]) -> dict[str, Any]:
    place = os.environ.get("CTI_CONFIG")
    if not place:
        return {}
    try:
        tables = tomllib.loads(Path(place).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        faults.append("CTI_CONFIG: names a file that cannot be read")
        return {}
    except (ValueError, RecursionError) as exc:  # a number of 5,000 digits is no TOMLDecodeError
        faults.append(f"CTI_CONFIG: is no TOML{_where(exc)}")
        return {}
    faults += [f"CTI_CONFIG: [{name}] is no table this version knows" for name in tables if name != "sources"]
    return {"sources": tables["sources"]} if "sources" in tables else {}


def _where(error: Exception) -> str:
    """Give a TOML error's line and column; the rest of its text may quote the file."""
    found = re.search(r" \(at [a-z0-9, ]+\)\Z", str(error))
    return found[0] if found else ""


def _secret_files(faults: list[str]) -> dict[str, str]:
    """Read the files of CTI_SECRETS_DIR that are named like a setting: their texts, under small letters."""
    place = os.environ.get("CTI_SECRETS_DIR")
    if not place:
        return {}
    try:
        paths = [path for path in sorted(Path(place).iterdir()) if path.name.casefold() in _FILES]
    except OSError:
        faults.append("CTI_SECRETS_DIR: names no directory that can be read")
        return {}
    texts: dict[str, str] = {}
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            faults.append(f"{path.name.upper()}: is a file in CTI_SECRETS_DIR that cannot be read as UTF-8")
        else:
            if text:
                texts.setdefault(path.name.casefold(), text)
    return texts


def _fields(texts: Mapping[str, str]) -> dict[str, str]:
    """Give the fields among what is set; `sources` are a table, and stand in the file that CTI_CONFIG names."""
    named = {f"cti_{field}": field for field in Settings.model_fields if field != "sources"}
    return {named[name]: text for name, text in texts.items() if name in named}


def _not_taken(names: Collection[str]) -> Iterator[str]:
    """Say what is set and would do nothing, though somebody relies on it."""
    if "cti_sources" in names:
        yield "CTI_SOURCES: is no setting; sources stand in the file that CTI_CONFIG names"


def _faults(error: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with a setting; a description has many, each with its place in it."""
    place = error["loc"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if not place:
        yield message
    elif place[0] != "sources":
        yield f"CTI_{str(place[0]).upper()}: {message}"
    elif place[2:] == ("custom",):
        yield from (_fault_within(place, one) for one in message.split("\n"))
    else:
        yield f"[{'.'.join(map(str, place))}]: {message}"


def _fault_within(place: tuple[str | int, ...], fault: str) -> str:
    within, colon, what = fault.partition(": ")
    inside = colon and _PLACE.fullmatch(within)
    parts = [*map(str, place), within] if inside else map(str, place)
    return f"[{'.'.join(parts)}]: {what if inside else fault}"


_PLACE: Final = re.compile(r"\S+")
