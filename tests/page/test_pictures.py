"""The pictures of the documentation are of the product as it is."""

import os
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.page.conftest import OpenPage
from tests.page.demonstrated import KEY, Demonstrated
from tests.page.test_agent_page import look_up
from tests.page.test_debug_page import explain

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
LARGEST: Final = 150 * 1024


async def shoot(what: Page | Locator, name: str, elsewhere: Path) -> None:
    """Photograph something; kept for the docs only when CTI_WRITE_SCREENSHOTS=1."""
    folder = IMAGES if os.environ.get("CTI_WRITE_SCREENSHOTS") == "1" else elsewhere
    path = folder / f"{name}.png"
    await what.screenshot(path=path, animations="disabled", caret="hide")
    if folder is IMAGES:
        assert path.stat().st_size <= LARGEST


async def ring_and_see(page: Page, sample: str, name: str) -> None:
    await page.locator(f"[data-sample={sample}]").click()
    await expect(page.locator("article.card", has_text=name)).to_have_count(1)


async def test_the_agent_page_is_photographed_with_calls_on_it(
    open_page: OpenPage, product: Demonstrated, tmp_path: Path
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": 1240, "height": 652})
    await page.emulate_media(reduced_motion="reduce")
    await ring_and_see(page, "one-person", "Ashok Kumar")
    product.pauses.go_on(2)
    await expect(page.locator(".logged")).to_have_count(1)
    await page.get_by_role("button", name="Dismiss").first.click()
    await ring_and_see(page, "vip", "Sir Edmund Ashworth")
    await expect(page.locator("[data-ringing]")).to_have_count(0)
    await page.evaluate("document.activeElement.blur()")
    await shoot(page, "agent-page", tmp_path)


async def test_the_look_up_is_photographed_with_its_reasons(open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": 1240, "height": 900})
    await look_up(page, "0044 20 7946 0100")
    await expect(page.locator(".how details")).to_have_count(1)
    await page.evaluate("document.activeElement.blur()")
    await shoot(page.locator("#look-up"), "look-up", tmp_path)


async def test_the_explanation_is_photographed(
    open_page: OpenPage, product: Demonstrated, tmp_path: Path
) -> None:
    page = await open_page()
    await page.goto(f"{product.url}/debug")
    await page.set_viewport_size({"width": 1200, "height": 1000})
    await explain(page, KEY, "+493023125100")
    await expect(page.locator(".steps")).to_be_visible()
    await page.evaluate("document.activeElement.blur()")
    await shoot(page, "explanation", tmp_path)
