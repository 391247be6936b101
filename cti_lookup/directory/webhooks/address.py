"""The address at which others reach this directory, for what it tells them about itself."""

from typing import Final

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
"""Scheme, host and perhaps a path, without a slash at the end; missing or empty where nobody set one."""

RUNNER: Final = web.AppKey("runner", web.AppRunner)
"""Knows where the application listens, once it does."""

_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - no address to listen on: to be replaced
_NOWHERE: Final = "http://localhost"


def public_url(app: web.Application) -> str:
    """Return the address that was set, or else where the server listens, as seen from this machine."""
    return set_url(app) or _listening(app)


def set_url(app: web.Application) -> str:
    """Return the address that was set, empty where there is none."""
    return app.get(PUBLIC_URL, "").rstrip("/")


def _listening(app: web.Application) -> str:
    addresses = app[RUNNER].addresses if RUNNER in app else []
    if not addresses:
        return _NOWHERE
    host, port = addresses[0][:2]
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
