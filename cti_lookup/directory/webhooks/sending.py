"""
One attempt to deliver a message.

Facts (R-Service, "Webhooks", Expected response): any status from 200 to 299 is a success, and nothing else of the answer counts; a
receiver has 10 seconds. A redirect is none, and is not followed: nobody verified where it leads.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from cti_lookup.directory.webhooks.messages import Message

TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
MOST_AT_ONCE: Final = 8


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that keeps no cookies, and reads next to nothing of what it is answered."""
    async with aiohttp.ClientSession(
        headers={"Accept-Encoding": "identity"},
        timeout=TIMEOUT,
        auto_decompress=False,
        read_bufsize=1024,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=MOST_AT_ONCE, force_close=True),
    ) as session:
        yield session


async def send(session: aiohttp.ClientSession, uri: str, message: Message) -> str:
    """Send a message; return '' if it was taken, or else in a few words of ours why not."""
    try:
        async with session.post(
            URL(uri, encoded=True), data=message.body, headers=message.headers, allow_redirects=False
        ) as response:
            response.close()  # its body is not wanted, however long it is
            return _meaning(response.status)
    except TimeoutError:
        return "timeout"
    except aiohttp.ClientConnectorDNSError:
        return "unknown host"
    except (aiohttp.ClientSSLError, ssl.SSLError):
        return "no secure connection"
    except (aiohttp.ClientConnectionError, OSError):
        return "no connection"
    except (aiohttp.ClientError, ValueError):  # their texts may hold the address
        return "no answer of HTTP"


def _meaning(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
