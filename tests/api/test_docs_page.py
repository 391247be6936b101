"""The page that shows the description, in a browser: nothing from elsewhere, all of it by keyboard, and it really asks."""

import json
import re
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Locator, Page, expect

from cti_lookup.web.openapi.document import encoded_openapi
from cti_lookup.web.pages import FOLDER
from tests.api.running import KEY, Running

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

DOCUMENT: Final[Any] = json.loads(encoded_openapi())
NAMES: Final = [one["operationId"] for item in DOCUMENT["paths"].values() for one in item.values()]


async def opened(context: BrowserContext, program: Running, place: str = "/docs") -> Page:
    page = await context.new_page()
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{program.url}{place}")
    await expect(page.locator("#isReady")).to_have_count(1)
    return page


def shown(page: Page) -> Locator:
    return page.locator(".route:not([hidden])")


async def test_it_shows_every_route_and_asks_nobody_else(context: BrowserContext, program: Running) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await opened(context, program)

    for name in NAMES:
        await expect(page.locator(f"#{name}")).to_have_count(1)
    assert {url.startswith(f"{program.url}/") for url in asked} == {True}


async def test_its_policy_allows_only_our_own_files(context: BrowserContext, program: Running) -> None:
    page = await context.new_page()
    response = await page.goto(f"{program.url}/docs")
    assert response is not None
    policy = (await response.all_headers())["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy


async def test_every_route_opens_without_a_fault(context: BrowserContext, program: Running) -> None:
    page = await opened(context, program)
    await page.evaluate(
        "() => document.querySelectorAll('details.route').forEach((one) => (one.open = true))"
    )
    await expect(page.locator(".try")).to_have_count(len(NAMES))
    for _ in range(4):  # what is in them, and what is in that
        await page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")

    await expect(page.get_by_text("undefined")).to_have_count(0)
    await expect(page.get_by_text("[object")).to_have_count(0)


async def test_a_lookup_is_tried_with_a_key_that_is_kept_nowhere(
    context: BrowserContext, program: Running
) -> None:
    page = await opened(context, program, "/docs#lookUp")
    route = page.locator("#lookUp")
    await page.get_by_label("Key", exact=True).fill(KEY)
    await route.get_by_label("telephone").fill("0017139872967")
    await route.get_by_role("button", name="Send").click()
    await expect(route.locator(".answered")).to_contain_text('"outcome": "matched"')
    await expect(route.locator(".try pre").first).to_contain_text("$KEY")
    assert KEY not in await page.locator("body").inner_text()

    assert await page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]
    await page.reload()
    await expect(page.get_by_label("Key", exact=True)).to_have_value("")


async def test_a_refusal_is_shown_as_it_came(context: BrowserContext, program: Running) -> None:
    page = await opened(context, program, "/docs#lookUp")
    await page.locator("#lookUp").get_by_role("button", name="Send").click()

    await expect(page.locator("#lookUp .answered")).to_contain_text("401")
    await expect(page.locator("#lookUp .answered")).to_contain_text('"code": "bad_key"')


async def test_an_event_rings_and_the_stream_shows_it_until_it_is_stopped(
    context: BrowserContext, program: Running
) -> None:
    page = await opened(context, program, "/docs#followCalls")
    stream = page.locator("#followCalls")
    await page.get_by_label("Key", exact=True).fill(KEY)
    await stream.get_by_role("button", name="Send").click()
    await expect(stream.locator(".answered")).to_contain_text("event: hello")
    await page.goto(f"{program.url}/docs#hearEvent")
    event = page.locator("#hearEvent")
    await event.get_by_label("source").fill("generic")
    await event.get_by_role("button", name="Send").click()
    await expect(event.locator(".answered")).to_contain_text('"state": "ringing"')
    await expect(stream.locator(".answered")).to_contain_text("event: call\n")
    await stream.get_by_role("button", name="Stop").click()

    await expect(stream.locator(".took")).to_have_text("Stopped.")


async def test_it_is_searched_and_opened_by_keyboard(context: BrowserContext, program: Running) -> None:
    page = await opened(context, program)
    await page.keyboard.press("/")
    await page.keyboard.type("get token_revoked follow")
    await expect(shown(page)).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#followCalls")).to_have_attribute("open", "")
    await expect(page.locator("#followCalls > summary")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.press("Escape")

    await expect(page.locator(".route[hidden]")).to_have_count(0)


async def test_what_is_not_there_is_not_found(context: BrowserContext, program: Running) -> None:
    page = await opened(context, program)
    await page.locator("#search").fill("xyzzy")

    await expect(shown(page)).to_have_count(0)
    await expect(page.locator(".nothing")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(scheme: Any, context: BrowserContext, program: Running) -> None:
    page = await opened(context, program, "/docs#choosePerson")
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.locator("#choosePerson .answer > summary").first.click()
    await page.locator("#event-left > summary").click()
    found = await Axe().run(page)

    assert [
        (one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found.response["violations"]
    ] == []


@pytest.mark.parametrize("width", [320, 600, 1600])
async def test_it_fits_any_width(width: int, context: BrowserContext, program: Running) -> None:
    page = await opened(context, program, "/docs#explain")
    await page.set_viewport_size({"width": width, "height": 800})

    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_its_files_name_no_other_host() -> None:
    for path in FOLDER.glob("docs*"):
        assert not re.search(r"https?://", path.read_text(encoding="utf-8"))
