"""Each kind of call has a card that says what is known, and what is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.widget.calls import ANSWERED, Json, call, matched, people, person, withheld, without
from tests.widget.conftest import Open, Shoot, profile
from tests.widget.service import TOKEN, FakeService, serving

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

BERLIN: Final = {
    "raw": "+4930901820",
    "e164": "+4930901820",
    "national": "030 901820",
    "region": "DE",
    "time_zones": ["Europe/Berlin"],
}
GRACE: Final = person(
    31, "Grace Wu", vip=True, job_title="Chief Information Officer", url="https://widget.example/people/31"
)
KINDS: Final[dict[str, tuple[Json, list[str]]]] = {
    "pending": (call(lookup=without("pending")), ["(713) 987-2967", "Looking up the caller"]),
    "one-person": (
        call(),
        ["Ashok Kumar", "Trainee · Widget Data Center, External IT", "Howard Tanner", "Exact number"],
    ),
    "vip": (
        call(lookup=matched(GRACE), **ANSWERED),
        ["Grace Wu", "VIP", "In call", "Chief Information Officer"],
    ),
    "weak-match": (
        call(lookup=matched(person(rule="suffix")), attestation="C"),
        [
            "Perhaps Ashok Kumar",
            "Not certain: Only the last digits agree",
            "Origin not verified",
            "Not this person",
        ],
    ),
    "several": (call(lookup=matched(*people(3))), ["Who is calling?", "Ellen Brown", "VIP", "None of these"]),
    "more-than-ten": (
        call(lookup=matched(*people(10), truncated=True), queue=None, attestation=None),
        ["More than ten people have this number", "Jan de Vries"],
    ),
    "nobody": (
        call(lookup=without("nobody", **BERLIN), attestation="B"),
        [
            "Unknown caller",
            "030 901820",
            "Germany",
            "out of hours there",
            "Search",
            "Create person",
            "KUMAR A",
        ],
    ),
    "withheld": (call(lookup=withheld(), display_name=None, attestation=None), ["Number withheld"]),
    "invalid": (
        call(
            lookup=without("invalid", raw="${CALLERID}", e164=None, national=None, region=None, time_zones=[])
        ),
        ["Not a telephone number", "${CALLERID}"],
    ),
    "internal": (
        call(
            direction="internal",
            lookup=without(
                "internal", raw="204", e164=None, national=None, region=None, extension="204", time_zones=[]
            ),
        ),
        ["Internal caller", "Extension 204"],
    ),
    "unavailable": (
        call(lookup=without("unavailable")),
        ["(713) 987-2967", "The directory cannot be asked", "The name follows"],
    ),
    "stale": (call(lookup=matched(tier="stale", age_seconds=5400.0)), ["Ashok Kumar", "As of 1 hour ago"]),
    "held": (call(**ANSWERED | {"state": "held"}), ["On hold", "Ashok Kumar"]),
    "disabled": (
        call(lookup=matched(person(disabled=True)), agents=["1001", "1002"]),
        ["Disabled in the directory", "Rings at", "1001, 1002"],
    ),
    "failed-attestation": (call(attestation="failed"), ["Verification failed"]),
}
TEMPLATES: Final = {
    "create_url": "https://desk.example/new?telephone={number}",
    "search_url": "https://desk.example/people?q={number}",
}


@dataclass(frozen=True)
class Screen:
    """One page for all kinds of calls: each comes, is looked at, and leaves."""

    service: FakeService
    page: Page


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def screen(browser: Browser) -> AsyncIterator[Screen]:
    async with profile(browser) as context, serving(FakeService()) as service:
        page = await context.new_page()
        await page.goto(service.page(token=TOKEN, **TEMPLATES))
        await service.until_followed()
        yield Screen(service, page)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_card_says_what_is_known_of_a_call(kind: str, screen: Screen, shoot: Shoot) -> None:
    shown, words = KINDS[kind]
    screen.service.tell(shown | {"id": kind})
    card = screen.page.locator(".card")

    await expect(card).to_have_count(1)
    for word in words:
        await expect(card).to_contain_text(word)
    await shoot(screen.page.locator("cti-caller-lookup"), kind)
    screen.service.leave(kind, "erased")
    await expect(card).to_have_count(0)


async def test_the_documented_card_is_dark_where_the_computer_is(
    service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    page = await open_page(**TEMPLATES)
    await page.emulate_media(color_scheme="dark")
    service.tell(call(lookup=matched(GRACE), **ANSWERED))

    await expect(page.locator(".card")).to_have_css("color-scheme", "dark")
    await shoot(page.locator("cti-caller-lookup"), "dark")
