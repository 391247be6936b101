"""
The directory's question whether we are there, answered by fetching the address it named.

The address comes from outside: whoever knows the token could name any. Only hosts that were allowed are asked, over
https, without redirects, and nothing of what they answer is read but the status.
"""

import ipaddress
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from cti_lookup.background import Background
from cti_lookup.errors import StrangeHost, WrongField
from cti_lookup.rservice.resolving import PatientResolver

TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
MOST_AT_ONCE: Final = 8
"""Handshakes under way; the directory asks once for each webhook that is made or moved."""

_PORTS: Final = {"https": 443, "http": 80}
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_HOST: Final = rf"{_NAME}|\[[0-9a-f:.]+\]"
_PORT: Final = r"[1-9][0-9]{0,4}"
_ENTRY: Final = re.compile(rf"(?P<wild>\*\.)?(?P<host>{_HOST})(?::(?P<port>{_PORT}))?", re.ASCII)
# Printable ASCII without a backslash, which some readers take for a slash, without a fragment, and without @ and % before the path, so
# that nobody can see another host in it than we do.
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>{_PORT}))?(?P<rest>/[!$-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_LARGEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port, read so that there is only one way to write them."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Tell whether it is this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


class AllowedHosts:
    """
    The hosts that may be called back.

    An entry is a host, or `*.domain` for all hosts below a domain but not the domain itself; with `:port` for another
    port than the scheme's own. Raises `ValueError` for anything else.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._exact: set[tuple[str, int | None]] = set()
        self._below: set[tuple[str, int | None]] = set()
        for entry in entries:
            self._add(entry.strip().lower())

    def _add(self, entry: str) -> None:
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError("names no host: a host is written as host, host:port or *.domain")
        host, port = _one_spelling(found["host"]), _port(found["port"])
        if not found["wild"]:
            self._exact.add((host, port))
            return
        if "." not in host or host.rpartition(".")[2].isdigit():
            raise ValueError("allows too much: behind *. stands a domain of two labels or more")
        self._below.add((f".{host}", port))

    def url(self, callback: str) -> URL:
        """Give the address of a callback that is allowed. Raises `WrongField` or `StrangeHost`."""
        found = _URL.fullmatch(callback)
        if found is None:
            raise WrongField("payload.callback", "'payload.callback' is no plain http or https URL.")
        try:
            scheme, place = found["scheme"].lower(), _place(found)
        except ValueError:
            raise WrongField("payload.callback", "'payload.callback' names no host or port.") from None
        if not self._allows(scheme, place):
            raise StrangeHost("The callback is not https to a host of CTI_UPSTREAM_HOSTS.")
        return URL(f"{scheme}://{place.host}:{place.port}{found['rest'] or '/'}", encoded=True)

    def _allows(self, scheme: str, place: Place) -> bool:
        if scheme != "https" and not place.is_loopback:
            return False
        ports = (place.port, None) if place.port == _PORTS[scheme] else (place.port,)
        return any(
            (place.host, port) in self._exact
            or any(place.host.endswith(domain) for domain, allowed in self._below if allowed == port)
            for port in ports
        )


def _place(found: re.Match[str]) -> Place:
    port = _port(found["port"])
    return Place(_one_spelling(found["host"].lower()), port or _PORTS[found["scheme"].lower()])


def _one_spelling(host: str) -> str:
    """Write an address of IPv6 in its shortest form; a name is its own. Raises `ValueError` if it is no address."""
    if not host.startswith("["):
        return host
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:  # its text holds the address
        raise ValueError("names no address of IPv6") from None


def _port(text: str | None) -> int | None:
    if text is not None and int(text) > _LARGEST_PORT:
        raise ValueError("names no port: a port is from 1 to 65535")
    return int(text) if text else None


class Handshake:
    """Calls back in the background; `noted` is told the host and the result: `verified`, or what was wrong."""

    def __init__(
        self, session: aiohttp.ClientSession, hosts: AllowedHosts, *, noted: Callable[[str, str], None]
    ) -> None:
        self._session = session
        self._hosts = hosts
        self._noted = noted
        self._background = Background()
        self._under_way = 0

    def begin(self, callback: str) -> None:
        """Begin to call back; nobody waits for the end. Raises `WrongField` or `StrangeHost`."""
        url = self._hosts.url(callback)
        if self._under_way >= MOST_AT_ONCE:
            self._noted(url.host or "", "busy")
            return
        self._under_way += 1
        self._background.spawn(self._call_back(url))

    async def _call_back(self, url: URL) -> None:
        try:
            self._noted(url.host or "", await self._result(url))
        finally:
            self._under_way -= 1

    async def _result(self, url: URL) -> str:
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                response.close()  # its body is not wanted, however long it is
                return _meaning(response.status)
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError, ValueError):
            return "connection"

    async def close(self) -> None:
        """End what is under way."""
        await self._background.close()


@asynccontextmanager
async def open_handshake(
    hosts: AllowedHosts, *, noted: Callable[[str, str], None]
) -> AsyncIterator[Handshake]:
    """Give a handshake with a session of its own, which carries no credentials of ours; close both in the end."""
    async with aiohttp.ClientSession(
        headers={"User-Agent": "cti-lookup", "Accept-Encoding": "identity"},
        timeout=TIMEOUT,
        auto_decompress=False,
        read_bufsize=1024,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(
            limit=MOST_AT_ONCE, force_close=True, resolver=PatientResolver(time.monotonic)
        ),
    ) as session:
        handshake = Handshake(session, hosts, noted=noted)
        try:
            yield handshake
        finally:
            await handshake.close()


def _meaning(status: int) -> str:
    match status // 100:
        case 2:
            return "verified"
        case 3:
            return "redirect"
    return "status"
