"""
Whose request it is, as far as an address tells.

Facts: a proxy appends the address it saw to `X-Forwarded-For`, so that whatever stands left of what our own proxies wrote was written by
whoever liked to (RFC 7239, section 8.1, says the same of `Forwarded`).
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network


class Proxies:
    """The proxies whose word is taken; `networks` are in CIDR notation. Raises `ValueError` for what is none."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(one) for one in networks)
        self._is_one = lru_cache(maxsize=1024)(self._look)

    def address(self, request: web.BaseRequest) -> str:
        """Give the address of whoever sent a request: the last that none of our proxies has."""
        peer = request.remote or ""
        if not self._networks or not self._is_one(peer):
            return peer
        told = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        for one in reversed(told):
            address = one.strip()
            if _address(address) is None:
                break  # what stands before it may be anything
            peer = address
            if not self._is_one(address):
                break
        return peer

    def _look(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
