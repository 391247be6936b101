"""The widget's files and pages, and what a browser is told of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti_lookup.app import create_app
from cti_lookup.settings import Settings
from tests.servers.fake_directory import TOKEN, FakeDirectory
from tests.service.conftest import listening_log

Client = TestClient[web.Request, web.Application]
FILES = {
    "cti-caller-lookup.js": "export {};",
    "frame.html": "<!doctype html><title>Frame</title>",
    "frame.js": "void 0;",
    "agent.html": "<!doctype html><title>Agent</title>",
    "debug.html": "<!doctype html><title>Explanation</title>",
    "notes.txt": "not to be served",
}


@pytest.fixture
async def browser(tmp_path: Path, directory: FakeDirectory) -> AsyncIterator[Client]:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    settings: dict[str, Any] = {
        "directory_url": directory.url,
        "directory_token": TOKEN,
        "origins": "https://desk.example,https://other.example",
    }
    app = create_app(Settings.model_validate(settings), log=listening_log([]), files=tmp_path)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_pages_run_nothing_but_our_own_files(browser: Client) -> None:
    for path in ("/", "/pop?telephone=1", "/debug", "/widget/agent.html", "/widget/frame.html"):
        async with browser.get(path) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/html; charset=utf-8"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            policy = response.headers["Content-Security-Policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:;"
        )
        assert "unsafe" not in policy


async def test_only_the_frame_may_be_shown_in_pages_of_allowed_origins(browser: Client) -> None:
    async with browser.get("/widget/frame.html") as response:
        ancestors = response.headers["Content-Security-Policy"].rpartition("; ")[2]
        assert ancestors == "frame-ancestors 'self' https://desk.example https://other.example"
    async with browser.get("/") as response:
        assert response.headers["Content-Security-Policy"].endswith("; frame-ancestors 'self'")


async def test_only_the_module_may_be_loaded_by_other_pages(browser: Client) -> None:
    async with browser.get(
        "/widget/cti-caller-lookup.js", headers={"Origin": "https://any.example"}
    ) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    async with browser.get("/widget/frame.js", headers={"Origin": "https://desk.example"}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_who_has_a_file_already_is_not_sent_it_again(browser: Client) -> None:
    async with browser.get("/widget/frame.js") as response:
        tag = response.headers["ETag"]
    async with browser.get("/widget/frame.js", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    async with browser.get("/widget/frame.js", headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "notes.txt", "..%2Fkeys.py", "%2e%2e%2fkeys.py", "frame.html%00"]
)
async def test_nothing_else_is_served(browser: Client, name: str) -> None:
    async with browser.get(f"/widget/{name}") as response:
        assert response.status == 404
