"""
The widget's files and the agent's pages: read once at start, served under fixed names.

A page takes nothing from elsewhere and runs no script that is not in a file of ours (Content Security Policy Level 3). Only the module
may be loaded by pages of other origins: it holds nothing of anybody's.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from cti_lookup.web.answers import NO_SNIFFING
from cti_lookup.web.keys import PARTS
from cti_lookup.web.origins import frame_ancestors
from cti_lookup.web.problems import problem

FOLDER: Final = Path(__file__).with_name("widget")
MODULE: Final = "cti-caller-lookup.js"
FRAME: Final = "frame.html"
PAGE: Final = "agent.html"
EXPLANATION: Final = "debug.html"
DOCS: Final = "docs.html"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_POLICY_OF_DOCS: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The page that shows the description asks nobody but us, and shows no picture."""

_FOR_ALL: Final = {
    **NO_SNIFFING,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
}
_FOR_THE_MODULE: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served."""

    name: str
    body: bytes
    kind: str
    tag: str


def files_in(folder: Path = FOLDER) -> Mapping[str, File]:
    """Read the files of a folder that are of a kind we serve; none where there is no folder."""
    if not folder.is_dir():
        return {}
    paths = (path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix in _TYPES)
    return {path.name: _file(path) for path in paths}


def _file(path: Path) -> File:
    return file_of(path.name, path.read_bytes())


def file_of(name: str, body: bytes) -> File:
    """Make a file; what it is is said by the end of its name."""
    kind = _TYPES[name[name.rindex(".") :]]
    return File(name, body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


FILES: Final = web.AppKey("files", Mapping[str, File])


async def widget_file(request: web.Request) -> web.Response:
    """Give a file of the widget."""
    return _answer(request, request.match_info["file"])


async def page(request: web.Request) -> web.Response:
    """Give the agent's page; what it is to show stands behind the # or the ?, and is read there."""
    return _answer(request, PAGE)


async def explanation(request: web.Request) -> web.Response:
    """Give the page that explains a number to administrators; it asks for their key itself."""
    return _answer(request, EXPLANATION)


async def docs(request: web.Request) -> web.Response:
    """Give the page that shows the description of all routes."""
    return _answer(request, DOCS)


def _answer(request: web.Request, name: str) -> web.Response:
    file = request.app[FILES].get(name)
    if file is None:
        return problem(404, "not_found", "There is no such file.")
    return given(request, file, _headers_of(name, request.app[PARTS].origins))


def given(request: web.Request, file: File, more: Mapping[str, str]) -> web.Response:
    """Give a file, with more headers; 304 to who has it already."""
    headers = {"ETag": file.tag, **_FOR_ALL, **more}
    if file.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, headers={"Content-Type": file.kind, **headers})


def _headers_of(name: str, origins: Iterable[str]) -> Mapping[str, str]:
    if name == MODULE:
        return _FOR_THE_MODULE
    own = {"Cross-Origin-Resource-Policy": "same-origin"}
    if not name.endswith(".html"):
        return own
    ancestors = frame_ancestors(sorted(origins) if name == FRAME else ())
    policy = _POLICY_OF_DOCS if name == DOCS else _POLICY
    return {"Content-Security-Policy": f"{policy}; {ancestors}", **(own if name != FRAME else {})}
