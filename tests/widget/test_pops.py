"""A call pops once, in one tab, and disturbs nobody."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.widget.calls import AN_ID, ANSWERED, ENDED, MISSED, call, matched, person, without
from tests.widget.conftest import Open, stop_time
from tests.widget.service import FakeService

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

OTHER_ID: Final = "01M81ZZZZZZZZZZZZZZZZZZZZZ"
HOLDS_THE_FOCUS: Final = """() => navigator.locks.request("probe", async () => {
  const { held } = await navigator.locks.query();
  const holder = (name) => held.find((lock) => lock.name.endsWith(name))?.clientId;
  return holder("probe") === holder("/focused");
})"""


async def heard(page: Page, kind: str) -> list[Any]:
    """Give the details of the widget's events of one kind."""
    return list(
        await page.evaluate(
            "kind => window.heard.filter(({type}) => type === kind).map(({detail}) => detail)", kind
        )
    )


async def settled(page: Page) -> None:
    """Let the time pass in which tabs that were not elected wait; all pages of a profile have one clock."""
    await page.clock.run_for(2_000)


async def announced_somewhere(pages: Sequence[Page]) -> None:
    """Wait until a call was announced in one of the pages."""
    async with asyncio.timeout(20):
        while not sum([await page.locator(".live > p").count() for page in pages]):  # noqa: ASYNC110  # no event tells of either
            await asyncio.sleep(0.05)


