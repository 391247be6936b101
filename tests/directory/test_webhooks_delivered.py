"""What happens to a person is told to whoever registered for it: the wire, repetitions, failures, restarts."""

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web

from tests.directory import webhook_office as offices
from tests.directory.conftest import StartDirectory
from tests.directory.webhook_office import Office
from tests.directory.webhook_receiver import SOON, Receiver, SettableClock, until

pytestmark = pytest.mark.slow

INTERVALS = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800)
STATUSES = [HTTPStatus(code) for code in (404, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510)]
"""How a first attempt and each repetition fail: each in its own way, so that it can be awaited that one is settled."""


receiver = offices.receiver
office = offices.office


async def test_a_change_is_told_with_the_record_and_with_who_did_it(office: Office) -> None:
    person = await office.api.person(source="AD", sourceID="S-1-5")
    webhook_id = await office.registered(name="Cache bust")
    await office.rename(person["id"], "Ada Changed")
    told = await office.receiver.next()
    keeper = await office.api.get("/me")
    content = told.content
    ids = {name: content.pop(name) for name in ("webhook_nodeID", "object_nodeID", "person_nodeID")}
    assert content == {
        "webhook_id": webhook_id,
        "account_id": "widget",
        "account": office.address,
        "custom_url": None,
        "name": "Cache bust",
        "event": "person.update",
        "object_id": person["id"],
        "person_id": keeper["id"],
        "person_name": keeper["name"],
        "instance_name": "Embedded directory",
        "payload": {"source": "AD", "sourceID": "S-1-5"},
    }
    assert all(isinstance(one, str) and "=" not in one for one in ids.values())


async def test_a_call_carries_the_documented_headers(office: Office) -> None:
    person = await office.api.person()
    await office.registered()
    await office.rename(person["id"], "Ada Changed")
    headers = (await office.receiver.next()).headers
    place = f"people/{person['id']}"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["User-Agent"] == f"R-Service/1.0 ({office.address}/v1/webhooks)"
    assert headers["Link"] == (
        f'<{office.address}/{place}>; rel="canonical", <{office.address}/v1/{place}>; rel="resource"'
    )
    assert str(uuid.UUID(headers["X-4me-Delivery"])) == headers["X-R-Service-Delivery"]
    assert headers["X-Xurrent-Delivery"] == headers["X-4me-Delivery"]
    assert not {"X-4me-Delivery-Origin", "Authorization", "Cookie"} & headers.keys()


async def test_a_new_person_and_a_changed_contact_are_told_too(office: Office) -> None:
    await office.registered("created", event="person.create")
    await office.registered("updated")
    person = await office.api.person()
    assert (await office.receiver.next()).path == "/created"
    await office.api.contact(person["id"], label="work", telephone="+1 713 555 0100")
    told = await office.receiver.next()
    assert (told.path, told.object_id) == ("/updated", person["id"])


