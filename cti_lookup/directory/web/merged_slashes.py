"""
Paths with more slashes than they need.

A client whose base address ends in a slash asks for `/v1//people`. The public API stands behind a server that by default takes
several slashes for one (nginx, `merge_slashes`), so that such a client has never noticed.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web
from yarl import URL

_SLASHES: Final = re.compile(r"/{2,}")


class MergedSlashes(web.AbstractResource):
    """Finds what a path means with single slashes; asked last, and only for paths that have others."""

    def __init__(self, router: web.UrlDispatcher) -> None:
        super().__init__()
        self._router = router

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Return what the path means, or which methods it has; aiohttp makes the errors of it."""
        path = request.rel_url.raw_path
        merged = _SLASHES.sub("/", path)
        if merged == path:
            return None, set()
        meant = URL.build(path=merged, query_string=request.rel_url.raw_query_string, encoded=True)
        match = await self._router.resolve(request.clone(rel_url=meant))
        error = match.http_exception
        if error is None:
            return match, set()
        return None, error.allowed_methods if isinstance(error, web.HTTPMethodNotAllowed) else set()

    @property
    def canonical(self) -> str:
        """The path under which aiohttp looks for this: that of all paths."""
        return "/"

    def raw_match(self, path: str) -> bool:  # noqa: ARG002 - whatever it is
        """Match no path that is added."""
        return False

    def url_for(self, **kwargs: str) -> URL:
        """Give no address: there is one for each path."""
        raise NotImplementedError

    def add_prefix(self, prefix: str) -> None:
        """Add nothing: the paths are those of the router."""

    def get_info(self) -> Any:
        """Tell nothing: there are no routes of its own."""
        return {}

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())
