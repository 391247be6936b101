"""Webhooks over HTTP: registered, listed, changed and deleted, and what is wrong with a body."""

from typing import Any

import pytest

from cti_lookup.directory import Administration, Grant
from tests.directory.conftest import Api

URI = "https://receiver.example/hook"
UNKNOWN = [("webhooks", "/test"), ("webhooks", ""), ("webhook_policies", "")]


async def registered(api: Api, **fields: Any) -> Any:
    status, webhook = await api.call(
        "POST", "/webhooks", json={"event": "person.update", "uri": URI, **fields}
    )
    assert status == 200
    return webhook


async def faults(api: Api, **fields: Any) -> Any:
    body = {"event": "person.update", "uri": URI, **fields}
    status, answer = await api.call("POST", "/webhooks", json=body)
    assert (status, answer["message"]) == (422, "Validation Failed")
    return answer["errors"]


async def test_a_webhook_is_answered_with_all_fields_and_named_after_its_event(api: Api) -> None:
    webhook = await registered(api)
    times = (webhook.pop("created_at"), webhook.pop("updated_at"))
    assert times[0] == times[1]
    assert webhook == {
        "id": 1,
        "name": "person.update",
        "event": "person.update",
        "uri": URI,
        "description": None,
        "disabled": False,
        "verified": False,
        "last_error": None,
        "mail_exceptions_to": None,
        "webhook_policy": None,
        "source": None,
        "sourceID": None,
    }


async def test_what_is_registered_can_be_read_and_changed_and_deleted(api: Api) -> None:
    fields = {
        "name": "Problem Update",
        "description": "Adds a note to the requests of a problem.",
        "mail_exceptions_to": "one@people.example, two@people.example",
        "source": "script",
        "sourceID": "7",
        "disabled": "true",
    }
    webhook = await registered(api, event="problem.update", **fields)
    path = f"/webhooks/{webhook['id']}"
    assert webhook["disabled"] is True
    assert webhook["mail_exceptions_to"] == "one@people.example,two@people.example"
    assert await api.get(path) == webhook
    for method in ("PATCH", "PUT"):
        status, changed = await api.call(method, path, json={"name": None, "description": method})
        assert (status, changed["name"], changed["description"]) == (200, "problem.update", method)
        assert changed["updated_at"] > webhook["updated_at"]
    assert await api.call("DELETE", path) == (204, None)
    assert await api.call("GET", path) == (404, {"message": "Not Found"})


async def test_what_a_client_read_it_can_send_back(api: Api) -> None:
    webhook = await registered(api)
    status, same = await api.call("PATCH", f"/webhooks/{webhook['id']}", json=webhook)
    assert (status, same) == (200, webhook)


async def test_a_list_shows_the_documented_fields(api: Api) -> None:
    await registered(api, name="B", disabled=True)
    await registered(api, name="A", event="request.team-changed")
    listed = await api.get("/webhooks")
    assert [(one["id"], one["name"], one.get("disabled")) for one in listed] == [
        (2, "A", None),
        (1, "B", True),
    ]
    assert set(listed[0]) == {"id", "name", "event", "uri", "created_at", "updated_at"}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/webhooks/enabled", ["A", "C"]),
        ("/webhooks/disabled", ["B"]),
        ("/webhooks?disabled=true", ["B"]),
        ("/webhooks?event=person.create", ["C"]),
        ("/webhooks?sort=-name&per_page=2", ["C", "B"]),
    ],
)
async def test_a_list_is_filtered_sorted_and_paginated_as_any(api: Api, path: str, names: list[str]) -> None:
    await registered(api, name="A")
    await registered(api, name="B", disabled=True)
    await registered(api, name="C", event="person.create")
    assert [one["name"] for one in await api.get(path)] == names


@pytest.mark.parametrize("field", ["uri", "mail_exceptions_to", "description"])
async def test_a_list_is_not_filtered_by_what_may_be_a_secret(api: Api, field: str) -> None:
    status, answer = await api.call("GET", "/webhooks", params={field: "x"})
    assert (status, answer["message"]) == (400, f"Filtering not allowed on fields: {field}")


async def test_every_fault_of_a_body_is_told_at_once(api: Api) -> None:
    status, answer = await api.call("POST", "/webhooks", json={"name": "x" * 129, "webhook_policy_id": 9})
    assert status == 422
    assert answer["errors"] == [
        ["event", "can't be blank"],
        ["uri", "can't be blank"],
        ["name", "is too long (maximum is 128 characters)"],
        ["webhook_policy_id", "must exist"],
    ]


