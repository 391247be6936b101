"""The stream of calls is followed through cuts, restarts and new tokens; nothing is lost, nothing comes twice."""

from datetime import timedelta
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.widget.calls import AN_ID, ANSWERED, MISSED, call, ids, matched, person
from tests.widget.conftest import Open, stop_time
from tests.widget.service import TOKEN, FakeService

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

OTHER_ID: Final = "01M81ZZZZZZZZZZZZZZZZZZZZZ"
NEW_TOKEN: Final = "e30.eyJzdWIiOiAiYWdlbnQtMSJ9.bmV3ZXI"
ELEMENT: Final = "document.querySelector('cti-caller-lookup')"
PROVIDE: Final = f"token => {{ window.asked = 0; {ELEMENT}.tokenProvider = async () => {{ window.asked += 1; return token; }}; }}"


async def states(page: Page) -> list[str]:
    """Give the states the widget told its page of, in order."""
    return list(
        await page.evaluate(
            "window.heard.filter(({type}) => type === 'cti-state').map(({detail}) => detail.state)"
        )
    )


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function(f"state => {ELEMENT}.state === state", arg=state)


async def told_of(page: Page) -> list[tuple[str, int]]:
    """Give id and revision of each call the page was told of, in order."""
    told = await page.evaluate(
        "window.heard.filter(({type}) => type === 'cti-call').map(({detail}) => [detail.id, detail.revision])"
    )
    return [(call_id, revision) for call_id, revision in told]


