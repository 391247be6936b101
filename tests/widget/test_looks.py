"""Everybody can use it: any theme, any width, any language, any sense."""

from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.widget.calls import (
    ANSWERED,
    CALLER,
    ENDED,
    MISSED,
    call,
    matched,
    people,
    person,
    withheld,
    without,
)
from tests.widget.conftest import Open, Shoot
from tests.widget.service import FakeService

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

LANGUAGES: Final = ("en", "de", "fr", "es", "ru", "tr")
LONG_NAME: Final = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def fill(service: FakeService) -> None:
    """Let everything happen that a screen can show at once."""
    service.log = [call("01A", **MISSED), call("01B", **ENDED)]
    service.tell(call("01H", lookup=without("nobody")))
    service.tell(
        call("01I", lookup=matched(person(rule="suffix", tier="stale", age_seconds=700.0)), **MISSED)
    )
    service.tell(call("01J", lookup=withheld(), pops=False))
    service.tell(call("01K", lookup=matched(*people(4))))
    service.tell(call("01L", lookup=matched(person(name=LONG_NAME, vip=True)), **ANSWERED))


async def filled(service: FakeService, open_page: Open, **attributes: str) -> Page:
    page = await open_page(log="", sound="", notifications="", search_url="/find?{number}", **attributes)
    fill(service)
    await expect(page.locator("article")).to_have_count(5)
    await expect(page.locator(".card")).to_have_count(3)
    return page


