"""What tests of the agent's page share: Chromium, and a product that demonstrates itself."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.page.demonstrated import Demonstrated, Directory, demonstrated, sample_directory
from tests.widget.conftest import browser, context, profile

__all__ = ["browser", "context"]

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def people(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Directory]:
    """Give one directory of sample people for all tests."""
    async with sample_directory(tmp_path_factory.mktemp("people")) as directory:
        yield directory


@pytest_asyncio.fixture(loop_scope="session")
async def product(people: Directory) -> AsyncIterator[Demonstrated]:
    """Give a service as a newcomer meets it."""
    async with demonstrated(people) as product:
        yield product


@pytest_asyncio.fixture(loop_scope="session")
async def service(people: Directory) -> AsyncIterator[Demonstrated]:
    """Give a service that demonstrates nothing."""
    async with demonstrated(people, plays=False, sources={"generic": {"dialect": "generic"}}) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shared_page(browser: Browser, people: Directory) -> AsyncIterator[Page]:
    """Give a page for all that is looked up and leaves nothing behind: each result replaces the one before."""
    async with demonstrated(people) as product, profile(browser) as context:
        yield await opened(context, product.url)


@pytest.fixture
def open_page(context: BrowserContext, product: Demonstrated) -> OpenPage:
    """Give a way to open a page of the product that has connected."""

    async def open_page(path: str = "/") -> Page:
        return await opened(context, f"{product.url}{path}")

    return open_page


async def opened(context: BrowserContext, address: str) -> Page:
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#connection[data-state=connected]").wait_for()
    return page
