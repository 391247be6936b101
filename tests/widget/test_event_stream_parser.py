"""Event streams are read as the HTML Standard says, wherever the bytes are cut."""

from typing import Final

import pytest
from playwright.async_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

Event = tuple[str, str, str]

READ: Final = """async ([bytes, cut]) => {
  const { EventStreamParser } = await import("/widget/cti-caller-lookup.js");
  const parser = new EventStreamParser();
  const events = [];
  for (let at = 0; at < bytes.length; at += cut) events.push(...parser.push(new Uint8Array(bytes.slice(at, at + cut))));
  return { events: events.map(({ type, data, id }) => [type, data, id]), retry: parser.retry };
}"""

CASES: Final[dict[str, tuple[str, list[Event]]]] = {
    "an event with a name and an id": ("id: 7\nevent: call\ndata: {}\n\n", [("call", "{}", "7")]),
    "an event without a name": ("data: hello\n\n", [("message", "hello", "")]),
    "several lines of data": ("data: one\ndata\ndata: three\n\n", [("message", "one\n\nthree", "")]),
    "lines that end in CRLF": (
        "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n",
        [("a", "1", ""), ("message", "2", "")],
    ),
    "lines that end in CR": ("event: a\rdata: 1\r\rdata: 2\r\r", [("a", "1", ""), ("message", "2", "")]),
    "comments": (": ♥\n\n:\ndata: 1\n: between\n\n", [("message", "1", "")]),
    "an id that stays": (
        "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [("message", "a", "1"), ("message", "b", "1"), ("message", "c", "")],
    ),
    "an id with a NUL": (
        "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        [("message", "a", "1"), ("message", "b", "1")],
    ),
    "only the first blank is left out": ("data:  two\ndata:none\n\n", [("message", " two\nnone", "")]),
    "an event without data": ("event: nothing\n\ndata: 1\n\n", [("message", "1", "")]),
    "an event that is not complete": ("data: 1\n\ndata: 2\n", [("message", "1", "")]),
    "fields nobody knows": ("colour: red\ndata: 1\n\n", [("message", "1", "")]),
    "letters of several bytes": ("data: Łódź 📞 Анна\n\n", [("message", "Łódź 📞 Анна", "")]),
    "a byte order mark": ("\ufeffdata: 1\n\n", [("message", "1", "")]),
    "a line feed at the start": ("\n\ndata: 1\n\n", [("message", "1", "")]),
}


async def read(page: Page, text: str, cut: int) -> tuple[list[Event], int | None]:
    told = await page.evaluate(READ, [list(text.encode()), cut])
    return [(kind, data, event_id) for kind, data, event_id in told["events"]], told["retry"]


@pytest.mark.parametrize("case", CASES)
async def test_a_stream_is_read_the_same_wherever_it_is_cut(case: str, blank: Page) -> None:
    text, events = CASES[case]
    for cut in (1, 2, 3, 7, len(text.encode())):
        assert (await read(blank, text, cut))[0] == events, f"cut after each {cut} bytes"


async def test_the_time_to_wait_is_a_number_or_nothing(blank: Page) -> None:
    assert (await read(blank, "retry: 2000\nretry: soon\n\n", 4))[1] == 2000
    assert (await read(blank, "retry: -1\n\n", 4))[1] is None


async def test_an_event_without_an_end_is_given_up(blank: Page) -> None:
    endless = """async () => {
      const { EventStreamParser } = await import("/widget/cti-caller-lookup.js");
      const parser = new EventStreamParser();
      const chunk = new Uint8Array(1 << 20).fill(97);
      for (let chunks = 1; chunks < 10; chunks += 1) {
        try { parser.push(chunk); } catch { return chunks; }
      }
      return null;
    }"""

    assert await blank.evaluate(endless) == 5