async def violations(page: Page) -> list[Any]:
    """Give what axe finds wrong."""
    found = await Axe().run(page)
    return [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found.response["violations"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(theme: str, service: FakeService, open_page: Open) -> None:
    page = await filled(service, open_page, theme=theme)
    if theme == "dark":
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    else:
        await page.emulate_media(reduced_motion="reduce")

    assert await violations(page) == []


async def test_axe_finds_nothing_wrong_while_the_connection_is_lost(
    service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await open_page()
    await page.emulate_media(reduced_motion="reduce")
    service.tell(call(lookup=without("pending")))
    service.tell(call("01H", lookup=matched(tier="stale", age_seconds=5400.0)))
    service.failing.add("stream")
    service.cut()
    await expect(page.locator(".connection")).to_have_count(1)
    await expect(page.locator(".card")).to_have_count(2)

    assert await violations(page) == []
    await page.get_by_role("button", name="Dismiss: (713) 987-2967").click()
    await expect(page.locator(".card")).to_have_count(1)
    await shoot(page.locator("cti-caller-lookup"), "reconnecting")


async def test_the_theme_follows_the_computer_unless_the_page_says_otherwise(open_page: Open) -> None:
    page = await open_page()
    background = (
        "getComputedStyle(document.querySelector('cti-caller-lookup').shadowRoot.firstChild).backgroundColor"
    )
    light = await page.evaluate(background)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(background)
    await page.evaluate("document.querySelector('cti-caller-lookup').theme = 'light'")

    assert await page.evaluate(background) == light != dark


async def test_a_page_sets_the_colours(open_page: Open) -> None:
    page = await open_page()
    set_it = (
        "document.querySelector('cti-caller-lookup').style.setProperty('--cti-background', 'rgb(1, 2, 3)')"
    )
    await page.evaluate(set_it)

    background = (
        "getComputedStyle(document.querySelector('cti-caller-lookup').shadowRoot.firstChild).backgroundColor"
    )
    assert await page.evaluate(background) == "rgb(1, 2, 3)"


@pytest.mark.parametrize(("width", "size"), [(320, "100%"), (640, "200%")], ids=["320 px", "twice as large"])
async def test_nothing_has_to_be_scrolled_sideways(
    width: int, size: str, service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await filled(service, open_page)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.evaluate("size => document.documentElement.style.setProperty('font-size', size)", size)

    too_wide = """() => {
      const root = document.querySelector("cti-caller-lookup").shadowRoot;
      const wide = [...root.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth);
      return [document.documentElement.scrollWidth > innerWidth, ...wide.map((one) => one.className.baseVal ?? one.className)];
    }"""
    assert await page.evaluate(too_wide) == [False]
    if width == 320:
        await shoot(page.locator("article").first, "narrow")


async def test_in_forced_colours_every_state_has_an_outline(
    service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await filled(service, open_page)
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    borders = "all => all.map((one) => getComputedStyle(one).borderInlineStartWidth)"

    assert await page.locator("article").evaluate_all(borders) == ["4px"] * 5
    assert await violations(page) == []
    await shoot(page.locator("article").first, "forced-colours")


async def test_nothing_moves_for_those_who_do_not_want_it(service: FakeService, open_page: Open) -> None:
    page = await filled(service, open_page)
    await page.emulate_media(reduced_motion="reduce")

    running = "document.querySelector('cti-caller-lookup').shadowRoot.getAnimations().length"
    assert await page.evaluate(running) == 0


async def test_in_a_page_from_right_to_left_the_card_is_mirrored(
    service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await open_page()
    await page.evaluate("document.documentElement.dir = 'rtl'")
    name = "أحمد الفارسي"
    service.tell(
        call(lookup=matched(person(name=name, vip=True), caller=CALLER | {"national": "020 7946 0958"}))
    )
    card = page.locator(".card")
    await expect(card).to_contain_text(name)

    avatar, dismiss = (
        await card.locator(".avatar").bounding_box(),
        await card.locator(".plain").bounding_box(),
    )
    assert avatar is not None
    assert dismiss is not None
    assert avatar["x"] > dismiss["x"]
    await expect(card.locator(".number")).to_have_attribute("dir", "ltr")
    await shoot(page.locator("cti-caller-lookup"), "right-to-left")


async def test_the_language_of_the_element_decides_the_direction_too(open_page: Open) -> None:
    page = await open_page(lang="ar")

    direction = (
        "getComputedStyle(document.querySelector('cti-caller-lookup').shadowRoot.firstChild).direction"
    )
    assert await page.evaluate(direction) == "rtl"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_is_said_in_each_language(
    language: str, service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await open_page(lang=language)
    texts = await page.evaluate("import('/widget/cti-caller-lookup.js').then(({TEXTS}) => TEXTS)")
    service.tell(call(lookup=matched(person(rule="suffix"))))

    assert tuple(texts) == LANGUAGES
    assert texts[language].keys() == texts["en"].keys()
    assert all(text.strip() for text in texts[language].values())
    await expect(page.locator(".card .kind")).to_have_text(texts[language]["incoming"])
    await expect(page.locator(".card")).to_contain_text(texts[language]["ruleSuffix"])
    await expect(page.locator("[role=region]")).to_have_attribute("lang", language)
    if language == "ru":
        await shoot(page.locator("cti-caller-lookup"), "russian")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_text_has_the_same_places_in_each_language(language: str, blank: Page) -> None:
    places = """([one, other]) => import("/widget/cti-caller-lookup.js").then(({ TEXTS }) => {
      const of = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join();
      return Object.keys(TEXTS[one]).filter((key) => of(TEXTS[one][key]) !== of(TEXTS[other][key]));
    })"""

    assert await blank.evaluate(places, ["en", language]) == []


async def test_the_page_s_language_is_taken_where_the_element_has_none(
    open_page: Open, service: FakeService
) -> None:
    page = await open_page()
    await page.evaluate("document.documentElement.lang = 'fr-CA'")
    service.tell(call())

    await expect(page.locator(".kind")).to_have_text("Appel entrant")


ZONES: Final = [
    ("Central Time (US & Canada)", "America/Chicago"),
    ("Europe/Berlin", "Europe/Berlin"),
    ("Kyiv", "Europe/Kiev"),
    ("Nowhere", None),
    ("constructor", None),
    ("", None),
]


@pytest.mark.parametrize(("name", "zone"), ZONES)
async def test_a_time_zone_is_known_by_either_name(name: str, zone: str | None, blank: Page) -> None:
    told = await blank.evaluate(
        "name => import('/widget/cti-caller-lookup.js').then(({ianaZone}) => ianaZone(name))", name
    )
    assert told == zone


HOURS: Final = [
    ("2026-11-20T13:59:00Z", "America/Chicago", "US", True),  # Friday 07:59
    ("2026-11-20T14:00:00Z", "America/Chicago", "US", False),
    ("2026-11-20T23:59:00Z", "America/Chicago", "US", False),
    ("2026-11-21T00:00:00Z", "America/Chicago", "US", True),  # Friday 18:00
    ("2026-11-21T18:00:00Z", "America/Chicago", "US", True),  # Saturday noon
    ("2026-07-20T13:30:00Z", "America/Chicago", "US", False),  # Monday 08:30, in summer
    ("2026-11-20T09:00:00Z", "Asia/Jerusalem", "IL", True),  # Friday, the weekend there
    ("2026-11-22T09:00:00Z", "Asia/Jerusalem", "IL", False),  # Sunday, a day of work there
]


@pytest.mark.parametrize(("moment", "zone", "region", "closed"), HOURS)
async def test_hours_are_judged_by_the_clock_and_the_week_there(
    moment: str, zone: str, region: str, closed: bool, blank: Page
) -> None:
    ask = """([moment, zone, region]) => import("/widget/cti-caller-lookup.js")
      .then(({ isOutOfHours }) => isOutOfHours(Date.parse(moment), zone, region))"""

    assert await blank.evaluate(ask, [moment, zone, region]) is closed


async def test_the_ring_timer_is_right_on_a_wrong_clock(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(started_at="2026-11-21T18:15:00Z"))

    await expect(page.locator(".timer")).to_contain_text("2:00:")
