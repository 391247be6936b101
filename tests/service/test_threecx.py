"""3CX over real HTTP: its template is downloaded, and what the template sends is answered."""

import json
from typing import Any

import pytest
from yarl import URL

from cti_lookup.dialects.xml import xml_of
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, replying
from tests.service.conftest import BEARER, KEY, Service, StartService

LOOKUP = "/v1/3cx/lookup"
JOURNAL = "/v1/3cx/journal"
TEMPLATE = "/v1/3cx/template.xml"
KEYED = {"X-API-Key": KEY}
CALL = {
    "call_type": "Missed",
    "number": ASHOKS_NUMBER,
    "agent": "102",
    "agent_email": "[AgentEmail]",
    "duration": "00:00:00",
    "started_at_utc": "2026-11-21T20:15:00Z",
    "entity_id": "30",
}


async def contacts(service: Service, query: str) -> Any:
    async with service.client.get(URL(f"{LOOKUP}?{query}", encoded=True), headers=KEYED) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "no-store"
        return (await response.json())["contacts"]


@pytest.mark.parametrize("number", ["%2B17139872967", "+17139872967", "0017139872967", "7139872967"])
async def test_a_caller_is_a_contact_however_the_number_is_written(start: StartService, number: str) -> None:
    service = await start(record_url="https://desk.example/people/{id}")

    assert await contacts(service, f"number={number}") == [
        {
            "id": "30",
            "first_name": "Ashok",
            "last_name": "Kumar",
            "company": "Widget Data Center, External IT",
            "email": "ashok.kumar@people.example",
            "phone_business": ASHOKS_NUMBER,
            "url": "https://desk.example/people/30",
        }
    ]


@pytest.mark.parametrize("query", ["", "number=", "number=[Number]", "number=1234", "number=%2B442079460999"])
async def test_nobody_is_an_empty_list(service: Service, query: str) -> None:
    assert await contacts(service, query) == []


async def test_a_directory_that_fails_knows_nobody_either(service: Service, directory: FakeDirectory) -> None:
    directory.behaviour = replying(status=500)

    assert await contacts(service, "number=%2B17139872967") == []
    assert service.logged[0]["outcome"] == "unavailable"


async def test_numbers_are_of_the_region_that_is_asked_for(start: StartService) -> None:
    service = await start(region="DE", sources={"pbx": {"secrets": ["a-secret"], "region": "US"}})

    for query, people in (("", 0), ("&region=us", 1), ("&source=pbx", 1)):
        assert len(await contacts(service, f"number=7139872967{query}")) == people


@pytest.mark.parametrize(("method", "path"), [("GET", LOOKUP), ("POST", JOURNAL), ("GET", TEMPLATE)])
async def test_whoever_shows_no_key_is_told_nothing(service: Service, method: str, path: str) -> None:
    for headers in ({}, {"X-API-Key": "wrong"}):
        async with service.client.request(method, f"{path}?source=nobody", headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (401, "bad_key")


@pytest.mark.parametrize("query", ["source=nobody", "region=XX"])
async def test_a_source_or_a_region_that_is_none_is_said(service: Service, query: str) -> None:
    for path in (LOOKUP, TEMPLATE):
        async with service.client.get(f"{path}?{query}", headers=KEYED) as response:
            assert response.status == 422


async def test_a_journal_is_a_call_that_is_over(service: Service) -> None:
    for _ in range(2):
        async with service.client.post(JOURNAL, json=CALL, headers=KEYED) as response:
            assert (response.status, await response.json()) == (200, {})

    (one, again) = [line for line in service.logged if line["event"] == "webhook"]
    assert (one["state"], one["call"], one["source"]) == ("ended", again["call"], "3cx")
    assert ASHOKS_NUMBER not in json.dumps(service.logged)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\x00", b"{}"])
async def test_a_journal_that_tells_nothing_is_taken_and_forgotten(service: Service, body: bytes) -> None:
    async with service.client.post(JOURNAL, data=body, headers=KEYED) as response:
        assert response.status == 200


async def template(service: Service, query: str = "", **headers: str) -> Any:
    async with service.client.get(f"{TEMPLATE}{query}", headers={**BEARER, **headers}) as response:
        assert (response.status, response.content_type) == (200, "application/xml")
        assert response.headers["Content-Disposition"] == 'attachment; filename="cti-lookup-3cx.xml"'
        return xml_of(await response.read())


async def test_the_template_names_our_public_urls_and_no_key(start: StartService) -> None:
    service = await start(public_url="https://cti.example/desk")
    crm = await template(service, f"?key={KEY}&region=US")
    urls = [str(one.get("Url")) for one in crm.iter("Request")]

    assert urls == [
        "https://cti.example/desk/v1/3cx/lookup?region=US&number=[Number]",
        "https://cti.example/desk/v1/3cx/journal?region=US",
    ]
    assert all(KEY not in str(text) for one in crm.iter() for text in (one.text, *one.attrib.values()))


async def test_without_a_public_url_it_names_where_it_was_asked(service: Service) -> None:
    url = str((await template(service)).find(".//Request").get("Url"))

    assert url == f"http://127.0.0.1:{service.port}{LOOKUP}?number=[Number]"


async def test_a_host_that_is_none_is_not_written_into_it(service: Service) -> None:
    url = str((await template(service, Host='"><Crm/>')).find(".//Request").get("Url"))

    assert url == f"{LOOKUP}?number=[Number]"


async def test_what_the_template_asks_is_answered(start: StartService) -> None:
    service = await start()
    crm = await template(service)
    question, journal = (
        URL(str(one.get("Url")).replace("[Number]", ASHOKS_NUMBER), encoded=True)
        for one in crm.iter("Request")
    )
    header = crm.find(".//Request/Headers/Value")
    key = {header.get("Key"): header.text.replace("[ApiKey]", KEY)}

    async with service.client.get(question.path_qs, headers=key) as response:
        assert [one["id"] for one in (await response.json())["contacts"]] == ["30"]
    async with service.client.post(journal.path_qs, json=CALL, headers=key) as response:
        assert response.status == 200
