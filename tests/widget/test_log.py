"""The call log says who called, who answered, and what nobody has seen yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.widget.calls import AN_ID, ANSWERED, ENDED, MISSED, call, matched, person, withheld
from tests.widget.conftest import Open, Shoot
from tests.widget.service import FakeService

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

GRACE: Final = matched(person(31, "Grace Wu", vip=True))
LOGGED: Final = [
    call("01A", lookup=GRACE, started_at="2026-11-21T19:40:00Z", **MISSED),
    call("01B", started_at="2026-11-21T19:02:00Z", **ENDED),
    call("01C", lookup=withheld(), started_at="2026-11-20T10:15:00Z", **MISSED | {"seen": True}),
    call("01D", direction="outbound", started_at="2026-11-20T09:00:00Z", **ENDED | {"answered_by": None}),
    call("01E", lookup=GRACE, started_at="2026-11-19T16:30:00Z", **MISSED),
]


async def test_the_log_shows_what_became_of_calls(
    service: FakeService, open_page: Open, shoot: Shoot
) -> None:
    service.log = LOGGED
    page = await open_page(log="")
    lines = page.locator(".logged")

    await expect(lines).to_have_count(5)
    await expect(lines.nth(0)).to_contain_text("Missed call")
    await expect(lines.nth(0)).to_contain_text("not seen")
    await expect(lines.nth(1)).to_contain_text("Answered2:05")
    await expect(lines.nth(1)).to_contain_text("Answered by 1002")
    await expect(lines.nth(2)).to_contain_text("Number withheld")
    await expect(lines.nth(0).get_by_role("link")).to_have_attribute("href", "tel:+17139872967")
    await expect(lines.nth(2).get_by_role("link")).to_have_count(0)
    await expect(lines.nth(3)).to_contain_text("Outgoing call")
    await shoot(page.locator(".log"), "call-log")


async def test_a_missed_call_is_marked_as_seen(service: FakeService, open_page: Open) -> None:
    service.log = LOGGED
    page = await open_page(log="")
    await page.get_by_role("button", name="Mark as seen: Grace Wu").first.click()

    await expect(page.locator(".unseen")).to_have_count(1)
    await service.until(lambda: service.posted == [("01A/seen", None)])


async def test_all_missed_calls_are_marked_as_seen(service: FakeService, open_page: Open) -> None:
    service.log = LOGGED
    page = await open_page(log="")
    await page.get_by_role("button", name="Mark all as seen").click()

    await expect(page.locator(".unseen")).to_have_count(0)
    await service.until(lambda: sorted(path for path, _ in service.posted) == ["01A/seen", "01E/seen"])


async def test_a_call_in_the_log_is_shown_again(service: FakeService, open_page: Open) -> None:
    service.log = LOGGED
    page = await open_page(log="")
    await page.locator(".logged").nth(1).get_by_role("button").first.click()

    await expect(page.locator(".card")).to_contain_text("Ashok Kumar")


async def test_a_call_that_ends_comes_into_the_log(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="")
    await expect(page.locator(".log")).to_contain_text("No calls yet")
    service.tell(call())
    service.tell(call(revision=2, **ANSWERED))
    service.tell(call(revision=3, **ENDED))

    await expect(page.locator(".logged")).to_contain_text(["Ashok Kumar"])


@asynccontextmanager
async def being_read(service: FakeService, open_page: Open) -> AsyncIterator[Page]:
    """Open a page whose log is asked for, and is not told for as long as this lasts."""
    async with service.slow_log():
        page = await open_page(log="")
        await service.until(lambda: service.log_readings == 1)
        yield page


async def test_a_call_told_while_the_log_is_read_stays_in_it(service: FakeService, open_page: Open) -> None:
    service.log = [LOGGED[2]]
    async with being_read(service, open_page) as page:
        service.tell(call(**ENDED))
        await expect(page.locator(".logged")).to_contain_text(["Ashok Kumar"])

    await expect(page.locator(".logged")).to_contain_text(["Ashok Kumar", "Number withheld"])


async def test_a_call_erased_while_the_log_is_read_does_not_come_back_with_it(
    service: FakeService, open_page: Open
) -> None:
    service.log = [LOGGED[2], call(**ENDED)]
    async with being_read(service, open_page) as page:
        service.leave(AN_ID, "erased")
        service.tell(call("01F", lookup=matched(person(31, "Grace Wu"))))
        await expect(page.locator(".card")).to_have_count(1)

    await expect(page.locator(".logged")).to_contain_text(["Number withheld"])
    await expect(page.locator(".logged")).to_have_count(1)


async def test_a_reading_of_the_log_that_is_asked_for_during_another_comes_after_it(
    service: FakeService, open_page: Open
) -> None:
    service.log = [LOGGED[2], call(**ENDED)]
    async with being_read(service, open_page) as page:
        service.leave(AN_ID, "merged")
        service.leave("01G", "merged")
        service.tell(call("01F", lookup=matched(person(31, "Grace Wu"))))
        await expect(page.locator(".card")).to_have_count(1)
        service.log = [LOGGED[2]]

    await service.until(lambda: service.log_readings == 2)
    await expect(page.locator(".logged")).to_contain_text(["Number withheld"])
    await expect(page.locator(".logged")).to_have_count(1)


async def test_an_erased_call_leaves_the_log(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="")
    service.tell(call(**ENDED))
    await expect(page.locator(".logged")).to_have_count(1)
    service.leave(AN_ID, "erased")

    await expect(page.locator(".logged, article")).to_have_count(0)


async def test_a_log_that_cannot_be_read_says_so(service: FakeService, open_page: Open) -> None:
    service.failing.add("log")
    page = await open_page(log="")

    await expect(page.locator(".log")).to_contain_text("The call log could not be read")
