"""Pages of a collection: links, cursors, sizes, and an end to very large ones."""

import base64
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.directory import Administration
from cti_lookup.directory.records.pages import MOST_RECORDS, Cursor, Page, PageRequest
from tests.directory.conftest import Api, StartDirectory


async def _walk(api: Api, path: str, rel: str) -> list[list[int]]:
    """Follow a link from page to page and return the ids of each."""
    pages = []
    following: str | None = path
    while following:
        async with api.client.get(following) as response:
            assert response.status == 200
            pages.append([item["id"] for item in await response.json()])
            links = _links(response.headers.get("Link", ""))
            following = api.relative(links[rel]) if rel in links else None
    return pages


def _links(header: str) -> dict[str, str]:
    """Read a Link header as the simplest client does: split it at every comma, and each part at its semicolon."""
    links = {}
    for part in filter(None, header.split(",")):
        address, rel = part.split(";")
        links[rel.strip().removeprefix('rel="').removesuffix('"')] = address.strip().strip("<>")
    return links


async def test_following_next_visits_everybody_once_and_following_prev_returns(samples: Api) -> None:
    everyone = [person["id"] for person in await samples.get("/people?per_page=100")]
    pages = await _walk(samples, "/v1/people?per_page=7", "next")
    assert [number for page in pages for number in page] == everyone
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 7, 4]
    async with samples.client.get(f"/v1/people?per_page=7&search_after={_last_cursor(everyone)}") as response:
        assert await response.json() == []
    last = await _last_page(samples)
    back = await _walk(samples, last, "prev")
    assert back == pages[::-1]


def _last_cursor(everyone: list[int]) -> str:
    return Cursor(len(everyone) - 1, everyone[-1]).encode()


async def _last_page(api: Api) -> str:
    following = "/v1/people?per_page=7"
    while True:
        async with api.client.get(following) as response:
            links = _links(response.headers["Link"])
        if "next" not in links:
            return following
        following = api.relative(links["next"])


async def test_the_links_of_each_page_are_the_documented_ones(samples: Api) -> None:
    seen = []
    following = "/v1/people?per_page=20&note=a,b=c;d"
    while following:
        async with samples.client.get(following) as response:
            links = _links(response.headers["Link"])
            seen.append((list(links), response.headers["X-Pagination-Current-Page"]))
            for link in links.values():
                assert link.startswith("http://127.0.0.1:")
                assert "note=a%2Cb%3Dc%3Bd" in link
                assert "per_page=20" in link
            following = samples.relative(links["next"]) if "next" in links else ""
    assert seen == [(["next"], "1"), (["first", "prev", "next"], "2"), (["first", "prev"], "3")]


async def test_a_cursor_stands_in_a_link_with_its_equals_sign_escaped(samples: Api) -> None:
    async with samples.client.get("/v1/people?per_page=1") as response:
        links = response.headers["Link"]
    assert re.fullmatch(r'<http://[^<>,;]+search_after=[A-Za-z0-9%]+>; rel="next"', links)


async def test_one_page_has_no_links_and_tells_its_size(api: Api) -> None:
    await api.person()
    async with api.client.get("/v1/people") as response:
        assert "Link" not in response.headers
        assert response.headers["X-Pagination-Per-Page"] == "20"
        assert response.headers["X-Pagination-Current-Page"] == "1"
        assert response.headers["X-Pagination-Total-Pages"] == "1"
        assert response.headers["X-Pagination-Total-Entries"] == "1"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("5", 5),
        ("100", 100),
        ("101", 100),
        ("9" * 5000, 100),
        ("0", 20),
        ("-5", 20),
        ("x", 20),
        ("٥", 20),
        ("", 20),
    ],
)
async def test_a_page_size_out_of_bounds_is_brought_within_them(samples: Api, asked: str, given: int) -> None:
    async with samples.client.get("/v1/people", params={"per_page": asked}) as response:
        assert response.headers["X-Pagination-Per-Page"] == str(given)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "%00",
        "e30=",
        "W10=",
        "eyJvZmZzZXQiOi0xLCJjdXJzb3IiOlsxXX0=",
        "eyJvZmZzZXQiOjAsImN1cnNvciI6Wzk5OV19",
        "\ud800",
    ],
)
@pytest.mark.parametrize("name", ["search_after", "search_before"])
async def test_a_cursor_nobody_gave_out_is_refused(samples: Api, name: str, cursor: str) -> None:
    query = f"{name}={cursor}" if cursor.isascii() else f"{name}=%ED%A0%80"
    assert await samples.call("GET", f"/people?{query}") == (400, {"message": "Invalid cursor"})


@pytest.mark.parametrize("path", ["/people", "/organizations", "/people/30/contacts", "/archive"])
async def test_who_counts_pages_reads_everything_once_and_comes_to_an_end(samples: Api, path: str) -> None:
    for number in range(5):
        person = await samples.person(f"Page {number}")
        await samples.call("POST", f"/people/{person['id']}/archive")
        await samples.contact(30, label="home", telephone=str(number))
    everything = [record["id"] for record in await samples.get(f"{path}?per_page=100")]
    counted: list[int] = []
    number = 1
    while page := await samples.get(f"{path}?per_page=3&page={number}"):
        counted += [record["id"] for record in page]
        number += 1
    assert counted == everything


