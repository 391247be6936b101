"""What comes from outside is text, nothing is stored, and the page and the widget do each other no harm."""

import json
from typing import Final

import pytest
from playwright.async_api import BrowserContext, FrameLocator, Page, expect

from tests.widget.calls import AN_ID, ANSWERED, call, matched, people, person, without
from tests.widget.conftest import Open
from tests.widget.service import TOKEN, FakeService, serving

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

MARKUP: Final = "<img src=x onerror=alert(1)><b>Bobby</b>"


async def test_markup_in_a_name_stays_text(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="")
    bobby = person(name=MARKUP, job_title=MARKUP, organization={"id": 1, "name": MARKUP})
    service.tell(call(lookup=matched(bobby), queue=MARKUP, callee=MARKUP))
    service.tell(call("01B", lookup=without("invalid", raw=MARKUP), display_name=MARKUP))

    await expect(page.locator(".name").last).to_have_text(MARKUP)
    await expect(page.locator(".card").first).to_contain_text(MARKUP)
    assert await page.locator("cti-caller-lookup img, cti-caller-lookup b").count() == 0


async def test_a_text_without_end_is_cut(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="")
    endless = person(
        name="W" * 10_000, job_title="👩‍👧" * 5_000, organization={"id": 1, "name": "y " * 5_000}
    )
    service.tell(call(lookup=matched(endless), queue="q" * 10_000))
    card = page.locator(".card")
    await expect(card).to_contain_text("WWW…")

    box = await card.bounding_box()
    assert box is not None
    assert box["height"] < 1_200
    assert len(await page.locator(".live > p").inner_text()) < 300


