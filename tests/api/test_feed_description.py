"""What goes over the stream is what the description of the feed says: recorded from a real one, event by event."""

import json
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from cti_lookup.web.openapi.document import encoded_openapi
from cti_lookup.web.openapi.feed_document import encoded_asyncapi
from tests.api.test_answers_as_described import closed
from tests.conftest import SettableClock
from tests.feed.desk import Event, events_in
from tests.feed.listening import Listener, bearer, listening, token_for, url_of
from tests.service.conftest import BEARER, Service

FEED: Final[Any] = json.loads(encoded_asyncapi())
MESSAGES: Final[dict[str, Any]] = FEED["components"]["messages"]
SCHEMAS: Final = FEED["components"]["schemas"]
STRICT: Final = {name: closed(one) for name, one in SCHEMAS.items()}


def faults(name: str, payload: object) -> list[str]:
    """Tell what is wrong with a message; what is not described is wrong too."""
    whole = {**MESSAGES[name]["payload"], "components": {"schemas": STRICT}}
    return [error.message for error in Draft202012Validator(whole).iter_errors(payload)]


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_every_reference_leads_somewhere() -> None:
    for place in references(FEED):
        node = FEED
        for part in place.removeprefix("#/").split("/"):
            node = node[part]


def test_schemas_are_the_same_in_both_descriptions() -> None:
    routes = json.loads(encoded_openapi())["components"]["schemas"]
    shared = SCHEMAS.keys() & routes.keys()

    assert {"LoggedCall", "Lookup", "Caller", "Person"} <= shared
    assert all(SCHEMAS[name] == routes[name] for name in shared)


def test_every_schema_of_the_feed_is_used() -> None:
    used = {place.rpartition("/")[2] for place in references(FEED) if "/schemas/" in place}
    assert used == set(SCHEMAS)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_is_as_its_schema_says(name: str) -> None:
    for one in MESSAGES[name]["examples"]:
        assert faults(name, one["payload"]) == []


async def test_recorded_events_are_as_described(service: Service, clock: SettableClock) -> None:
    await service.ring(callId="1", displayName="KUMAR A", queue="support", user=["1002", "1003"])
    token = await token_for(service, "1002", "1", expires_in=60)
    recorded: list[Event] = []
    async with listening(url_of(service), {**bearer(token["token"]), "Last-Event-ID": "of-another"}) as ada:
        recorded += await heard(ada, "calls")
        await service.ring(callId="2", **{"from": "anonymous", "to": "1002"})
        recorded += await heard(ada, "call")
        await service.ring(event="answer", callId="1", answeringNumber="1003")
        recorded += await heard(ada, "left")
        clock.pass_by(3600)
        recorded += events_in(await ada.end())

    assert {one.name for one in recorded} == set(MESSAGES)
    for one in recorded:
        assert faults(one.name, one.told) == []
        assert bool(one.id) == ("headers" in MESSAGES[one.name])


async def heard(listener: Listener, name: str) -> list[Event]:
    """Listen until an event of this name has come."""
    events = [await listener.next()]
    while events[-1].name != name:
        events.append(await listener.next())
    return events


async def test_to_a_machine_key_it_is_as_described_too(service: Service) -> None:
    async with listening(url_of(service), BEARER) as listener:
        hello = await listener.next()

    assert faults("hello", hello.told) == []
