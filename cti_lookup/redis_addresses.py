"""
URLs of any kind of Redis in settings: read, and refused where they could not be used.

Apart from other addresses, as only who sets one needs redis-py. The `ValueError` each raises holds no part of what was read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from cti_lookup.addresses import possible_host, split_url

_REDIS_SCHEMES: Final = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")
_DATABASE: Final = re.compile(r"(/[0-9]*)?/?")
_REDIS_OPTIONS: Final = re.compile(
    r"db|protocol|username|password|client_name|socket_keepalive|ssl_[a-z_]+"  # none that lengthens a wait
)
_NO_SUCH_OPTION: Final = "has an option behind its ? that is unknown or has a wrong value"
_ESCAPES: Final = "in a password / is written %2F, ? is %3F and # is %23"


def refuse_unusable_redis(text: str) -> None:
    """Refuse what the client would refuse, or read in another way than it was meant."""
    if text.startswith(("redis+sentinel:", "redis+cluster:")):
        read_redis_nodes(text)
        return
    parts = split_url(text)
    if parts.scheme not in _REDIS_SCHEMES:
        raise ValueError(f"is no URL that begins with one of {', '.join(_REDIS_SCHEMES)}")
    if not _is_redis_place(parts):
        raise ValueError(f"is no host with a database's number, nor a socket's path; {_ESCAPES}")
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
    refused = ValueError(_NO_SUCH_OPTION)
    try:
        options = parse_qsl(query, strict_parsing=True) if query else []
        if not all(_REDIS_OPTIONS.fullmatch(name) for name, _ in options):
            raise refused
        BlockingConnectionPool.from_url(text).make_connection()  # type: ignore[no-untyped-call]  # not typed there
    except (AttributeError, LookupError, TypeError, ValueError, RedisError):
        raise refused from None


@dataclass(frozen=True, slots=True)
class RedisNodes:
    """
    Where Sentinels or the nodes of a Cluster are; `service` is a Sentinel's name for its master, None of a Cluster.

    `options` are arguments of redis-py's connections, `sentinel_options` those for the Sentinels themselves.
    """

    nodes: tuple[tuple[str, int], ...]
    service: str | None
    tls: bool
    options: Mapping[str, Any] = field(repr=False)
    sentinel_options: Mapping[str, Any] = field(repr=False)


_NODES_URL: Final = re.compile(
    r"redis\+(?P<kind>sentinel|cluster)://(?:(?P<login>[^/?#]*)@)?(?P<nodes>[^/?#@]+)(?P<path>/[^?#]*)?"
    r"(?:\?(?P<query>[^#]*))?"
)
_NODE: Final = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?"
)
_SERVICE: Final = re.compile(r"/(?P<service>[A-Za-z0-9._-]+)(?:/(?P<database>[0-9]{0,9}))?/?")
_NODES_OPTIONS: Final = re.compile(
    r"client_name|ssl_(?:ca_certs|ca_data|cert_reqs|certfile|keyfile|check_hostname|min_version|ciphers)"
)
_PORTS: Final = {"sentinel": 26379, "cluster": 6379}
_MOST_PORTS: Final = 65535


def read_redis_nodes(text: str) -> RedisNodes:
    """
    Read the URL of Sentinels or of a Cluster, which holds several hosts: no standard URL.

    Facts (redis.io, "Sentinel"): a master's name is made of letters, digits, `.`, `-` and `_`. A Cluster has no
    database but 0 (redis.io, "Cluster specification").
    """
    match = _NODES_URL.fullmatch(text)
    if match is None or not text.isprintable() or " " in text:
        raise ValueError(f"is no URL with hosts, such as redis+cluster://host:port,host:port; {_ESCAPES}")
    kind = match["kind"]
    nodes = tuple(_node(one, _PORTS[kind]) for one in match["nodes"].split(","))
    given = _given(match["query"])
    tls = _switch(given.pop("tls", "false"))
    sentinel = _login(given.pop("sentinel_username", None), given.pop("sentinel_password", None))
    options = _connection_options(given, tls=tls)
    user, _, password = (match["login"] or "").partition(":")
    mine = {**options, **_login(unquote(user) or None, unquote(password) or None)}
    if kind == "cluster":
        if (match["path"] or "/") not in ("/", "/0") or sentinel:
            raise ValueError("is a Cluster's, which has database 0 only and no Sentinels")
        return RedisNodes(nodes, None, tls, mine, {})
    named = _SERVICE.fullmatch(match["path"] or "")
    if named is None:
        raise ValueError(
            f"names no master behind its Sentinels, such as /mymaster or /mymaster/0; {_ESCAPES}"
        )
    mine["db"] = int(named["database"] or 0)
    return RedisNodes(nodes, named["service"], tls, mine, {**options, **sentinel})


def _node(text: str, port: int) -> tuple[str, int]:
    match = _NODE.fullmatch(text)
    if match is None:
        raise ValueError("names a host or a port that cannot be read")
    if match["port"] is not None:
        port = int(match["port"])
    if not 1 <= port <= _MOST_PORTS:
        raise ValueError("is no URL that can be used: a port is from 1 to 65535")
    return possible_host(match["address"] or match["name"]), port


def _given(query: str | None) -> dict[str, str]:
    """Read options; one that stands there twice, or without a value, is refused."""
    try:
        pairs = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError(_NO_SUCH_OPTION) from None
    given = dict(pairs)
    if len(given) < len(pairs) or not all(given.values()):
        raise ValueError(_NO_SUCH_OPTION)
    return given


def _switch(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("has a tls= that is neither true nor false")
    return value == "true"


def _login(username: str | None, password: str | None) -> dict[str, str]:
    if username and not password:
        raise ValueError("names a user without a password")
    return {name: value for name, value in (("username", username), ("password", password)) if value}


def _connection_options(given: Mapping[str, str], *, tls: bool) -> dict[str, Any]:
    """Read what is left as redis-py reads it; what speaks of TLS without TLS would be passed over in silence."""
    if not all(_NODES_OPTIONS.fullmatch(name) for name in given):
        raise ValueError(_NO_SUCH_OPTION)
    if not tls and any(name.startswith("ssl_") for name in given):
        raise ValueError("has an option of TLS without tls=true")
    url = f"{'rediss' if tls else 'redis'}://host?{urlencode(given)}"
    _try_redis_client(url, urlencode(given))
    return {name: value for name, value in parse_url(url).items() if name in given}
