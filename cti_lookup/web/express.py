"""
The express lane: an event that comes whole, on its source's own path and with its key, is answered past aiohttp's request handler.

aiohttp's parser reads the head, so that what is a request is decided there and nowhere else; a sender's heads are alike on one line,
and what was read of one is remembered. Whatever is unusual goes aiohttp's own way, which answers the very same: a request in pieces,
two at once, chunks, compression, another method, no key. So does what is refused, which is counted and throttled there.
"""

import asyncio
from functools import lru_cache
from time import perf_counter
from typing import Final

import msgspec
from aiohttp import HttpVersion11, hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy

from cti_lookup.dialects import Answered, Request
from cti_lookup.errors import Rejected
from cti_lookup.request_ids import name_request
from cti_lookup.ringing import Source
from cti_lookup.web.access import shown_in
from cti_lookup.web.bodies import LARGEST_BODY
from cti_lookup.web.keys import Parts
from cti_lookup.web.line import Answering, Express, no_express
from cti_lookup.web.one_piece import in_one_piece
from cti_lookup.web.problems import INTERNAL, PROBLEM_JSON
from cti_lookup.web.webhooks import take_in

_END: Final = b"\r\n\r\n"
_EVENTS: Final = b"POST /webhooks/"
_LARGEST_HEAD: Final = 2048
"""Bytes of a head that is remembered."""
_MOST_HEADS: Final = 512
_FAILED: Final = Answered(INTERNAL, PROBLEM_JSON, 500)
_UNUSUAL: Final = (hdrs.EXPECT, hdrs.CONTENT_ENCODING, hdrs.TRANSFER_ENCODING, hdrs.UPGRADE)


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What a head says: to which source the event goes, and how many bytes it has."""

    source: Source
    headers: CIMultiDictProxy[str]
    target: str
    length: int


def express_lane(parts: Parts) -> Express:
    """Open the lane; where requests are traced there is none, as a span is made on the ordinary way."""
    return no_express if parts.traces is not None else _Lane(parts).hear


class _Lane:
    """Answers events; the heads it remembers are in this process's memory, and nowhere else."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sources = {f"/webhooks/{name}": source for name, source in parts.sources.items()}
        self._remembered = lru_cache(maxsize=_MOST_HEADS)(self._read)

    def hear(self, said: bytes, last: bool) -> Answering | None:
        """Give what answers a whole event, or None; see :data:`~cti_lookup.web.line.Express`."""
        begin = said.find(_END) + len(_END)
        if begin < len(_END) or not said.startswith(_EVENTS):
            return None
        head = self._remembered(said[:begin]) if begin <= _LARGEST_HEAD else self._read(said[:begin])
        if head is None or len(said) - begin != head.length:
            return None
        return self._answer(head, said[begin:], last)

    def _read(self, said: bytes) -> _Head | None:
        """Read a head; None where it is not that of an event, or shows no key that is known."""
        message = _parsed(said)
        if message is None or not _is_usual(message):
            return None
        path, _, _ = message.path.partition("?")
        source, length = self._sources.get(path), int(message.headers.get(hdrs.CONTENT_LENGTH, "0"))
        if source is None or not 0 < length <= LARGEST_BODY:
            return None
        if not source.opens_to(shown_in(message.headers, message.url)):
            return None
        return _Head(source, message.headers, message.path, length)

    async def _answer(self, head: _Head, body: bytes, last: bool) -> bytes | None:
        began, parts = perf_counter(), self._parts
        name_request(head.headers)
        event = Request(head.headers, "", body, hdrs.METH_POST, head.target, parts.public_url, "")
        try:
            answered = await take_in(parts, head.source, event, began)
            return in_one_piece(answered, last=last)
        except Rejected:
            return None
        except Exception as exc:  # noqa: BLE001  # the outermost place: no stack trace leaves the process
            parts.log.failure(exc)
            return in_one_piece(_FAILED, last=last)


def _parsed(said: bytes) -> RawRequestMessage | None:
    """Have aiohttp read a head; None where it is none, or not of one request."""
    loop = asyncio.get_running_loop()
    try:
        messages, _, _ = HttpRequestParser(BaseProtocol(loop), loop, LARGEST_BODY).feed_data(said)
    except HttpProcessingError:
        return None
    return messages[0][0] if len(messages) == 1 else None


def _is_usual(message: RawRequestMessage) -> bool:
    return (
        message.method == hdrs.METH_POST
        and message.version == HttpVersion11
        and not message.should_close
        and not any(name in message.headers for name in _UNUSUAL)
    )