async def test_a_page_that_was_counted_leads_to_those_around_it(samples: Api) -> None:
    everyone = [person["id"] for person in await samples.get("/people?per_page=100")]
    async with samples.client.get("/v1/people?page=3&per_page=7") as response:
        assert [person["id"] for person in await response.json()] == everyone[14:21]
        assert response.headers["X-Pagination-Current-Page"] == "3"
        links = _links(response.headers["Link"])
    assert [samples.relative(links["first"])] == ["/v1/people?per_page=7"]
    assert [person["id"] for person in await _at(samples, links["next"])] == everyone[21:28]
    assert [person["id"] for person in await _at(samples, links["prev"])] == everyone[7:14]


async def _at(api: Api, address: str) -> Any:
    return await api.get(api.relative(address).removeprefix("/v1"))


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "٢"])
async def test_a_page_that_is_no_number_is_the_first(samples: Api, number: str) -> None:
    first = await samples.get("/people")
    assert await samples.get("/people", params={"page": number}) == first


@pytest.mark.parametrize("number", ["1000", "9" * 30, "9" * 5000])
async def test_a_page_beyond_the_end_is_empty(samples: Api, number: str) -> None:
    assert await samples.get("/people", params={"page": number}) == []


async def test_cursors_hold_no_name(samples: Api) -> None:
    async with samples.client.get("/v1/people?per_page=1") as response:
        link = response.headers["Link"]
    found = re.search("search_after=([A-Za-z0-9]+)", link)
    assert found
    assert b"Abigail" not in base64.b64decode(found[1] + "==")


async def test_a_collection_of_very_many_is_cut_and_says_so(api: Api, database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
        " INSERT INTO sites (account_id, name, name_key, created_at, updated_at)"
        " SELECT 'widget', 'Site', 'site', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' FROM numbers",
        (MOST_RECORDS + 5,),
    )
    connection.close()
    before_the_last = Cursor(MOST_RECORDS - 3, MOST_RECORDS - 2).encode()
    query = {"search_after": before_the_last, "fields": "id"}
    async with api.client.get("/v1/sites", params=query) as response:
        assert await response.json() == [{"id": MOST_RECORDS - 1}, {"id": MOST_RECORDS}]
        assert response.headers["X-Pagination-Total-Entries"] == str(MOST_RECORDS)
        assert response.headers["X-Pagination-Throttled"] == "true"
        assert list(_links(response.headers["Link"])) == ["first", "prev"]


def test_a_collection_just_as_large_as_allowed_is_not_cut() -> None:
    page = Page(PageRequest(), ({"id": 1},), MOST_RECORDS, more=True)
    assert "X-Pagination-Throttled" not in page.headers("http://here", {})


async def test_a_field_that_is_filtered_by_twice_is_so_on_every_page(samples: Api) -> None:
    everybody = await samples.get("/people?per_page=100&sort=id")
    wanted = [person["id"] for person in everybody if 30 < person["id"] < 120]
    pages = await _walk(samples, "/v1/people?id=>30&id=<120&sort=id&per_page=3", "next")
    assert len(pages) > 2
    assert [number for page in pages for number in page] == wanted


async def test_a_cursor_of_another_accounts_record_is_one_nobody_gave_out(
    api: Api, administration: Administration
) -> None:
    administration.create_account("other", "Other", None)
    person = await api.person()
    cursor = Cursor(0, person["id"]).encode().replace("=", "%3D")
    for direction in ("search_after", "search_before"):
        address = f"/people?{direction}={cursor}"
        assert (await api.call("GET", address))[0] == 200
        refused = await api.call("GET", address, headers={"X-4me-Account": "other"})
        assert refused == (400, {"message": "Invalid cursor"})


@pytest.mark.parametrize("sort", ["updated_at", "-updated_at", "created_at,-updated_at", "-updated_at,id"])
async def test_who_changes_while_somebody_reads_by_time_hides_nobody_else(samples: Api, sort: str) -> None:
    everybody = {person["id"] for person in await samples.get("/people?per_page=100")}
    met: set[int] = set()
    following: str | None = f"/v1/people?sort={sort}&per_page=7"
    while following and len(met) < len(everybody):
        async with samples.client.get(following) as response:
            page = [person["id"] for person in await response.json()]
            links = _links(response.headers.get("Link", ""))
            following = samples.relative(links["next"]) if "next" in links else None
        met |= {*page}
        for number in (page[0], page[-1]):
            await samples.call("PATCH", f"/people/{number}", json={"location": f"after {len(met)}"})
    assert met == everybody


async def test_a_cursor_of_times_is_refused_unless_they_are_times(samples: Api) -> None:
    for times in (("x",), ("2016-13-01",)):
        cursor = Cursor(0, 30, times).encode().replace("=", "%3D")
        assert (await samples.call("GET", f"/people?sort=updated_at&search_after={cursor}"))[0] == 400


async def test_links_begin_with_the_address_that_was_set(start: StartDirectory) -> None:
    api = await start(samples=True, public_url="https://directory.example/staff/")
    async with api.client.get("/v1/people?per_page=7") as response:
        links = _links(response.headers["Link"])

    assert links["next"].startswith("https://directory.example/staff/v1/people?per_page=7&")
