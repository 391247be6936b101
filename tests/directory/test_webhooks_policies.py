"""Webhook policies: keys that are shown once, and messages signed with them."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.directory import webhook_office as offices
from tests.directory.conftest import Api
from tests.directory.webhook_office import Office

receiver = offices.receiver
office = offices.office

SECRET = "a-secret-of-the-tests-that-is-as-long-as-sixty-four-bytes-or-more"


async def made(api: Api, **fields: Any) -> Any:
    status, policy = await api.call("POST", "/webhook_policies", json=fields)
    assert status == 201
    return policy


async def faults(api: Api, method: str, path: str, **fields: Any) -> Any:
    status, answer = await api.call(method, path, json=fields)
    assert status == 422
    return answer["errors"]


async def test_a_policy_is_answered_with_its_public_key_once(api: Api) -> None:
    policy = await made(api, jwt_alg="rs256", jwt_audience="some audience", jwt_claim_expires_in="12")
    pem = policy.pop("public_key_pem")
    assert load_pem_public_key(pem.encode()).key_size == 2048  # type: ignore[union-attr]  # it is of RSA
    assert len(pem) <= 2048
    assert {name: policy[name] for name in policy if not name.endswith("_at")} == {
        "id": 1,
        "name": policy["name"],
        "disabled": False,
        "jwt_alg": "rs256",
        "jwt_audience": "some audience",
        "jwt_claim_expires_in": 12,
    }
    assert len(policy["name"]) == 56
    assert await api.get("/webhook_policies/1") == policy


async def test_a_shared_secret_is_given_or_made_and_shown_once(api: Api) -> None:
    given = await made(api, jwt_alg="hs512", secret=SECRET)
    made_up = await made(api, jwt_alg="hs512")
    assert (given["secret"], len(made_up["secret"])) == (SECRET, 64)
    assert "public_key_pem" not in given
    assert "secret" not in await api.get(f"/webhook_policies/{given['id']}")
    assert SECRET not in json.dumps(await api.get("/webhook_policies?fields=id,name,jwt_alg,jwt_audience"))


async def test_a_list_shows_policies_in_the_order_in_which_they_were_made(api: Api) -> None:
    policies = [await made(api, jwt_alg="es256", disabled=disabled) for disabled in (False, True, False)]
    listed = await api.get("/webhook_policies")
    assert [one["id"] for one in listed] == [1, 2, 3]
    assert set(listed[0]) == {"id", "name", "created_at", "updated_at"}
    assert [one["id"] for one in await api.get("/webhook_policies/enabled")] == [1, 3]
    assert [one["id"] for one in await api.get("/webhook_policies/disabled")] == [2]
    name = policies[1]["name"].upper()
    assert [one["id"] for one in await api.get(f"/webhook_policies?name={name}")] == [2]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("jwt_alg", {}),
        ("jwt_alg", {"jwt_alg": "RS256"}),
        ("jwt_alg", {"jwt_alg": "ps256"}),
        ("jwt_audience", {"jwt_alg": "none", "jwt_audience": "é" * 1025}),
        ("jwt_claim_expires_in", {"jwt_alg": "none", "jwt_claim_expires_in": 0}),
        ("jwt_claim_expires_in", {"jwt_alg": "none", "jwt_claim_expires_in": 1.5}),
        ("jwt_claim_expires_in", {"jwt_alg": "none", "jwt_claim_expires_in": True}),
        ("jwt_claim_expires_in", {"jwt_alg": "none", "jwt_claim_expires_in": 10**30}),
        ("secret", {"jwt_alg": "hs256", "secret": "x" * 31}),
        ("secret", {"jwt_alg": "hs512", "secret": "x" * 63}),
        ("secret", {"jwt_alg": "rs256", "secret": SECRET}),
    ],
)
async def test_a_value_that_is_not_acceptable_is_a_fault_of_its_field(
    api: Api, field: str, fields: dict[str, Any]
) -> None:
    assert [one[0] for one in await faults(api, "POST", "/webhook_policies", **fields)] == [field]


async def test_a_policy_changes_to_algorithms_that_its_key_fits(api: Api) -> None:
    policy = await made(api, jwt_alg="rs256")
    path = f"/webhook_policies/{policy['id']}"
    status, changed = await api.call("PATCH", path, json={"jwt_alg": "rs512", "jwt_claim_expires_in": 5})
    assert (status, changed["jwt_alg"], changed["jwt_claim_expires_in"]) == (200, "rs512", 5)
    assert changed["updated_at"] > policy["updated_at"]
    assert "public_key_pem" not in changed
    for other in ("es256", "hs256", "none"):
        assert [one[0] for one in await faults(api, "PATCH", path, jwt_alg=other)] == ["jwt_alg"]


async def test_a_short_secret_signs_with_no_longer_hash(api: Api) -> None:
    policy = await made(api, jwt_alg="hs256", secret="x" * 48)
    path = f"/webhook_policies/{policy['id']}"
    assert (await api.call("PATCH", path, json={"jwt_alg": "hs384"}))[0] == 200
    assert [one[0] for one in await faults(api, "PATCH", path, jwt_alg="hs512")] == ["jwt_alg"]


async def test_a_policy_is_deleted_only_when_no_webhook_would_send_without(api: Api) -> None:
    policy = await made(api, jwt_alg="es256")
    body = {
        "event": "person.update",
        "uri": "https://receiver.example/",
        "webhook_policy_id": policy["id"],
    }
    status, webhook = await api.call("POST", "/webhooks", json=body)
    assert (status, webhook["webhook_policy"]) == (200, {"id": policy["id"], "name": policy["name"]})
    path = f"/webhook_policies/{policy['id']}"
    assert [one[0] for one in await faults(api, "DELETE", path)] == ["base"]
    assert (await api.call("DELETE", f"/webhooks/{webhook['id']}"))[0] == 204
    assert await api.call("DELETE", path) == (204, None)
    assert await api.call("GET", path) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("written", ["number", "digits", "object"])
async def test_a_policy_may_be_named_as_an_answer_shows_it(api: Api, written: str) -> None:
    policy = await made(api, jwt_alg="es256")
    forms = {"number": policy["id"], "digits": str(policy["id"]), "object": {"id": policy["id"]}}
    body = {
        "event": "person.update",
        "uri": "https://receiver.example/",
        "webhook_policy": forms[written],
    }
    status, webhook = await api.call("POST", "/webhooks", json=body)
    assert (status, webhook["webhook_policy"]["id"]) == (200, policy["id"])


async def test_a_disabled_policy_is_kept_by_its_webhooks_and_taken_by_no_others(api: Api) -> None:
    policy = await made(api, jwt_alg="es256")
    body = {
        "event": "person.update",
        "uri": "https://receiver.example/",
        "webhook_policy_id": policy["id"],
    }
    _, webhook = await api.call("POST", "/webhooks", json=body)
    await api.call("PATCH", f"/webhook_policies/{policy['id']}", json={"disabled": True})
    status, kept = await api.call("PATCH", f"/webhooks/{webhook['id']}", json=body)
    assert (status, kept["webhook_policy"]["disabled"]) == (200, True)
    assert await faults(api, "POST", "/webhooks", **body) == [["webhook_policy_id", "is disabled"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "algorithm", ["hs256", "hs384", "hs512", "rs256", "rs384", "rs512", "es256", "es384", "es512"]
)
async def test_what_is_sent_is_signed_with_the_key_of_the_policy(office: Office, algorithm: str) -> None:
    policy = await made(office.api, jwt_alg=algorithm, jwt_audience="here", jwt_claim_expires_in=2)
    webhook_id = await office.registered(verified=False, webhook_policy_id=policy["id"])
    asked = await office.receiver.next()
    pem = policy.get("public_key_pem")
    key = load_pem_public_key(pem.encode()) if pem else policy["secret"]
    claims = asked.claims(key, algorithm.upper())
    now = int(office.clock.now.timestamp())
    assert len(claims.pop("jti")) == 36
    data = claims.pop("data")
    assert claims == {
        "sub": str(webhook_id),
        "iss": office.address,
        "iat": now,
        "nbf": now,
        "aud": "here",
        "exp": now + 120,
    }
    assert (data["event"], data["webhook_id"]) == ("webhook.verify", webhook_id)


@pytest.mark.slow
async def test_each_attempt_is_signed_anew(office: Office) -> None:
    policy = await made(office.api, jwt_alg="hs256", secret=SECRET)
    office.receiver.answers = [500]
    webhook_id = await office.registered(verified=False, webhook_policy_id=policy["id"])
    first = (await office.receiver.next()).claims(SECRET, "HS256")
    await office.known_failures(webhook_id, "500 Internal Server Error")
    office.pass_by(5)
    second = (await office.receiver.next()).claims(SECRET, "HS256")
    assert second["iat"] == first["iat"] + 5
    assert second["jti"] != first["jti"]
    assert second["data"] == first["data"]
    assert not {"aud", "exp"} & first.keys()


@pytest.mark.slow
async def test_none_signs_nothing(office: Office) -> None:
    policy = await made(office.api, jwt_alg="none")
    await office.registered(verified=False, webhook_policy_id=policy["id"])
    token = (await office.receiver.next()).content["jwt"]
    assert (token.count("."), token[-1]) == (2, ".")


async def test_a_key_stands_in_the_file_and_in_no_answer(api: Api, database: Path) -> None:
    policy = await made(api, jwt_alg="es256")
    with sqlite3.connect(database) as file:
        (secret,) = file.execute("SELECT secret FROM webhook_policies").fetchone()
    file.close()
    assert "PRIVATE KEY" in secret
    answers = [
        policy,
        await api.get("/webhook_policies/1"),
        (await api.call("PATCH", "/webhook_policies/1", json={}))[1],
    ]
    assert "PRIVATE" not in json.dumps(answers)
