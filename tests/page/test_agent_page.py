"""A newcomer opens the agent's page, makes the phone ring, and finds out who calls and why that is known."""

from typing import Any, Final

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.page.conftest import OpenPage
from tests.page.demonstrated import KEY, Demonstrated, Directory

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

CARDS: Final = {
    "one-person": ["Ashok Kumar", "Widget Data Center, External IT", "Exact number"],
    "vip": ["Sir Edmund Ashworth", "VIP", "Same national number"],
    "shared-number": ["Who is calling?", "Priya Shah", "Tom Fletcher", "None of these"],
    "switchboard": ["More than ten people have this number", "Abigail Stone"],
    "nobody": ["Unknown caller"],
    "broken-number": ["Not a telephone number"],
    "withheld": ["Number withheld"],
    "colleague": ["Internal caller", "1003"],
    "transfer": ["Ravi Iyer"],
    "another-script": ["आरती शर्मा", "+९१ ९८४५५ ५०१९१"],
    "hold": ["Chloé Lefèvre", "VIP"],
    "missed": ["Heike Sommer"],
}
STORED: Final = """async () => ({
  local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""
HOSTILE: Final = "<img src=x onerror=alert(1)> & Sons"


async def token(service: Demonstrated, **claims: Any) -> str:
    grant = {"subject": "a", "agents": ["1002"], **claims}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/tokens", params={"key": KEY}, json=grant) as response,
    ):
        return str((await response.json())["token"])


async def ring(page: Page, sample: str) -> None:
    await page.locator(f"[data-sample={sample}]").click()
    await expect(page.locator("article.card")).not_to_have_count(0)


async def look_up(page: Page, number: str) -> None:
    await page.locator("#found").evaluate("place => place.replaceChildren()")  # what was found before
    await page.get_by_label("Telephone number").fill(number)
    await page.keyboard.press("Enter")
    await expect(page.locator("article.found")).to_have_count(1)


async def violations(page: Page) -> list[Any]:
    """Give what axe finds wrong."""
    found = await Axe().run(page)
    return [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found.response["violations"]
    ]


@pytest.mark.parametrize("sample", CARDS)
async def test_each_sample_call_brings_up_the_card_that_it_promises(open_page: OpenPage, sample: str) -> None:
    page = await open_page()
    await ring(page, sample)
    for words in CARDS[sample]:
        await expect(page.locator("article.card")).to_contain_text(words)


async def test_a_call_is_answered_held_and_over_and_then_in_the_log(
    open_page: OpenPage, product: Demonstrated
) -> None:
    page = await open_page()
    await ring(page, "hold")
    for state in ("In call", "On hold"):
        product.pauses.go_on()
        await expect(page.locator("article.card")).to_contain_text(state)
    product.pauses.go_on()
    await expect(page.locator(".logged")).to_contain_text("Chloé Lefèvre")


async def test_a_call_that_nobody_answers_is_shown_as_missed(
    open_page: OpenPage, product: Demonstrated
) -> None:
    page = await open_page()
    await ring(page, "missed")
    product.pauses.go_on()
    await expect(page.locator(".logged.is-missed")).to_contain_text("Heike Sommer")


async def test_a_sample_is_rung_with_the_keyboard_alone(open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.locator("[data-sample=one-person]")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator("[data-sample=one-person]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("article.card")).to_contain_text("Ashok Kumar")
    await expect(page.locator("[data-sample=one-person]")).to_be_focused()


@pytest.mark.parametrize(
    "number", ["0017139872967", "(713) 987-2967", "+1 713 987 2967", "tel:+1-713-987-2967"]
)
async def test_a_number_is_found_however_it_is_written(shared_page: Page, number: str) -> None:
    await look_up(shared_page, number)
    found = shared_page.locator("article.found")
    await expect(found).to_contain_text("Ashok Kumar")
    await expect(found.locator(".reason")).to_have_text(
        "Exact number The stored work number “+1 (713) 987 2967” is exactly this number, its country included."
    )


@pytest.mark.parametrize(
    ("number", "outcome", "words"),
    [
        ("+12125550999", "nobody", "knows nobody who has this number"),
        ("anonymous", "withheld", "shows no number"),
        ("+4930", "invalid", "no telephone number. It is too short for a number."),
        ("1003", "internal", "a colleague"),
        ("+12125550100", "matched", "Ten are shown"),
    ],
)
async def test_each_outcome_is_said_in_words(
    shared_page: Page, number: str, outcome: str, words: str
) -> None:
    await look_up(shared_page, number)
    found = shared_page.locator("article.found")
    await expect(found).to_have_attribute("data-outcome", outcome)
    await expect(found).to_contain_text(words)


async def test_each_number_that_is_offered_to_try_has_an_answer(open_page: OpenPage) -> None:
    page = await open_page()
    tries = page.locator(".try")
    await expect(tries).not_to_have_count(0)
    for one in await tries.all():
        await one.click()
        await expect(page.locator("#telephone")).to_have_value(await one.inner_text())
        await expect(page.locator("article.found")).to_have_attribute(
            "data-outcome", "nobody" if "12 90" in await one.inner_text() else "matched"
        )


async def test_each_match_is_explained_down_to_whom_the_directory_returned(open_page: OpenPage) -> None:
    page = await open_page()
    await look_up(page, "+442079460100")
    await page.get_by_text("How this was found").click()
    steps = page.locator(".steps")
    await expect(steps).to_contain_text("National digits2079460100sent")
    await expect(steps).to_contain_text("Memory of this processknows, and is fresh")
    await page.get_by_role("button", name="Ask the directory now").click()
    await expect(steps).to_contain_text("02079460100 a number without its country – it is this number")


async def test_whoever_has_no_right_to_explanations_is_told_the_match_alone(
    context: BrowserContext, service: Demonstrated
) -> None:
    page = await context.new_page()
    await page.goto(f"{service.url}/#token={await token(service)}")
    await look_up(page, "+17139872967")
    await expect(page.locator(".reason")).to_contain_text("is exactly this number")
    await expect(page.locator(".how")).to_be_empty()
    await expect(page.locator("#ring")).to_be_hidden()


async def test_the_token_is_taken_out_of_the_address_at_once(
    context: BrowserContext, service: Demonstrated
) -> None:
    page = await context.new_page()
    await page.goto(f"{service.url}/#token={await token(service)}")
    await expect(page.locator("#connection")).to_have_text("Connected")
    assert page.url == f"{service.url}/"
    assert await page.evaluate("history.length") == 2  # the empty tab, and this


async def test_without_a_token_the_page_says_how_to_get_one_and_takes_one(
    context: BrowserContext, service: Demonstrated
) -> None:
    page = await context.new_page()
    await page.goto(f"{service.url}/pop?telephone=%2B17139872967")
    await expect(page.locator("#sign-in")).to_contain_text("cti-lookup token")
    await expect(page.locator("#look-up")).to_be_hidden()
    await page.get_by_role("textbox", name="Agent token").fill(await token(service))
    await page.keyboard.press("Enter")
    await expect(page.locator("article.found")).to_contain_text("Ashok Kumar")
    await expect(page.locator("#sign-in")).to_be_hidden()


async def test_a_token_that_ends_soon_is_replaced_while_the_calls_go_on(
    context: BrowserContext, service: Demonstrated
) -> None:
    await context.clock.install()
    page = await context.new_page()
    await page.goto(f"{service.url}/#token={await token(service, expires_in=60)}")
    await expect(page.locator("#connection")).to_have_text("Connected")
    await context.clock.run_for(31_000)
    await expect(page.locator("#sign-in")).to_contain_text("Your token ends soon")
    await page.get_by_role("textbox", name="Agent token").fill(await token(service))
    await page.keyboard.press("Enter")
    await expect(page.locator("#sign-in")).to_be_hidden()
    await context.clock.run_for(1_000)
    await expect(page.locator("#connection")).to_have_text("Connected")


async def test_a_token_that_is_none_is_asked_for_again(
    context: BrowserContext, service: Demonstrated
) -> None:
    page = await context.new_page()
    await page.goto(f"{service.url}/#token=nonsense")
    await expect(page.locator("#sign-in")).to_be_visible()
    await page.get_by_role("textbox", name="Agent token").fill(await token(service))
    await page.keyboard.press("Enter")
    await expect(page.locator("#connection")).to_have_text("Connected")


@pytest.mark.parametrize("more", ["", "&source=generic", "&region=US"])
async def test_a_softphone_opens_the_page_on_one_caller_and_the_address_forgets_the_number(
    open_page: OpenPage, product: Demonstrated, more: str
) -> None:
    page = await open_page(f"/pop?telephone=7139872967{more}")
    await expect(page.locator("article.found")).to_contain_text("Ashok Kumar")
    assert page.url == f"{product.url}/pop"


async def test_a_name_is_text_whatever_it_holds(open_page: OpenPage, people: Directory) -> None:
    await people.add(HOSTILE, "+1 713 555 0177")
    page = await open_page()
    await look_up(page, "+17135550177")
    await expect(page.locator(".person-name")).to_have_text(HOSTILE)
    assert await page.locator("#found img").count() == 0


async def test_the_page_asks_nobody_else_and_stores_nothing(
    context: BrowserContext, open_page: OpenPage, product: Demonstrated
) -> None:
    asked: set[str] = set()
    context.on("request", lambda request: asked.add(request.url))
    page = await open_page()
    await ring(page, "one-person")
    await look_up(page, "+442079460100")
    assert {url for url in asked if not url.startswith((product.url, "data:"))} == set()
    assert await page.evaluate(STORED) == {
        "local": 0,
        "session": 0,
        "cookies": "",
        "databases": 0,
        "caches": 0,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(open_page: OpenPage, scheme: str) -> None:
    page = await open_page()
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await ring(page, "vip")
    await ring(page, "shared-number")
    await look_up(page, "+442079460100")
    await page.get_by_text("How this was found").click()
    await page.get_by_role("button", name="Ask the directory now").click()
    await expect(page.locator(".readings")).not_to_have_count(0)
    assert await violations(page) == []


async def test_axe_finds_nothing_wrong_before_the_token_is_there(
    context: BrowserContext, service: Demonstrated
) -> None:
    page = await context.new_page()
    await page.goto(service.url)
    await expect(page.locator("#sign-in")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 2560])
async def test_nothing_is_wider_than_the_screen(shared_page: Page, width: int) -> None:
    await shared_page.set_viewport_size({"width": width, "height": 800})
    await ring(shared_page, "switchboard")
    await look_up(shared_page, "+442079460100")
    await shared_page.get_by_text("How this was found").click()
    assert await shared_page.evaluate("document.documentElement.scrollWidth") <= width
