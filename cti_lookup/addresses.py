"""
URLs and hosts in settings: read, and refused where they could not be used.

The `ValueError` each raises holds no part of what was read; those of `urllib` and redis-py quote hosts and passwords.
"""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError


def split_url(text: str) -> SplitResult:
    """Split a URL. The `ValueError` it raises holds no part of it; those of `urllib` quote the host and the port."""
    if not text.isprintable() or " " in text:
        raise ValueError("is no URL: it holds blanks or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL: its host or its port cannot be read") from None
    if port == 0:
        raise ValueError("is no URL that can be used: a port is from 1 to 65535")
    if parts.hostname:
        possible_host(parts.hostname)
    return parts


def possible_host(value: str) -> str:
    """Refuse '', which would mean every interface, and a name whose resolution would end in a `UnicodeError`."""
    try:
        value.encode("idna")
    except UnicodeError:
        raise ValueError("names a host that cannot exist") from None
    if not value or not value.isprintable():
        raise ValueError("names a host that cannot exist")
    return value


def base_url(value: object) -> object:
    """Read a base URL: http or https, without a slash at its end."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    parts = split_url(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http or https URL")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    if "?" in text or "#" in text:
        raise ValueError("must end with its path: paths are added to it")
    return text.rstrip("/")


_REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
_REDIS_SCHEMES_TO_COME: Final = ("redis+sentinel", "redis+cluster")
_DATABASE: Final = re.compile(r"(/[0-9]*)?/?")
_REDIS_OPTIONS: Final = re.compile(
    r"db|protocol|username|password|client_name|socket_keepalive|ssl_[a-z_]+"  # none that lengthens a wait
)


def refuse_unusable_redis(text: str) -> None:
    """Refuse what the client would refuse, or read in another way than it was meant."""
    parts = split_url(text)
    if parts.scheme in _REDIS_SCHEMES_TO_COME:
        raise ValueError("is a Sentinel's or a Cluster's; those are not supported yet")
    if parts.scheme not in _REDIS_SCHEMES:
        raise ValueError(f"is no URL that begins with one of {', '.join(_REDIS_SCHEMES)}")
    if not _is_redis_place(parts):
        raise ValueError(
            "is no host with a database's number, nor a socket's path; "
            "in a password / is written %2F, ? is %3F and # is %23"
        )
    _try_redis_client(text, parts.query)


def _is_redis_place(parts: SplitResult) -> bool:
    """Tell whether no `/`, `?` or `#` of a password has cut the URL where its author did not mean it."""
    if parts.fragment:
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1 and not parts.netloc.rpartition("@")[2]
    return bool(parts.hostname) and _DATABASE.fullmatch(parts.path) is not None


def _try_redis_client(text: str, query: str) -> None:
    """
    Make a connection as the client will, without connecting it.

    Facts (redis-py 8.1): an option's value is read by the pool, but its name only by the connection; what has no
    value (`?x`) is passed over in silence; an option that wants an object takes a text, and fails when it is used;
    and the exceptions' texts hold values.
    """
    refused = ValueError("has an option behind its ? that is unknown or has a wrong value")
    try:
        options = parse_qsl(query, strict_parsing=True) if query else []
        if not all(_REDIS_OPTIONS.fullmatch(name) for name, _ in options):
            raise refused
        BlockingConnectionPool.from_url(text).make_connection()  # type: ignore[no-untyped-call]  # not typed there
    except (AttributeError, LookupError, TypeError, ValueError, RedisError):
        raise refused from None


def is_web_address(text: str) -> bool:
    """Tell whether a browser could go there."""
    parts = split_url(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
