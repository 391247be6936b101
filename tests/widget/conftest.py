"""What tests in a browser share: Chromium for the session, a service of each test's own, pages that look after themselves."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.widget.service import TOKEN, FakeService, serving

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images" / "widget"
PATIENCE: Final = 30_000  # milliseconds: a bound for a hung test, no measure
AHEAD: Final = 10.0  # seconds: more than it takes to say so
FLAGS: Final = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Open = Callable[..., Awaitable[Page]]
Shoot = Callable[[Locator, str], Awaitable[None]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give one Chromium, Debian's, for all tests."""
    program = shutil.which("chromium")
    assert program, "missing here: chromium; `make test` installs it"
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def profile(browser: Browser, faults: list[str] | None = None) -> AsyncIterator[BrowserContext]:
    """Give a profile in which no page may fail or do what its policy forbids, unless a test takes the `faults`."""
    context = await browser.new_context(
        locale="en-US", timezone_id="UTC", viewport={"width": 560, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    found: list[str] = [] if faults is None else faults
    context.on("weberror", lambda fault: found.append(str(fault.error)))
    context.on("console", lambda message: found.append(message.text) if "Policy" in message.text else None)
    yield context
    await context.close()
    assert faults is not None or found == []


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    """Give a profile of the test's own."""
    excused: list[str] | None = [] if request.node.get_closest_marker("faulty_page") else None
    async with profile(browser, excused) as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def service() -> AsyncIterator[FakeService]:
    async with serving(FakeService()) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def blank(browser: Browser) -> AsyncIterator[Page]:
    """Give a page with nothing in it, from which the module can be imported; shared, for it keeps nothing."""
    async with serving(FakeService()) as service:
        page = await browser.new_page()
        await page.goto(f"{service.url}/empty.html")
        yield page
        await page.close()


@pytest.fixture
def open_page(context: BrowserContext, service: FakeService) -> Open:
    """Give a way to open a page with the element in it, followed by the service."""

    async def open_page(name: str = "host.html", *, token: str = TOKEN, **attributes: str) -> Page:
        page = await context.new_page()
        opened = len(service.last_ids)
        await page.goto(service.page(name, **({"token": token} if token else {}), **attributes))
        if token:
            await service.until_followed(opened + 1)
            await page.wait_for_function(
                "() => document.querySelector('cti-caller-lookup').state === 'connected'"
            )
        return page

    return open_page


async def stop_time(page: Page) -> None:
    """Let time jump ahead in all pages of a profile whose clock is installed, and then stand still."""
    await page.context.clock.pause_at(await page.evaluate("Date.now()") / 1000 + AHEAD)


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Give a way to photograph a part of a page; kept for the docs only when CTI_WRITE_SCREENSHOTS=1."""
    folder = IMAGES if os.environ.get("CTI_WRITE_SCREENSHOTS") == "1" else tmp_path

    async def shoot(what: Locator, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        await what.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")

    return shoot