@pytest.mark.parametrize(
    "uri",
    [
        "",
        None,
        7,
        "receiver.example/hook",
        "ftp://receiver.example/hook",
        "javascript:alert(1)",
        "https://",
        "https:///hook",
        "https://receiver.example:0/",
        "https://receiver.example:99999/",
        "https://receiver.example/#part",
        "https://receiver.example/a b",
        "https://receiver.example/\r\nX-Header: 1",
        "https://receiver.example\\@evil.example/",
        "https://[::1/",
        "https://receiver.example/é",
        "https://receiver.example/" + "x" * 2048,
        "https://user:password@receiver.example/",
        "https://user@receiver.example/",
    ],
)
async def test_a_uri_is_one_of_http_without_credentials(api: Api, uri: Any) -> None:
    ((field, _),) = await faults(api, uri=uri)
    assert field == "uri"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:8080/hook?token=a%2Bb&c=d",
        "http://[::1]:8080",
        "https://receiver",
        "HTTPS://receiver.example/",
    ],
)
async def test_a_uri_may_be_on_the_premises_and_hold_parameters(api: Api, uri: str) -> None:
    assert (await registered(api, uri=uri))["uri"] == uri


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "person.explode"),
        ("event", "webhook.verify"),
        ("event", ["person.update"]),
        ("mail_exceptions_to", "nobody"),
        ("mail_exceptions_to", "a@b.example,,c@d.example"),
        ("source", "x" * 31),
        ("sourceID", "x" * 129),
        ("description", "x" * 65537),
        ("disabled", []),
        ("webhook_policy_id", "none"),
        ("webhook_policy_id", 1),
        ("openid_connect_discovery", True),
    ],
)
async def test_a_value_that_is_not_acceptable_is_a_fault_of_its_field(
    api: Api, field: str, value: Any
) -> None:
    assert [one[0] for one in await faults(api, **{field: value})] == [field]


async def test_a_field_that_there_is_not_is_refused(api: Api) -> None:
    body = {"event": "person.update", "uri": URI, "secret_key": "x"}
    assert await api.call("POST", "/webhooks", json=body) == (
        400,
        {"message": "Unknown fields: secret_key"},
    )


@pytest.mark.parametrize(("collection", "behind"), UNKNOWN)
@pytest.mark.parametrize("record_id", ["999", "none", "0", "-1", "9" * 30])
async def test_what_is_nobodys_id_is_not_found(
    api: Api, collection: str, behind: str, record_id: str
) -> None:
    method = "POST" if behind else "PATCH"
    path = f"/{collection}/{record_id}{behind}"
    assert await api.call(method, path, json={}) == (404, {"message": "Not Found"})


READER, ADMINISTRATOR = ("auditor",), ("account_administrator",)


@pytest.mark.parametrize(
    ("roles", "scopes", "status"),
    [
        (ADMINISTRATOR, ("webhook:*",), 200),
        (("directory_administrator",), ("webhook:read",), 200),
        (READER, ("*:*",), 403),
        (("service_desk_analyst", "account_designer"), ("*:*",), 403),
        (ADMINISTRATOR, ("person:*", "webhook:create"), 403),
    ],
)
async def test_webhooks_are_the_affair_of_administrators_with_the_scope(
    api: Api, administration: Administration, roles: tuple[str, ...], scopes: tuple[str, ...], status: int
) -> None:
    person = await api.person()
    grant = Grant(str(person["id"]), "a-token", roles, scopes)
    token = administration.create_token(grant).secret
    await registered(api)
    for path in ("/webhooks", "/webhooks/1"):
        assert (await api.call_with(token, "GET", path))[0] == status
    assert (await api.call_with(token, "GET", "/webhook_policies"))[0] == 403


async def test_a_webhook_is_seen_by_its_own_account_only(api: Api, administration: Administration) -> None:
    administration.create_account("above", "Above", "widget")
    await registered(api)
    elsewhere = {"X-4me-Account": "above"}
    assert await api.get("/webhooks", headers=elsewhere) == []
    assert (await api.call("GET", "/webhooks/1", headers=elsewhere))[0] == 404
    body = {"event": "person.update", "uri": URI}
    assert (await api.call("POST", "/webhooks", json=body, headers=elsewhere))[0] == 200
    assert [one["id"] for one in await api.get("/webhooks")] == [1]
