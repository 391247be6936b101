"""Administrators see why somebody is listed, step by step, with a key that is kept nowhere."""

from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.page.demonstrated import KEY, Demonstrated
from tests.page.test_agent_page import STORED, violations

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

NUMBER: Final = "+33 5 36 49 12 34"


async def explain(page: Page, key: str, number: str, ask: str = "always") -> None:
    await page.get_by_label("Machine key").fill(key)
    await page.get_by_label("Telephone number").fill(number)
    await page.get_by_label("Ask the directory").select_option(ask)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, service: Demonstrated) -> Page:
    page = await context.new_page()
    await page.goto(f"{service.url}/debug")
    return page


async def test_each_form_tier_rule_and_reading_is_in_a_table(page: Page) -> None:
    await explain(page, KEY, NUMBER)
    for table, words in {
        "Forms of the number": "+33536491234",
        "Tiers": "Directorywas asked now",
        "People who are listed, best first": "1Chloé LefèvreExact numberwork: 01 99 00 12 30 / +33 5 36 49 12 34",
        "People the directory returned": "33536491234 a full number – it is this number",
    }.items():
        await expect(page.get_by_role("region", name=table)).to_contain_text(words)
    await expect(page.locator(".steps")).to_contain_text("requests of this hour")


async def test_what_is_no_number_is_explained_too(page: Page) -> None:
    await explain(page, KEY, "+4930")
    await expect(page.locator(".steps")).to_contain_text("This is no telephone number.")


async def test_the_directory_is_left_alone_when_that_is_asked(page: Page) -> None:
    await explain(page, KEY, "+61255500180", "never")
    await expect(page.get_by_role("region", name="Tiers")).to_contain_text("Directorynot asked")


@pytest.mark.parametrize("key", ["wrong", "schlüssel"])
async def test_a_wrong_key_is_said_to_be_wrong(page: Page, key: str) -> None:
    await explain(page, key, NUMBER)
    await expect(page.locator("#told .is-fault")).to_be_visible()


async def test_key_and_number_are_in_no_address_and_stored_nowhere(page: Page, service: Demonstrated) -> None:
    await explain(page, KEY, NUMBER)
    await expect(page.locator(".steps")).to_be_visible()
    assert page.url == f"{service.url}/debug"
    assert list((await page.evaluate(STORED)).values()) == [0, 0, "", 0, 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(page: Page, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await explain(page, KEY, NUMBER)
    await expect(page.locator(".steps")).to_be_visible()
    assert await violations(page) == []


async def test_nothing_is_wider_than_a_small_screen(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 800})
    await explain(page, KEY, NUMBER)
    await expect(page.locator(".steps")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
