"""An address is the sender's own, whatever the sender writes."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from cti_lookup.web.peers import Proxies


def _request(peer: str, *told: str) -> web.Request:
    headers = [("X-Forwarded-For", one) for one in told]
    request = make_mocked_request("GET", "/")
    return request.clone(remote=peer, headers=headers)


@pytest.mark.parametrize(
    ("networks", "peer", "told", "address"),
    [
        ((), "203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        (("10.0.0.0/8",), "203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        (("10.0.0.0/8",), "10.1.2.3", (), "10.1.2.3"),
        (("10.0.0.0/8",), "10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.1.2.3", ("192.0.2.1, 198.51.100.1",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.1.2.3", ("192.0.2.1", "198.51.100.1, 10.9.9.9"), "198.51.100.1"),
        (("10.0.0.0/8",), "10.1.2.3", ("nonsense, 198.51.100.1",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.1.2.3", ("198.51.100.1, nonsense",), "10.1.2.3"),
        (("10.0.0.0/8",), "10.1.2.3", (",,,",), "10.1.2.3"),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        (("fd00::/8",), "fd00::1", ("2001:db8::7",), "2001:db8::7"),
    ],
)
def test_only_our_own_proxies_are_believed(
    networks: tuple[str, ...], peer: str, told: tuple[str, ...], address: str
) -> None:
    assert Proxies(networks).address(_request(peer, *told)) == address


@pytest.mark.parametrize("network", ["", "10.0.0.0/33", "proxy.example", "10.0.0.1/8"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Proxies((network,))
