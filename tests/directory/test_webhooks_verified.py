"""A webhook is told nothing before its receiver has called back with the code that it was sent."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.directory import webhook_office as offices
from tests.directory.conftest import StartDirectory
from tests.directory.webhook_office import Office
from tests.directory.webhook_receiver import Receiver, SettableClock

pytestmark = pytest.mark.slow

receiver = offices.receiver
office = offices.office


async def called_back(address: str, method: str = "GET") -> tuple[int, str]:
    """Call an address as somebody who knows no token."""
    async with ClientSession() as stranger, stranger.request(method, address) as answer:
        return answer.status, await answer.text()


async def changed(office: Office, webhook_id: int, **fields: Any) -> Any:
    status, webhook = await office.api.call("PATCH", f"/webhooks/{webhook_id}", json=fields)
    assert status == 200
    return webhook


async def test_the_first_call_asks_to_be_called_back_within_a_day(office: Office) -> None:
    webhook_id = await office.registered(verified=False)
    asked = await office.receiver.next()
    content, expires_at = asked.content, int(office.clock.now.timestamp()) + 86400
    assert (content["event"], content["object_id"]) == ("webhook.verify", webhook_id)
    assert content["webhook_nodeID"] == content["object_nodeID"]
    assert re.fullmatch(
        rf"{office.address}/webhooks/{webhook_id}/verify\?code=[A-Za-z0-9_-]{{32}}&expires_at={expires_at}",
        content["payload"]["callback"],
    )
    assert f"<{office.address}/v1/webhooks/{webhook_id}>" in asked.headers["Link"]


async def test_until_it_is_called_back_nothing_else_is_sent(office: Office) -> None:
    first, second = await office.api.person(), await office.api.person("Bo Example")
    webhook_id = await office.registered(verified=False)
    asked = await office.receiver.next()
    await office.rename(first["id"], "Ada Changed")
    assert (await office.webhook(webhook_id))["verified"] is False
    assert await called_back(asked.content["payload"]["callback"]) == (200, "Verification successful")
    assert (await office.webhook(webhook_id))["verified"] is True
    await office.rename(second["id"], "Bo Changed")
    assert (await office.receiver.next()).object_id == second["id"]


async def test_a_receiver_may_call_back_with_either_method_and_more_than_once(office: Office) -> None:
    await office.registered(verified=False)
    callback = (await office.receiver.next()).content["payload"]["callback"]
    assert [(await called_back(callback, method))[0] for method in ("POST", "GET", "GET")] == [200, 200, 200]


async def test_another_code_verifies_nothing(office: Office) -> None:
    webhook_id = await office.registered(verified=False)
    callback = (await office.receiver.next()).content["payload"]["callback"]
    other = await office.registered("other", verified=False)
    strange = [
        re.sub("code=[^&]+", "code=", callback),
        re.sub("code=[^&]+", "code=" + "A" * 32, callback),
        re.sub("code=[^&]+", "code=%FF%00", callback),
        callback.partition("?")[0],
        callback.replace(f"/{webhook_id}/", f"/{other}/"),
        callback.replace(f"/{webhook_id}/", "/999/"),
        callback.replace(f"/{webhook_id}/", "/none/"),
    ]
    assert [(await called_back(one))[0] for one in strange] == [404] * len(strange)
    assert (await office.webhook(webhook_id))["verified"] is False


async def test_a_code_is_worth_nothing_after_a_day(office: Office) -> None:
    webhook_id = await office.registered(verified=False)
    callback = (await office.receiver.next()).content["payload"]["callback"]
    office.clock.pass_by(86401)
    assert (await called_back(callback))[0] == 404
    assert (await office.webhook(webhook_id))["verified"] is False


async def test_any_change_of_an_unverified_webhook_asks_anew_and_the_former_code_is_dead(
    office: Office,
) -> None:
    webhook_id = await office.registered(verified=False)
    former = (await office.receiver.next()).content["payload"]["callback"]
    await changed(office, webhook_id, description="Empties a cache.")
    latter = (await office.receiver.next()).content["payload"]["callback"]
    assert [(await called_back(one))[0] for one in (former, latter)] == [404, 200]


async def test_another_uri_has_to_be_verified_and_another_name_has_not(office: Office) -> None:
    webhook_id = await office.registered()
    assert (await changed(office, webhook_id, name="Cache bust"))["verified"] is True
    assert (await changed(office, webhook_id, uri=office.receiver.uri("moved")))["verified"] is False
    assert (await office.receiver.verify()).path == "/moved"
    assert (await office.webhook(webhook_id))["verified"] is True


async def test_a_uri_that_is_verified_already_is_not_asked_again(office: Office) -> None:
    await office.registered()
    webhook_id = await office.registered(verified=False, event="person.create")
    assert (await office.webhook(webhook_id))["verified"] is True
    person = await office.api.person()
    told = await office.receiver.next()
    assert (told.event, told.object_id) == ("person.create", person["id"])


async def test_a_verification_that_did_not_arrive_is_repeated_with_the_same_code(office: Office) -> None:
    office.receiver.answers = [500]
    webhook_id = await office.registered(verified=False)
    first = await office.receiver.next()
    await office.known_failures(webhook_id, "500 Internal Server Error")
    office.pass_by(5)
    repeated = await office.receiver.verify()
    assert repeated.content["payload"] == first.content["payload"]


async def test_the_code_stands_nowhere_in_the_file_once_it_is_delivered(
    office: Office, database: Path
) -> None:
    webhook_id = await office.registered()
    with sqlite3.connect(database) as file:
        (kept,) = file.execute(
            "SELECT verification_hash FROM webhooks WHERE id = ?", (webhook_id,)
        ).fetchone()
        waiting = file.execute("SELECT count(*) FROM deliveries").fetchone()
    file.close()
    assert (len(kept), waiting) == (32, (0,))


async def test_a_public_address_is_where_receivers_call_back(
    start: StartDirectory, receiver: Receiver
) -> None:
    clock = SettableClock()
    api = await start(clock=clock, public_url="https://directory.example/")
    office = Office(api, receiver, clock)
    await office.registered(verified=False)
    content = (await receiver.next()).content
    assert content["account"] == "https://directory.example"
    assert content["payload"]["callback"].startswith("https://directory.example/webhooks/1/verify?code=")
