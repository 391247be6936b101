"""
Entity tags: what a client holds already is not sent again.

Facts: `ETag: W/"<32 hex>"` stands on answers 200 and 201 (recorded). `If-None-Match` is a list of tags or `*`, compared weakly, and
matters to GET and HEAD only, where 304 is the answer (RFC 9110, 13.1.2).
"""

import re
import secrets
from typing import Final

from aiohttp import hdrs, web

_TAGGED: Final = frozenset({200, 201})
_ALL_BITS: Final = 2**64 - 1
_OPAQUE: Final = re.compile(r'"([^"]*)"')
_READING: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class EntityTags:
    """
    Makes the tags of one process.

    Half of a tag is chance, drawn once; the other half is Python's own hash of bytes, SipHash under a key of the process. It costs
    a quarter of any in `hashlib`, which matters where a phone rings. After a restart everything is sent once more.
    """

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)

    def tagged(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Put the tag of its body on a JSON answer, or answer 304 to a client that has this very body."""
        body = _taggable(response)
        if body is None:
            return response
        opaque = self._opaque(body)
        if hdrs.IF_NONE_MATCH in request.headers and request.method in _READING and _has(request, opaque):
            return web.Response(status=304, headers={hdrs.ETAG: f'W/"{opaque}"'})
        response.headers[hdrs.ETAG] = f'W/"{opaque}"'
        return response

    def tag(self, body: bytes) -> str:
        """Return the tag of a body, as it stands in the header."""
        return f'W/"{self._opaque(body)}"'

    def _opaque(self, body: bytes) -> str:
        return f"{self._process}{hash(body) & _ALL_BITS:016x}"


def _taggable(response: web.StreamResponse) -> bytes | None:
    # What is no `Response` brings its tag along, or has none.
    if not isinstance(response, web.Response) or response.status not in _TAGGED:
        return None
    body = response.body
    is_json = response.headers.get(hdrs.CONTENT_TYPE, "").startswith("application/json")
    return body if is_json and isinstance(body, bytes) else None


def _has(request: web.Request, opaque: str) -> bool:
    held = ",".join(request.headers.getall(hdrs.IF_NONE_MATCH))
    return held.strip() == "*" or opaque in _OPAQUE.findall(held)
