"""Where several people share a number, the agent says who it is."""

from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.widget.calls import AN_ID, call, matched, people, person, without
from tests.widget.conftest import Open, stop_time
from tests.widget.service import FakeService

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

ELEMENT: Final = "document.querySelector('cti-caller-lookup')"


async def selections(page: Page) -> list[tuple[Any, str]]:
    """Give the person's id and what was done, of each selection the page was told of."""
    told = await page.evaluate(
        "window.heard.filter(({type}) => type === 'cti-select').map(({detail}) => [detail.person?.id, detail.action])"
    )
    return [(person_id, action) for person_id, action in told]


async def test_a_person_is_chosen_by_arrow_keys_and_enter(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(lookup=matched(*people(3))))
    choice = page.get_by_role("listbox", name="Who is calling?")
    await choice.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option", name="Ellen Brown")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")

    await expect(page.locator(".card .name")).to_contain_text("Ellen Brown")
    await expect(page.get_by_role("link", name="Open record")).to_be_focused()
    await service.until(lambda: service.posted == [(f"{AN_ID}/person", {"person_id": 31})])
    assert await selections(page) == [(31, "choose")]


async def test_home_and_end_reach_both_ends_of_the_list(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(lookup=matched(*people(10), truncated=True)))
    await page.get_by_role("listbox").focus()
    await page.keyboard.press("End")
    await expect(page.get_by_role("option", name="None of these")).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_role("option", name="None of these")).to_be_in_viewport()
    await page.keyboard.press("Home")

    await expect(page.get_by_role("option", name="Ashok Kumar").first).to_have_attribute(
        "aria-selected", "true"
    )


async def test_a_person_is_chosen_by_mouse_and_the_choice_taken_back(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call(lookup=matched(*people(3))))
    await page.get_by_role("option", name="Grace Wu").click()
    await expect(page.locator(".card .name")).to_contain_text("Grace Wu")
    await page.get_by_role("button", name="Choose again").click()
    await page.get_by_role("option", name="None of these").click()

    await expect(page.locator(".card .name")).to_contain_text("None of the people listed")
    await service.until(lambda: len(service.posted) == 2)
    assert [body for _, body in service.posted] == [{"person_id": 32}, {"person_id": None}]


async def test_a_choice_made_elsewhere_is_shown(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(lookup=matched(*people(3))))
    await expect(page.get_by_role("listbox")).to_have_count(1)
    service.tell(call(lookup=matched(*people(3)), revision=2, chosen=31))

    await expect(page.locator(".card .name")).to_contain_text("Ellen Brown")


async def test_a_choice_that_cannot_be_saved_is_taken_back(service: FakeService, open_page: Open) -> None:
    service.failing.add("person")
    page = await open_page()
    service.tell(call(lookup=matched(*people(3))))
    await page.get_by_role("option", name="Grace Wu").click()

    await expect(page.locator(".card")).to_contain_text("The choice could not be saved")
    await expect(page.get_by_role("listbox")).to_have_count(1)


async def test_a_weak_match_can_be_refused(service: FakeService, open_page: Open) -> None:
    page = await open_page(create_url="https://desk.example/new?telephone={number}")
    service.tell(call(lookup=matched(person(rule="suffix"))))
    await page.get_by_role("button", name="Not this person").click()

    create = page.get_by_role("link", name="Create person")
    await expect(create).to_have_attribute("href", "https://desk.example/new?telephone=%2B17139872967")
    await service.until(lambda: service.posted == [(f"{AN_ID}/person", {"person_id": None})])


async def test_the_page_may_open_records_in_its_own_way(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    await page.evaluate("document.addEventListener('cti-select', (event) => event.preventDefault())")
    service.tell(call())
    await page.get_by_role("link", name="Open record").click()

    assert await selections(page) == [(30, "open")]
    assert len(page.context.pages) == 1


async def test_a_number_typed_by_the_agent_is_looked_up(service: FakeService, open_page: Open) -> None:
    service.found = matched(*people(2))
    page = await open_page()
    found = await page.evaluate(f"{ELEMENT}.lookup('713 987 2967')")
    await page.get_by_role("option", name="Ellen Brown").click()

    assert found["outcome"] == "matched"
    await expect(page.locator(".card")).to_contain_text("Look-up")
    await expect(page.locator(".card .name")).to_contain_text("Ellen Brown")
    assert service.posted == []
    assert await page.evaluate(f"{ELEMENT}.calls") == []


async def test_a_look_up_that_is_dismissed_stays_away_and_those_of_other_tabs_stay_there(
    service: FakeService, open_page: Open
) -> None:
    service.found = matched(person())
    first, second = await open_page(), await open_page()
    await second.evaluate(f"{ELEMENT}.lookup('713 987 2967')")
    await expect(second.locator(".card")).to_have_count(1)
    await first.evaluate(
        f"""() => {{
          const found = {ELEMENT}.lookup("713 987 2967");
          {ELEMENT}.dismiss("lookup:1");
          return found;
        }}"""
    )
    service.tell(call())

    await expect(first.locator("article")).to_have_count(1)
    await expect(second.locator("article")).to_have_count(2)


async def test_a_look_up_that_fails_says_so(open_page: Open) -> None:
    page = await open_page()
    failed = await page.evaluate(f"{ELEMENT}.lookup('713 987 2967').then(() => false, () => true)")

    assert failed
    await expect(page.locator(".card")).to_contain_text("The look-up failed")


async def test_a_name_that_comes_late_takes_the_place_of_the_number(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call(lookup=without("unavailable")))
    await expect(page.locator(".card .name")).to_have_text("(713) 987-2967")
    service.tell(call(revision=2))

    await expect(page.locator(".card .name")).to_have_text("Ashok Kumar")


async def test_the_number_is_copied_as_it_can_be_dialled(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.clock.install()
    page = await open_page()
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await stop_time(page)
    service.tell(call())
    await page.get_by_role("button", name="Copy number").click()
    await expect(page.get_by_role("button", name="Copied")).to_have_count(1)

    assert await page.evaluate("navigator.clipboard.readText()") == "+17139872967"
