"""How well callers are recognised by the whole product: phone system to service to directory, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, web

from cti_lookup.app import create_app
from cti_lookup.directory import create_directory_app, directory_runner
from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.records.contacts import ContactDraft
from cti_lookup.directory.records.inserting import Origin, insert_contact, insert_person, insert_record
from cti_lookup.directory.storage.database import open_writer, transaction
from cti_lookup.logs import Log
from cti_lookup.people import Person
from cti_lookup.settings import Settings
from tests.corpus.publishing import Publish
from tests.corpus.score import CorpusCall, Found, Scorecard, Shown, judge, read_calls, read_people
from tests.corpus.table import with_groups
from tests.corpus.ways import HOME

pytestmark = pytest.mark.slow

KEY: Final = "a-key-of-tests"
TOKEN: Final = "a-token-of-tests"
MOST_AT_ONCE: Final = 8
PATIENCE: Final = 30.0
PAUSE: Final = 0.1
LONGEST_QUERY: Final = 1000
"""Characters; what is longer is no number that a URL would carry, and comes in a body."""


def fill(database: Path, people: Iterable[Person]) -> None:
    """Write people into a new directory file, in one transaction."""
    with closing(open_writer(database)) as connection, transaction(connection):
        now = datetime.now(UTC)
        origin = Origin(settle(connection, now).account, now)
        named = {one.organization.id: one.organization.name for one in people if one.organization}
        for organization, name in named.items():
            insert_record(connection, "organizations", {"name": name}, origin, organization)
        # The keeper of the token, who is in no list, has an id that somebody of the corpus may need.
        taken = connection.execute("SELECT max(id) FROM people").fetchone()[0]
        assert all(person.id > taken for person in people)
        for person in people:
            values = {
                "name": person.name,
                "primary_email": person.primary_email,
                "organization_id": person.organization.id if person.organization else None,
                "disabled": person.disabled,
            }
            insert_person(connection, values, origin, person_id=person.id)
            for contact in person.contacts or ():
                draft = ContactDraft(contact.label, "telephone", contact.telephone)
                insert_contact(connection, person.id, draft)


@asynccontextmanager
async def listening(runner: web.AppRunner) -> AsyncIterator[str]:
    """Serve on a free port; give the URL."""
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def product(database: Path, regions: Iterable[str]) -> AsyncIterator[ClientSession]:
    """Start a directory and the service before it, with one source for each region; give a client of the service."""
    directory = directory_runner(create_directory_app(database=database, token=TOKEN))
    async with listening(directory) as directory_url:
        settings = Settings.model_validate(
            {
                "directory_url": f"{directory_url}/v1",
                "directory_token": TOKEN,
                "region": HOME,
                "api_keys": [KEY],
                "lookup_budget": 5,
                "sources": {region: {"region": region} for region in regions},
            }
        )
        service = web.AppRunner(create_app(settings, log=Log(lambda _: None)), access_log=None)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with listening(service) as url, ClientSession(url, headers=headers) as client:
            yield client


async def ask(client: ClientSession, call: CorpusCall) -> Found:
    """Ask who is calling, again while it came to nothing: a busy machine is later than the service waits."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(TimeoutError):
                return await ask_once(client, call)
            await asyncio.sleep(PAUSE)  # nothing can be waited for: a failure is remembered for moments


async def ask_once(client: ClientSession, call: CorpusCall) -> Found:
    """Ask who is calling: with a query where the caller is text that fits one, else with a webhook."""
    if isinstance(call.raw, str) and len(call.raw) <= LONGEST_QUERY:
        query = {"telephone": call.raw, "region": call.source.region}
        async with client.get("/v1/lookup", params=query, raise_for_status=True) as response:
            return read(await response.json())
    event = {"event": "newCall", "direction": "in", "callId": call.id, "from": call.raw}
    async with client.post(f"/webhooks/{call.source.region}", json=event, raise_for_status=True) as response:
        return read((await response.json())["lookup"])


def read(lookup: dict[str, Any]) -> Found:
    """Read a lookup. One that came to nothing is no answer."""
    if lookup["outcome"] in {"unavailable", "pending"}:
        raise TimeoutError(lookup["outcome"])
    shown = tuple(Shown(person["id"], person["match"]["rule"]) for person in lookup["people"])
    return Found(lookup["outcome"], shown, lookup["truncated"])


async def measure(database: Path) -> Scorecard:
    calls = read_calls()
    fill(database, read_people())
    turns = asyncio.Semaphore(MOST_AT_ONCE)
    async with product(database, {call.source.region for call in calls}) as client:

        async def recognise(call: CorpusCall) -> Found:
            async with turns:
                return await ask(client, call)

        verdicts = await asyncio.gather(*(judge(call, recognise) for call in calls))
    return Scorecard("the product", tuple(verdicts))


@pytest.fixture(scope="module")
def card(publish: Publish, tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    measured = asyncio.run(measure(tmp_path_factory.mktemp("corpus") / "directory.sqlite3"))
    publish("who is calling? the whole product, over HTTP", with_groups(measured))
    return measured


def test_the_right_person_is_first_in_all_but_one_call_of_a_hundred(card: Scorecard) -> None:
    assert card.right_first >= 99, card.lacking("right_first")


def test_every_owner_is_listed_in_all_but_one_call_of_a_hundred(card: Scorecard) -> None:
    assert card.complete >= 99, card.lacking("complete")


def test_nobody_is_shown_as_proven_who_does_not_own_the_number(card: Scorecard) -> None:
    assert card.failing("wrong") == []


def test_nobody_is_shown_even_weakly_whose_number_cannot_be_the_caller(card: Scorecard) -> None:
    assert card.failing("noise") == []


def test_every_other_call_has_the_right_outcome(card: Scorecard) -> None:
    assert card.right_outcome >= 99, card.with_wrong_outcome()


def test_every_call_is_answered(card: Scorecard) -> None:
    assert card.failing("crashed") == []