async def test_a_call_that_rings_is_announced_once_with_name_and_organization(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.clock.install()
    page = await open_page()
    await stop_time(page)
    service.tell(call(lookup=without("pending")))
    await expect(page.locator(".card")).to_contain_text("Looking up the caller")
    service.tell(call(revision=2))
    service.tell(call(revision=3, **ANSWERED))

    announcements = page.locator(".live > p")
    await expect(announcements).to_have_text(["Incoming call: Ashok Kumar, Widget Data Center, External IT"])
    await expect(page.locator(".card")).to_contain_text("In call")
    assert len(await heard(page, "cti-pop")) == 1


async def test_a_lookup_that_is_slow_does_not_keep_the_call_silent(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call(lookup=without("pending")))

    announcements = page.locator(".live > p")
    await expect(announcements).to_have_text(["Incoming call: (713) 987-2967"])
    service.tell(call(revision=2))
    await expect(page.locator(".card")).to_contain_text("Ashok Kumar")
    await expect(announcements).to_have_count(1)


async def test_old_news_never_pops(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(pops=False))

    await expect(page.locator(".row")).to_contain_text("Ashok Kumar")
    assert await heard(page, "cti-pop") == []
    await expect(page.locator(".live > p")).to_have_count(0)


@pytest.mark.parametrize("how", ["cut", "restart", "shutdown"])
async def test_a_call_does_not_pop_again_when_the_stream_comes_back(
    how: str, service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    if how == "restart":
        service.restart()
    if how == "shutdown":
        service.part("shutdown")
    service.cut()
    await service.until_followed(2)
    service.tell(call(revision=2, queue="Second line"))

    await expect(page.locator(".card")).to_contain_text("Second line")
    assert len(await heard(page, "cti-pop")) == 1
    await expect(page.locator(".live > p")).to_have_count(1)


async def test_a_dismissed_call_stays_away_when_it_changes(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    await page.get_by_role("button", name="Dismiss: Ashok Kumar").click()
    service.tell(call(revision=2, **ANSWERED))
    service.tell(call(OTHER_ID, lookup=matched(person(31, "Grace Wu"))))

    await expect(page.locator(".card")).to_contain_text(["Grace Wu"])
    assert [one["call"]["id"] for one in await heard(page, "cti-dismiss")] == [AN_ID]


async def test_a_call_pops_when_it_is_answered_if_the_page_says_so(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page(pop="answered")
    service.tell(call())
    await expect(page.locator(".row")).to_contain_text("Ashok Kumar")
    assert await heard(page, "cti-pop") == []
    service.tell(call(revision=2, **ANSWERED))

    await expect(page.locator(".card")).to_contain_text("Ashok Kumar")
    assert len(await heard(page, "cti-pop")) == 1


async def test_a_call_waits_to_be_asked_for_if_the_page_says_so(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page(pop="manual")
    service.tell(call())
    service.tell(call(revision=2, **ANSWERED))
    await expect(page.locator(".row")).to_contain_text("In call")
    assert await heard(page, "cti-pop") == []
    await page.get_by_role("button", name="Show: Ashok Kumar").click()

    await expect(page.locator(".card")).to_contain_text("Ashok Kumar")


async def test_of_two_tabs_one_pops(service: FakeService, open_page: Open, context: BrowserContext) -> None:
    await context.clock.install()
    first, second = await open_page(), await open_page()
    service.tell(call())
    for page in (first, second):
        await expect(page.locator("[data-call]")).to_contain_text("Ashok Kumar")
    await announced_somewhere((first, second))
    await settled(second)

    pops = [len(await heard(page, "cti-pop")) for page in (first, second)]
    announced = [await page.locator(".live > p").count() for page in (first, second)]
    assert sorted(pops) == [0, 1]
    assert announced == pops


async def test_the_tab_that_is_visible_pops_and_not_the_hidden_one(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.clock.install()
    first, second = await open_page(), await open_page()
    await hide(second)
    service.tell(call())
    await expect(first.locator(".card")).to_contain_text("Ashok Kumar")
    await settled(first)

    assert [len(await heard(page, "cti-pop")) for page in (first, second)] == [1, 0]


async def test_of_hidden_tabs_the_one_last_focused_pops(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.clock.install()
    first, second, third = await open_page(), await open_page(), await open_page()
    await third.wait_for_function(HOLDS_THE_FOCUS)
    await second.evaluate("window.dispatchEvent(new Event('focus'))")
    await second.wait_for_function(HOLDS_THE_FOCUS)
    for page in (first, second, third):
        await hide(page)
    service.tell(call())
    await expect(second.locator(".card")).to_contain_text("Ashok Kumar")
    await settled(first)

    assert [len(await heard(page, "cti-pop")) for page in (first, second, third)] == [0, 1, 0]


async def hide(page: Page) -> None:
    """Make a page believe that it is in the background: a browser without windows shows all of them."""
    await page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
          document.hasFocus = () => false;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )


async def test_a_tab_that_is_closed_leaves_its_calls_to_the_others(
    service: FakeService, open_page: Open
) -> None:
    first, second = await open_page(), await open_page()
    await second.close()
    service.tell(call())

    await expect(first.locator(".card")).to_contain_text("Ashok Kumar")
    assert len(await heard(first, "cti-pop")) == 1


async def test_a_card_dismissed_in_one_tab_is_gone_from_the_other(
    service: FakeService, open_page: Open
) -> None:
    first, second = await open_page(), await open_page()
    service.tell(call())
    for page in (first, second):
        await expect(page.locator("[data-call]")).to_have_count(1)
    await second.evaluate(f"document.querySelector('cti-caller-lookup').dismiss('{AN_ID}')")

    for page in (first, second):
        await expect(page.locator("[data-call]")).to_have_count(0)


async def test_the_focus_stays_where_the_agent_is_typing(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="")
    await page.locator("#subject").focus()
    await page.keyboard.type("Printer ")
    service.tell(call(lookup=without("pending")))
    await expect(page.locator(".card")).to_have_count(1)
    service.tell(call(revision=2, **ANSWERED))
    await expect(page.locator(".card")).to_contain_text("In call")
    service.tell(call(revision=3, **ENDED))
    await expect(page.locator(".card")).to_contain_text("Answered")
    await page.keyboard.type("on fire")

    assert await page.locator("#subject").input_value() == "Printer on fire"


async def test_the_focus_inside_a_card_survives_its_changes(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    copy = page.get_by_role("button", name="Copy number")
    await copy.focus()
    service.tell(call(OTHER_ID))
    await expect(page.locator(".card")).to_have_count(2)
    service.tell(call(revision=2, **ANSWERED))
    await expect(page.locator(".card").first).to_contain_text("In call")

    await expect(page.locator(".card").first.get_by_role("button", name="Copy number")).to_be_focused()


async def test_escape_dismisses_the_newest_card(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    service.tell(call(OTHER_ID, lookup=matched(person(31, "Grace Wu"))))
    await expect(page.locator(".card")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator(".card")).to_have_count(1)

    await expect(page.locator(".card")).to_contain_text("Ashok Kumar")


async def test_escape_that_the_page_takes_is_the_page_s(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    await page.evaluate(
        "document.querySelector('#subject').addEventListener('keydown', (event) => event.preventDefault())"
    )
    await page.locator("#subject").press("Escape")
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('dialog'), {id: 'ask'})); ask.showModal()"
    )
    await page.keyboard.press("Escape")
    await expect(page.locator("#ask")).not_to_be_visible()

    await expect(page.locator(".card")).to_have_count(1)


async def test_dismissing_by_keyboard_leaves_the_focus_in_the_widget(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call())
    await page.get_by_role("button", name="Copy number").focus()
    await page.keyboard.press("Escape")
    await expect(page.locator(".card")).to_have_count(0)

    assert await page.evaluate("document.activeElement.localName") == "cti-caller-lookup"


async def test_calls_do_not_pile_up(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    for at in range(6):
        service.tell(call(f"01M8{at}", lookup=matched(person(at, f"Caller {at}"))))
    service.tell(call("01M80", revision=2, lookup=matched(person(0, "Caller 0")), **ANSWERED))

    await expect(page.locator("article h2 bdi")).to_have_text(
        [
            "Caller 0",
            "Caller 5",
            "Caller 4",
            *(f"Caller {at}, Widget Data Center, External IT" for at in (3, 2, 1)),
        ]
    )
    await expect(page.locator(".card")).to_have_count(3)


async def test_an_ended_call_fades_and_a_missed_one_stays_until_it_is_seen(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.clock.install()
    page = await open_page()
    service.tell(call(revision=1))
    service.tell(call(OTHER_ID, lookup=matched(person(31, "Grace Wu"))))
    await expect(page.locator(".card")).to_have_count(2)
    service.tell(call(revision=2, **ENDED))
    service.tell(call(OTHER_ID, revision=2, lookup=matched(person(31, "Grace Wu")), **MISSED))

    await expect(page.locator(".row")).to_contain_text("Missed call")
    await expect(page.locator(".card")).to_contain_text("Answered")
    await context.clock.run_for(10_000)
    await expect(page.locator("article")).to_have_count(1)
    await expect(page.locator(".row")).to_contain_text("Missed call")
    await page.get_by_role("button", name="Dismiss: Grace Wu").click()
    await expect(page.locator("article")).to_have_count(0)
    await service.until(lambda: service.posted == [(f"{OTHER_ID}/seen", None)])


async def test_a_missed_call_that_is_seen_in_one_tab_goes_from_all_and_comes_back_in_none(
    service: FakeService, open_page: Open
) -> None:
    first, second = await open_page(), await open_page()
    service.tell(call(OTHER_ID, lookup=matched(person(31, "Grace Wu"))))
    service.tell(call(OTHER_ID, revision=2, lookup=matched(person(31, "Grace Wu")), **MISSED))
    for page in (first, second):
        await expect(page.locator(".row")).to_contain_text("Missed call")
    await first.get_by_role("button", name="Dismiss: Grace Wu").click()
    await service.until(lambda: service.calls[OTHER_ID]["seen"])
    service.tell(call(lookup=matched(person())))

    for page in (first, second):
        await expect(page.locator("article h2")).to_contain_text(["Ashok Kumar"])
        assert [one["seen"] for one in await heard(page, "cti-call")] == [False, False, True, False]


async def test_desktop_notifications_and_sound_are_off_until_the_agent_wants_them(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    await context.grant_permissions(["notifications"])
    page = await open_page(notifications="", sound="")
    await page.evaluate(
        """() => {
          window.shown = [];
          const Shown = window.Notification;
          window.Notification = class extends Shown {
            constructor(title, options) { super(title, options); window.shown.push([title, options.body]); }
          };
          document.hasFocus = () => false;
        }"""
    )
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    assert await page.evaluate("window.shown") == []
    for name in ("Desktop notifications", "Sound"):
        await page.get_by_role("button", name=name).click()
        await expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    service.tell(call(OTHER_ID, lookup=matched(person(31, "Grace Wu"))))
    await expect(page.locator(".card")).to_have_count(2)

    shown = {tuple(one) for one in await page.evaluate("window.shown")}
    assert shown == {("Incoming call", "Grace Wu, Widget Data Center, External IT")}


async def test_a_call_that_another_agent_took_goes_away(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    service.leave(AN_ID, "answered_elsewhere")

    await expect(page.locator(".card")).to_have_count(0)
    assert await heard(page, "cti-left") == [{"id": AN_ID, "reason": "answered_elsewhere"}]