async def test_a_cut_stream_goes_on_where_it_was(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    async with service.cut_off():
        service.tell(call(revision=2, **ANSWERED))
        service.tell(call(OTHER_ID))
    await service.until_followed(2)
    service.tell(call(OTHER_ID, revision=2, queue="Second line"))
    await expect(page.locator("article", has_text="Second line")).to_have_count(1)

    assert service.last_ids == [None, "1-2"]
    assert await told_of(page) == [(AN_ID, 1), (AN_ID, 2), (OTHER_ID, 1), (OTHER_ID, 2)]
    assert await states(page) == ["connected", "reconnecting", "connected"]


async def test_after_a_restart_only_the_calls_there_are_stay(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    service.tell(call(OTHER_ID, revision=7))
    await expect(page.locator(".card")).to_have_count(2)
    async with service.cut_off():
        del service.calls[AN_ID]
        service.restart()
        service.calls[OTHER_ID] = call(OTHER_ID, revision=1, queue="Told anew")

    await expect(page.locator("article")).to_contain_text(["Told anew"])
    assert ids(await page.evaluate(f"{ELEMENT}.calls")) == [OTHER_ID]


async def test_calls_that_nobody_has_seen_outlive_a_gap(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call())
    service.tell(call(OTHER_ID, **MISSED))
    await expect(page.locator(".row.is-missed")).to_have_count(1)
    async with service.cut_off():
        service.restart()
        service.calls[AN_ID] = call(revision=2, **MISSED)

    await service.until_followed(2)
    await expect(page.locator(".row")).to_contain_text(["Missed call", "Missed call"])
    await expect(page.locator(".card")).to_have_count(0)


async def test_a_state_older_than_the_one_shown_is_left_out(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(call(revision=3, **ANSWERED))
    service.tell(call(revision=2))
    service.tell(call(OTHER_ID))
    await expect(page.locator(".card")).to_have_count(2)

    assert await told_of(page) == [(AN_ID, 3), (OTHER_ID, 1)]
    await expect(page.locator(".card").first).to_contain_text("In call")


async def test_what_makes_no_sense_is_passed_over(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    for nonsense in (
        "{",
        "null",
        "7",
        "[]",
        '{"id": 1}',
        '{"id": "x", "state": "ringing"}',
        '{"id":"x","state":"y","lookup":{}}',
    ):
        service.send_raw(f"event: call\ndata: {nonsense}\n\n".encode())
    service.send_raw(b"event: hello again\ndata: {}\n\n: \xe2\x99\xa5\n\n")
    service.tell(call())

    await expect(page.locator(".card", has_text="Ashok Kumar")).to_have_count(1)
    assert len(service.last_ids) == 1


async def test_a_banner_says_that_the_connection_is_lost(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.failing.add("stream")
    service.cut()
    await expect(page.locator(".connection")).to_contain_text("Connection lost")
    service.failing.clear()

    await expect(page.locator(".connection")).to_have_count(0)


async def test_a_silent_stream_is_opened_again(
    service: FakeService, context: BrowserContext, open_page: Open
) -> None:
    await context.clock.install()
    page = await open_page()
    await stop_time(page)
    service.tell(call())
    await expect(page.locator("[data-call]")).to_have_count(1)
    await context.clock.fast_forward(34_000)
    assert await page.evaluate(f"{ELEMENT}.state") == "connected"
    await context.clock.fast_forward(2_000)
    await page.wait_for_function(
        "() => window.heard.some(({type, detail}) => type === 'cti-state' && detail.state === 'reconnecting')"
    )
    await context.clock.fast_forward(2_000)

    await service.until_followed(2)


async def test_without_a_network_the_widget_waits_for_it(
    service: FakeService, context: BrowserContext, open_page: Open
) -> None:
    page = await open_page()
    await context.set_offline(True)
    await expect(page.locator(".connection")).to_contain_text("No network")
    await context.set_offline(False)

    await until_state(page, "connected")
    assert service.last_ids[-1] is not None


async def test_a_restarting_service_is_found_again(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.part("shutdown")
    await service.until_followed(2)

    await until_state(page, "connected")


async def test_an_expired_token_is_replaced_by_the_provider_s(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    await page.evaluate(PROVIDE, NEW_TOKEN)
    service.tokens = {NEW_TOKEN}
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    service.part("expired")
    await service.until_followed(2)
    service.tell(call(revision=2, queue="Second line"))

    await expect(page.locator(".card")).to_contain_text("Second line")
    assert service.opened_with == [TOKEN, NEW_TOKEN]
    assert await page.evaluate("window.asked") == 1


async def test_a_token_is_renewed_before_it_ends(
    service: FakeService, context: BrowserContext, open_page: Open
) -> None:
    await context.clock.install()
    service.tokens = {TOKEN, NEW_TOKEN}
    service.life = timedelta(seconds=40)
    page = await open_page()
    service.life = timedelta(hours=1)
    await page.evaluate(PROVIDE, NEW_TOKEN)
    service.tell(call())
    await expect(page.locator(".card")).to_have_count(1)
    await context.clock.fast_forward(21_000)
    await service.until(lambda: len(service.opened_with) == 2)
    await until_state(page, "connected")

    assert service.opened_with == [TOKEN, NEW_TOKEN]
    assert service.last_ids == [None, "1-2"]
    assert "reconnecting" not in await states(page)


async def test_without_a_provider_the_page_is_asked_for_a_token(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tokens = {NEW_TOKEN}
    service.part("expired")
    await expect(page.locator(".connection")).to_contain_text("Waiting for a new sign-in")
    assert await page.evaluate("window.heard.some(({type}) => type === 'cti-token-needed')")
    await page.evaluate(f"token => {{ {ELEMENT}.token = token; }}", NEW_TOKEN)

    await until_state(page, "connected")
    await expect(page.locator(".connection")).to_have_count(0)


async def test_a_provider_that_fails_is_asked_again(open_page: Open) -> None:
    page = await open_page(token="")
    await page.evaluate(
        f"""token => {{
          let asked = 0;
          {ELEMENT}.tokenProvider = async () => {{
            asked += 1;
            if (asked === 1) throw new Error("no session");
            return token;
          }};
          {ELEMENT}.disconnect();
          {ELEMENT}.connect();
        }}""",
        TOKEN,
    )

    await until_state(page, "connected")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((401, "token_revoked"), "Access was withdrawn"),
        ((403, "bad_origin"), "This page may not use the service"),
    ],
    ids=["revoked", "foreign"],
)
async def test_a_refusal_ends_the_matter(
    refusal: tuple[int, str], words: str, service: FakeService, open_page: Open
) -> None:
    service.refusals[NEW_TOKEN] = refusal
    page = await open_page()
    await page.evaluate(f"token => {{ {ELEMENT}.token = token; }}", NEW_TOKEN)
    await until_state(page, "stopped")

    await expect(page.locator(".connection")).to_contain_text(words)
    assert service.opened_with == [TOKEN, NEW_TOKEN]


async def test_a_withdrawn_token_ends_the_stream(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.part("revoked")
    await until_state(page, "stopped")

    await expect(page.locator(".connection")).to_contain_text("Access was withdrawn")


async def test_disconnecting_ends_the_stream_and_connecting_opens_it_again(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    await page.evaluate(f"{ELEMENT}.disconnect()")
    await service.until(lambda: not service.lines)
    await page.evaluate(f"{ELEMENT}.connect()")

    await service.until_followed(2)
    await until_state(page, "connected")


async def test_an_element_that_leaves_the_page_ends_its_stream(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    await page.evaluate(f"{ELEMENT}.remove()")

    await service.until(lambda: not service.lines)


async def test_two_elements_in_one_page_share_nothing_but_the_pop(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    await page.evaluate(
        """token => {
          const other = document.createElement("cti-caller-lookup");
          Object.assign(other, { server: "/", token, lang: "de" });
          document.querySelector("main").append(other);
        }""",
        TOKEN,
    )
    await service.until(lambda: len(service.lines) == 2)
    service.tell(call(lookup=matched(person(31, "Grace Wu"))))
    await expect(page.locator("cti-caller-lookup").first.locator("article")).to_contain_text("Ringing")
    await expect(page.locator("cti-caller-lookup").last.locator("article")).to_contain_text("Grace Wu")
    await expect(page.locator("cti-caller-lookup").last.locator("article")).to_contain_text("Klingelt")
