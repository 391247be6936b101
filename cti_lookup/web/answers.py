"""What answers have in common: nobody on the way keeps them, and nearly all of them are JSON."""

from typing import Final

from aiohttp import web

NO_SNIFFING: Final = {"X-Content-Type-Options": "nosniff", "Server": "cti-lookup"}
"""What every answer carries: a browser takes it for what it says it is, and nobody is told of what versions it was made."""

NO_STORE: Final = {"Cache-Control": "no-store", **NO_SNIFFING}
"""What answers about people carry: nobody on the way keeps them."""


def json_answer(body: bytes) -> web.Response:
    """Answer 200 with what is JSON already."""
    return web.Response(body=body, content_type="application/json", headers=NO_STORE)