async def test_what_changes_nothing_is_not_told(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    await office.registered()
    await office.rename(first["id"], first["name"])
    await office.rename(second["id"], "Bo Changed")
    assert (await office.receiver.next()).object_id == second["id"]


async def test_what_failed_is_repeated_at_growing_intervals_and_then_given_up(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    webhook_id = await office.registered()
    office.receiver.answers = [*STATUSES]
    await office.rename(first["id"], "Ada Changed")
    origin = await office.receiver.next()
    await office.known_failures(webhook_id, "404 Not Found")
    names = {origin.headers["X-4me-Delivery"]}
    for seconds, status in zip(INTERVALS, STATUSES[1:], strict=True):
        office.pass_by(seconds)
        repeated = await office.receiver.next()
        names.add(repeated.headers["X-4me-Delivery"])
        for brand in ("4me", "R-Service", "Xurrent"):
            assert repeated.headers[f"X-{brand}-Delivery-Origin"] == origin.headers["X-4me-Delivery"]
        assert repeated.body == origin.body
        await office.known_failures(webhook_id, f"{status.value} {status.phrase}")
    assert len(names) == 11
    office.pass_by(300)
    await office.rename(second["id"], "Bo Changed")
    assert (await office.receiver.next()).object_id == second["id"]


async def test_an_attempt_is_not_made_before_its_time(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    webhook_id = await office.registered("one")
    await office.registered("other", event="person.create")
    office.receiver.answers = [500]
    await office.rename(first["id"], "Ada Changed")
    await office.receiver.next()
    await office.known_failures(webhook_id, "500 Internal Server Error")
    office.pass_by(4.9)
    await office.rename(second["id"], "Bo Changed")
    await office.api.person("Cy Example")
    assert (await office.receiver.next()).path == "/other"
    office.pass_by(0.1)
    assert {(await office.receiver.next()).object_id for _ in range(2)} == {first["id"], second["id"]}


async def test_a_success_makes_the_failures_forgotten(office: Office) -> None:
    person = await office.api.person()
    webhook_id = await office.registered()
    office.receiver.answers = [500]
    await office.rename(person["id"], "Ada Changed")
    await office.receiver.next()
    await office.known_failures(webhook_id, "500 Internal Server Error")
    office.pass_by(5)
    await office.receiver.next()

    async def forgotten() -> bool:
        return (await office.webhook(webhook_id))["last_error"] is None

    await until(forgotten)


async def test_twenty_failures_in_a_row_disable_a_webhook(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    people = [await office.api.person(f"Person {number}") for number in range(3)]
    webhook_id = await office.registered()
    office.receiver.answers = [410] * 20
    with caplog.at_level(logging.WARNING):
        for person in people:
            await office.rename(person["id"], f"Changed {person['id']}")

        async def disabled() -> bool:
            office.pass_by(3600)
            return bool((await office.webhook(webhook_id))["disabled"])

        await until(disabled)
    webhook = await office.webhook(webhook_id)
    assert webhook["last_error"] == "410 Gone"
    assert office.receiver.answers == []
    assert f"webhook {webhook_id} is disabled" in caplog.text
    assert "Changed" not in caplog.text


async def test_a_webhook_that_is_enabled_again_is_told_what_happens_from_then_on(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    webhook_id = await office.registered()
    office.receiver.answers = [500]
    await office.rename(first["id"], "Ada Changed")
    await office.receiver.next()
    await office.known_failures(webhook_id, "500 Internal Server Error")
    for disabled in (True, False):
        status, webhook = await office.api.call(
            "PATCH", f"/webhooks/{webhook_id}", json={"disabled": disabled}
        )
        assert (status, webhook["disabled"]) == (200, disabled)
    await office.rename(second["id"], "Bo Changed")
    assert (await office.receiver.next()).object_id == second["id"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(office: Office, status: int) -> None:
    person = await office.api.person()
    webhook_id = await office.registered()

    async def elsewhere() -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": office.receiver.uri("elsewhere")})

    office.receiver.answers = [elsewhere]
    await office.rename(person["id"], "Ada Changed")
    await office.receiver.next()

    async def failed() -> bool:
        return str((await office.webhook(webhook_id))["last_error"]).startswith(str(status))

    await until(failed)
    office.pass_by(5)
    assert (await office.receiver.next()).path == "/hook"


async def test_an_answer_without_end_holds_nobody_up(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    await office.registered()
    never = asyncio.Event()

    async def endless() -> web.StreamResponse:
        return web.Response(body=_endless(never))

    office.receiver.answers = [endless]
    await office.rename(first["id"], "Ada Changed")
    await office.receiver.next()
    await office.rename(second["id"], "Bo Changed")
    assert (await office.receiver.next()).object_id == second["id"]
    never.set()


async def _endless(never: asyncio.Event) -> AsyncIterator[bytes]:
    yield b"x" * 100_000
    await never.wait()


async def test_a_webhook_is_called_once_at_a_time_and_others_meanwhile(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    await office.registered("slow")
    gate = asyncio.Event()
    office.receiver.answers = [gate]
    await office.rename(first["id"], "Ada Changed")
    assert (await office.receiver.next()).path == "/slow"
    await office.registered("quick")
    await office.rename(second["id"], "Bo Changed")
    told = await office.receiver.next()
    assert (told.path, told.object_id) == ("/quick", second["id"])
    gate.set()
    told = await office.receiver.next()
    assert (told.path, told.object_id) == ("/slow", second["id"])
    assert office.receiver.most_at_once == {"/slow": 1, "/quick": 1}


async def test_at_most_eight_receivers_are_called_at_once(office: Office) -> None:
    person = await office.api.person()
    for number in range(10):
        await office.registered(f"hook{number}")
    gate = asyncio.Event()
    office.receiver.answers = [gate] * 10
    await office.rename(person["id"], "Ada Changed")
    paths = {(await office.receiver.next()).path for _ in range(8)}
    assert (len(paths), sum(office.receiver.at_once.values())) == (8, 8)
    gate.set()
    paths |= {(await office.receiver.next()).path for _ in range(2)}
    assert len(paths) == 10


async def test_each_event_is_told_once(office: Office) -> None:
    people = [await office.api.person(f"Person {number}") for number in range(30)]
    await office.registered()
    for person in people:
        await office.rename(person["id"], f"Changed {person['id']}")
    told = [(await office.receiver.next()).object_id for _ in people]
    assert sorted(told) == [person["id"] for person in people]
    await office.rename(people[0]["id"], "Changed again")
    assert (await office.receiver.next()).object_id == people[0]["id"]


async def test_what_waits_is_sent_after_a_restart(start: StartDirectory, receiver: Receiver) -> None:
    clock = SettableClock()
    before = Office(await start(clock=clock), receiver, clock)
    person = await before.api.person()
    webhook_id = await before.registered()
    receiver.answers = [500]
    await before.rename(person["id"], "Ada Changed")
    origin = await receiver.next()
    await before.known_failures(webhook_id, "500 Internal Server Error")
    await before.api.aclose()
    clock.pass_by(5)
    after = Office(await start(clock=clock), receiver, clock)
    repeated = await receiver.next()
    assert repeated.object_id == person["id"]
    assert repeated.headers["X-4me-Delivery-Origin"] == origin.headers["X-4me-Delivery"]
    assert repeated.content["account"] == after.address


async def test_what_another_process_puts_down_is_sent(office: Office, database: Path) -> None:
    person = await office.api.person()
    webhook_id = await office.registered()
    with sqlite3.connect(database) as shell:
        shell.execute(
            "INSERT INTO deliveries (webhook_id, delivery, event, object_id, due_at, created_at)"
            " VALUES (?, 'by-the-shell', 'person.update', ?, 0, '')",
            (webhook_id, person["id"]),
        )
    shell.close()
    told = await office.receiver.next()
    content = told.content
    assert (told.headers["X-4me-Delivery"], told.object_id) == ("by-the-shell", person["id"])
    assert (content["person_id"], content["person_nodeID"], content["person_name"]) == (None, None, None)


async def test_a_test_is_sent_also_to_a_webhook_that_is_disabled(office: Office) -> None:
    webhook_id = await office.registered(disabled=True)
    assert await office.api.call("POST", f"/webhooks/{webhook_id}/test") == (204, None)
    told = await office.receiver.next()
    assert (told.event, told.object_id, told.content["payload"]) == ("person.update", 12345, {})


async def test_a_receiver_that_is_not_there_is_a_failure(office: Office) -> None:
    person = await office.api.person()
    webhook_id = await office.registered()
    await office.receiver.stop()
    await office.rename(person["id"], "Ada Changed")
    await office.known_failures(webhook_id, "no connection")


async def test_a_directory_stops_while_a_receiver_hangs(office: Office) -> None:
    person = await office.api.person()
    await office.registered()
    gate = asyncio.Event()
    office.receiver.answers = [gate]
    await office.rename(person["id"], "Ada Changed")
    await office.receiver.next()
    await asyncio.wait_for(office.api.aclose(), SOON)
    gate.set()


async def test_nothing_of_anybody_is_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        person = await office.api.person("Ada Secret")
        webhook_id = await office.registered("place-that-is-secret")
        office.receiver.answers = [500, 500]
        await office.rename(person["id"], "Ada Secret-Changed")
        await office.receiver.next()
        await office.known_failures(webhook_id, "500 Internal Server Error")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("cti_lookup")]
    assert "secret" not in " ".join(ours).lower()
