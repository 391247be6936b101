"""TLS: only a server that our authority vouches for, under the name by which it is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.redis.certificates import Authority
from tests.redis.conftest import Links
from tests.redis.saying import becomes_readable, reason_for, store
from tests.servers.ports import free_port
from tests.servers.redis_process import RedisProcess


@dataclass(frozen=True)
class Secure:
    port: int
    ours: Authority
    other: Authority
    client: tuple[Path, Path]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    """Give a Redis that speaks TLS only, and asks clients for certificates."""
    ours, other, port = Authority(tmp_path, "ours"), Authority(tmp_path, "other"), free_port()
    certificate, key = ours.sign("localhost")
    files = [
        "--tls-cert-file",
        str(certificate),
        "--tls-key-file",
        str(key),
        "--tls-ca-cert-file",
        str(ours.path),
    ]
    process = RedisProcess(tmp_path / "r", options=["--port", "0", "--tls-port", str(port), *files])
    process.start()
    yield Secure(port, ours, other, ours.sign("client"))
    process.end()


def url(secure: Secure, host: str = "localhost", authority: Authority | None = None) -> str:
    certificate, key = secure.client
    return (
        f"rediss://{host}:{secure.port}?ssl_ca_certs={(authority or secure.ours).path}"
        f"&ssl_certfile={certificate}&ssl_keyfile={key}"
    )


async def test_a_server_we_trust_is_used(links: Links, secure: Secure) -> None:
    link = links.to(url(secure))
    assert await becomes_readable(link, "cti:a") is None
    await store(link, "cti:a", b"v")
    assert await link.read(("cti:a",)) == (b"v",)


async def test_a_server_of_another_authority_is_an_error(links: Links, secure: Secure) -> None:
    assert await reason_for(links.to(url(secure, authority=secure.other)).read(("cti:a",))) == "error"


async def test_a_server_of_another_name_is_an_error(links: Links, secure: Secure) -> None:
    assert await reason_for(links.to(url(secure, "127.0.0.1")).read(("cti:a",))) == "error"


async def test_a_client_without_a_certificate_is_an_error(links: Links, secure: Secure) -> None:
    link = links.to(f"rediss://localhost:{secure.port}?ssl_ca_certs={secure.ours.path}")
    assert await reason_for(link.read(("cti:a",))) == "error"


async def test_a_certificate_that_is_not_there_is_an_error(links: Links, secure: Secure) -> None:
    link = links.to(f"rediss://localhost:{secure.port}?ssl_ca_certs=/nowhere.pem")
    assert await reason_for(link.read(("cti:a",))) == "error"


async def test_plain_text_where_tls_is_spoken_is_an_error(links: Links, secure: Secure) -> None:
    assert await reason_for(links.to(f"redis://localhost:{secure.port}").read(("cti:a",))) == "error"


async def test_connections_share_one_context(links: Links, secure: Secure) -> None:
    pool = links.to(url(secure))._client.connection_pool  # type: ignore[union-attr]  # no Cluster
    assert pool.make_connection().ssl_context is pool.make_connection().ssl_context
