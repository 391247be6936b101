"""A token server that a test can make misbehave: real HTTP on a free port."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from cti_lookup.rservice.tokens import ClientCredentials
from tests.servers.fake_directory import Behaviour

SECRET = "a-client-secret"


class TokenServer:
    """Left alone it gives `token-1`, `token-2` and so on, each for an hour."""

    def __init__(self) -> None:
        self.forms: list[Mapping[str, object]] = []
        self.headers: list[Mapping[str, str]] = []
        self.asked = asyncio.Event()
        self.behaviour: Behaviour = self.grant
        self.life: object = 3600
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def credentials(self) -> ClientCredentials:
        return ClientCredentials(f"http://127.0.0.1:{self._port}/token", "a-client", SECRET)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def grant(self, _: web.Request) -> web.StreamResponse:
        told = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer", "expires_in": self.life}
        return web.json_response(told)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        assert request.method == "POST"
        assert not request.query_string
        self.forms.append(dict(await request.post()))
        self.headers.append(dict(request.headers))
        self.asked.set()
        return await self.behaviour(request)