async def test_styles_of_the_page_for_all_its_elements_stay_outside(
    service: FakeService, open_page: Open
) -> None:
    page = await open_page()
    service.tell(call())
    looks = """() => {
      const card = document.querySelector("cti-caller-lookup").shadowRoot.querySelector(".card");
      const { height } = card.getBoundingClientRect();
      const { fontSize, letterSpacing, textTransform, whiteSpace, textShadow } = getComputedStyle(card);
      return [Math.round(height), fontSize, letterSpacing, textTransform, whiteSpace, textShadow];
    }"""
    await expect(page.locator(".card")).to_have_count(1)
    before = await page.evaluate(looks)
    await page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`body, body * {
            font: italic 30px/3 serif !important; letter-spacing: 9px !important; white-space: nowrap !important;
            text-transform: uppercase !important; text-shadow: 0 0 9px red !important; color: lime !important;
          }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )

    assert await page.evaluate(looks) == before


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " java\nscript:alert(1)", "http://"]
)
async def test_a_record_link_that_would_run_is_left_out(
    url: str, service: FakeService, open_page: Open
) -> None:
    page = await open_page(create_url="javascript:alert('{number}')")
    service.tell(call(lookup=matched(person(url=url))))
    service.tell(call("01B", lookup=without("nobody")))

    await expect(page.locator(".card")).to_have_count(2)
    await expect(page.locator(".card a")).to_have_count(0)


async def test_nothing_is_stored_and_nobody_else_is_asked(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await open_page(log="")
    picture = person(picture_uri="https://elsewhere.example/face.png")
    service.tell(call(lookup=matched(picture, person(31, "Grace Wu"))))
    await page.get_by_role("option", name="Grace Wu").click()
    await service.until(lambda: bool(service.posted))

    kept = """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
      document.cookie, (await caches.keys()).length]"""
    assert await page.evaluate(kept) == [0, 0, 0, "", 0]
    assert await context.cookies() == []
    assert [url for url in asked if not url.startswith(service.url)] == []
    assert [url for url in asked if TOKEN in url and "host.html" not in url] == []


async def test_a_picture_is_asked_for_once_also_where_there_is_none(
    service: FakeService, open_page: Open, context: BrowserContext
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url.removeprefix(service.url)))
    page = await open_page(pictures="")
    service.tell(call("01A", lookup=matched(person(picture_uri=None))))
    service.tell(call("01B", lookup=matched(person(picture_uri=f"{service.url}/pages/nobody.png"))))
    service.tell(call("01C", lookup=matched(person(picture_uri=f"{service.url}/widget/icon.svg"))))
    await expect(page.locator(".card")).to_have_count(3)
    await expect(page.locator(".avatar img")).to_have_count(1)
    for at in range(2, 5):  # each change draws all cards anew
        service.tell(call("01A", lookup=matched(person(picture_uri=None)), revision=at, queue=f"Line {at}"))
        await expect(page.locator(".card", has_text=f"Line {at}")).to_have_count(1)

    pictures = [path for path in asked if path.endswith((".png", ".svg", "null"))]
    assert sorted(pictures) == ["/pages/nobody.png", "/widget/icon.svg"]


async def test_the_token_does_not_stay_in_the_document(open_page: Open) -> None:
    page = await open_page()

    assert TOKEN not in await page.evaluate("document.documentElement.outerHTML")


@pytest.mark.faulty_page
async def test_faults_of_the_page_do_the_widget_no_harm(service: FakeService, open_page: Open) -> None:
    page = await open_page("broken.html")
    service.tell(call(lookup=matched(*people(2))))
    await page.get_by_role("option", name="Ellen Brown").click()
    service.tell(call(lookup=matched(*people(2)), revision=3, chosen=31, **ANSWERED))

    await expect(page.locator(".card")).to_contain_text("In call")
    await expect(page.locator(".card .name")).to_contain_text("Ellen Brown")


async def test_a_policy_as_strict_as_can_be_is_kept(service: FakeService, open_page: Open) -> None:
    page = await open_page(log="", sound="", notifications="")
    await page.evaluate(
        "window.broken = []; addEventListener('securitypolicyviolation', ({violatedDirective}) => broken.push(violatedDirective))"
    )
    service.tell(call(lookup=matched(person(vip=True))))
    await expect(page.locator(".card")).to_have_count(1)

    radius = "getComputedStyle(document.querySelector('cti-caller-lookup').shadowRoot.querySelector('.card')).borderRadius"
    assert await page.evaluate(radius) == "10px"
    assert await page.evaluate("window.broken") == []


async def test_a_call_that_cannot_be_drawn_harms_no_other(service: FakeService, open_page: Open) -> None:
    page = await open_page()
    service.tell(
        call("01B", lookup={"outcome": "matched", "caller": None, "people": [None], "truncated": False})
    )
    service.tell(call())

    await expect(page.locator(".card")).to_contain_text(["Ashok Kumar"])


async def framed(page: Page, service: FakeService, parent: FakeService, origin: str) -> FrameLocator:
    """Open a page of another origin that embeds the service's frame."""
    await page.goto(f"{parent.url}/parent.html")
    await page.evaluate("([service, origin]) => window.embed(service, origin)", [service.url, origin])
    return page.frame_locator("iframe")


async def test_a_framed_widget_tells_its_parent_no_name_and_no_number(
    service: FakeService, context: BrowserContext
) -> None:
    async with serving(FakeService(), frames=service) as parent:
        page = await context.new_page()
        frame = await framed(page, service, parent, parent.url)
        await page.wait_for_function("() => window.heard.some(({type}) => type === 'cti-ready')")
        await page.evaluate(
            "token => window.tell({type: 'cti-options', options: {lang: 'de', theme: 'dark'}})", TOKEN
        )
        await page.evaluate("token => window.tell({type: 'cti-token', token})", TOKEN)
        await service.until_followed()
        service.tell(call(lookup=matched(*people(2))))
        await frame.get_by_role("option", name="Ellen Brown").click()
        await page.wait_for_function("() => window.heard.some(({type}) => type === 'cti-select')")
        heard = await page.evaluate("window.heard")

    selected = next(one for one in heard if one["type"] == "cti-select")
    assert selected["person"] == {"id": 31, "url": "https://widget.example/people/30"}
    assert selected["call"]["id"] == AN_ID
    assert {one["from"] for one in heard} == {service.url}
    assert not [secret for secret in ("Ellen", "Ashok", "7139872967", TOKEN) if secret in json.dumps(heard)]
    await expect(frame.locator(".kind")).to_have_text("Eingehender Anruf")


@pytest.mark.parametrize("named", ["https://elsewhere.example", "", "null", "not an origin"])
async def test_a_frame_whose_parent_is_not_the_one_named_shows_nothing(
    named: str, service: FakeService, context: BrowserContext
) -> None:
    async with serving(FakeService(), frames=service) as parent:
        page = await context.new_page()
        frame = await framed(page, service, parent, named)

        await expect(frame.locator(".refusal")).to_have_count(1)
        await expect(frame.locator("cti-caller-lookup")).to_have_count(0)


async def test_a_frame_takes_no_message_from_anybody_but_its_parent(
    service: FakeService, context: BrowserContext
) -> None:
    async with serving(FakeService(), frames=service) as parent:
        page = await context.new_page()
        frame = await framed(page, service, parent, parent.url)
        await expect(frame.locator("cti-caller-lookup")).to_have_count(1)
        inside = page.frames[1]
        await inside.evaluate(
            "token => window.postMessage({type: 'cti-token', token}, location.origin)", TOKEN
        )
        await inside.evaluate(
            "token => window.postMessage({type: 'cti-options', options: {lang: 'de'}}, '*')", TOKEN
        )
        await page.evaluate("token => window.tell({type: 'cti-options', options: {lang: 'fr'}})", TOKEN)

        await expect(frame.locator("[role=region]")).to_have_attribute("lang", "fr")
        assert service.last_ids == []
