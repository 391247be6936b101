"""Records of an account and of the directory account behind it."""

import sqlite3
from pathlib import Path

import pytest

from tests.directory.conftest import Api


@pytest.fixture
async def two(api: Api, database: Path) -> Api:
    """Return a directory with a person in its account, and one in the directory account behind that."""
    await api.person("Support")
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("INSERT INTO accounts (id, name) VALUES ('deep', 'Deep'), ('other', 'Other')")
    connection.execute("UPDATE accounts SET directory_id = 'deep' WHERE id = 'widget'")
    connection.close()
    for account, name in (("deep", "Directory"), ("other", "Stranger")):
        body = {"name": name, "primary_email": f"{name}@people.example"}
        async with api.client.post("/v1/people", json=body, headers={"X-4me-Account": account}) as response:
            assert response.status == 201
    return api


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/people", ["Directory", "Support"]),
        ("/people/directory", ["Directory"]),
        ("/people/support_domain", ["Support"]),
    ],
)
async def test_a_list_holds_the_account_and_its_directory_account(
    two: Api, path: str, found: list[str]
) -> None:
    assert [person["name"] for person in await two.get(path)] == found


async def test_a_record_of_another_account_than_the_readers_shows_it(two: Api) -> None:
    directory, support = await two.get("/people")
    assert directory["account"] == {"id": "deep", "name": "Deep"}
    assert "account" not in support
    assert (await two.get(f"/people/{directory['id']}"))["account"] == directory["account"]
    (only,) = await two.get("/people/directory?fields=name")
    assert only == {"id": directory["id"], "name": "Directory", "account": directory["account"]}


async def test_a_reference_to_another_account_shows_it_too(two: Api) -> None:
    directory, support = await two.get("/people")
    _, changed = await two.call("PATCH", f"/people/{support['id']}", json={"manager_id": directory["id"]})
    manager = {"id": directory["id"], "name": "Directory", "account": {"id": "deep", "name": "Deep"}}
    assert changed["manager"] == manager
    (listed,) = await two.get("/people/support_domain")
    assert listed["manager"] == manager


async def test_records_of_an_unrelated_account_are_not_there(two: Api) -> None:
    async with two.client.get("/v1/people", headers={"X-R-Service-Account": "other"}) as response:
        (stranger,) = await response.json()
    path = f"/people/{stranger['id']}"
    for method in ("GET", "PATCH"):
        assert await two.call(method, path, json={"vip": True}) == (404, {"message": "Not Found"})
    support = (await two.get("/people/support_domain"))[0]
    status, content = await two.call("PATCH", f"/people/{support['id']}", json={"manager_id": stranger["id"]})
    assert (status, content["errors"]) == (422, [["manager_id", "must exist"]])


async def test_an_address_is_unique_in_its_account_only(two: Api) -> None:
    body = {"name": "Other", "primary_email": "SUPPORT@people.example"}
    assert (await two.call("POST", "/people", json=body))[0] == 422
    async with two.client.post("/v1/people", json=body, headers={"X-4me-Account": "deep"}) as response:
        assert response.status == 201
