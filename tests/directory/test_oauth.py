"""OAuth 2: tokens of an hour for applications."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import hdrs

from cti_lookup.directory import Administration, Grant, administer
from cti_lookup.directory.access.applications import Registered
from cti_lookup.directory.web.keys import DATABASE
from tests.directory.conftest import Api, StartDirectory

ASKED = "/sd?telephone=7139872967"
GRANT = "client_credentials"


async def registered(api: Api, administration: Administration, *scopes: str) -> Registered:
    """Register an application for an analyst."""
    person = await api.person("Application Owner")
    grant = Grant(str(person["id"]), "tests", ("service_desk_analyst",), scopes or ("person:R",))
    return administration.create_application(grant)


@pytest.fixture
async def application(api: Api, administration: Administration) -> Registered:
    return await registered(api, administration)


async def ask(api: Api, path: str = "/oauth/token", **options: Any) -> tuple[int, Any]:
    """Ask for a token, without showing one."""
    headers = {"Authorization": ""} | options.pop("headers", {})
    async with api.client.post(path, headers=headers, **options) as response:
        assert response.headers[hdrs.CACHE_CONTROL] == "no-store"
        return response.status, await response.json()


def parameters(application: Registered, **others: str) -> dict[str, str]:
    ours = {"client_id": application.client_id, "client_secret": application.secret}
    return {"grant_type": GRANT} | ours | others


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


@pytest.mark.parametrize("path", ["/oauth/token", "/token", "/token/", "/oauth/token.json"])
async def test_a_form_is_answered_with_a_token_of_an_hour(
    api: Api, application: Registered, path: str
) -> None:
    status, answer = await ask(api, path, data=parameters(application))
    assert (status, answer.keys()) == (200, {"access_token", "token_type", "expires_in"})
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert await api.call_with(answer["access_token"], "GET", ASKED) == (200, [])


async def test_json_is_understood_too(api: Api, application: Registered) -> None:
    status, answer = await ask(api, json=parameters(application))
    assert status == 200
    assert await api.call_with(answer["access_token"], "GET", ASKED) == (200, [])


async def test_a_client_may_name_itself_in_the_header(api: Api, application: Registered) -> None:
    headers = basic(application.client_id, application.secret)
    status, answer = await ask(api, data={"grant_type": GRANT}, headers=headers)
    assert status == 200
    assert await api.call_with(answer["access_token"], "GET", ASKED) == (200, [])


async def test_each_token_is_another_and_all_of_them_are_good(api: Api, application: Registered) -> None:
    answers = await asyncio.gather(*(ask(api, data=parameters(application)) for _ in range(10)))
    tokens = {answer["access_token"] for _, answer in answers}
    assert len(tokens) == 10
    assert {(await api.call_with(token, "GET", ASKED))[0] for token in tokens} == {200}


async def test_the_scopes_that_were_granted_are_told_to_who_asks_for_some(
    api: Api, application: Registered
) -> None:
    _, answer = await ask(api, data=parameters(application, scope="*:*"))
    assert answer["scope"] == "person:read"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda sent: sent.pop("grant_type"), "invalid_request"),
        (lambda sent: sent.update(grant_type=""), "invalid_request"),
        (lambda sent: sent.update(grant_type="password"), "unsupported_grant_type"),
        (lambda sent: sent.pop("client_id"), "invalid_request"),
        (lambda sent: sent.pop("client_secret"), "invalid_request"),
        (lambda sent: sent.update(client_secret="wrong"), "invalid_client"),
        (lambda sent: sent.update(client_secret="\udcff\x00"), "invalid_client"),
        (lambda sent: sent.update(client_id="nobody"), "invalid_client"),
        (lambda sent: sent.update(client_id="' OR 1=1 --\x00%"), "invalid_client"),
    ],
)
async def test_what_is_wrong_is_said_in_the_words_of_the_standard(
    api: Api, application: Registered, change: Callable[[dict[str, str]], object], error: str
) -> None:
    sent = parameters(application)
    change(sent)
    for options in ({"data": _form(sent)}, {"data": json.dumps(sent), "headers": _JSON}):
        status, answer = await ask(api, **options)
        assert (status, answer["error"]) == (400, error)
        assert answer["error_description"]


_JSON = {hdrs.CONTENT_TYPE: "application/json"}


def _form(sent: dict[str, str]) -> dict[str, str]:
    return {name: value.encode("utf-8", "replace").decode() for name, value in sent.items()}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"grant_type": 1}', "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 100), "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials", "nonsense"),
    ],
)
async def test_what_is_no_request_for_a_token_is_refused(api: Api, body: bytes, content_type: str) -> None:
    status, answer = await ask(api, data=body, headers={hdrs.CONTENT_TYPE: content_type})
    assert (status, answer["error"]) == (400, "invalid_request")


async def test_parameters_in_the_url_are_refused(api: Api, application: Registered) -> None:
    sent = parameters(application)
    secret = sent.pop("client_secret")
    for query, body in (({"client_secret": secret}, sent), (parameters(application), {})):
        status, answer = await ask(api, params=query, data=body)
        assert (status, answer["error"]) == (400, "invalid_request")


async def test_a_client_that_names_itself_wrongly_in_the_header_is_told_how_to(
    api: Api, application: Registered
) -> None:
    for headers in (basic(application.client_id, "wrong"), {"Authorization": "Basic !"}):
        async with api.client.post("/token", data={"grant_type": GRANT}, headers=headers) as response:
            assert (response.status, response.headers[hdrs.WWW_AUTHENTICATE]) == (401, "Basic")
            assert (await response.json())["error"] == "invalid_client"


async def test_a_client_names_itself_once(api: Api, application: Registered) -> None:
    headers = basic(application.client_id, application.secret)
    status, answer = await ask(api, data=parameters(application), headers=headers)
    assert (status, answer["error"]) == (400, "invalid_request")


async def test_id_and_secret_are_no_token(api: Api, application: Registered) -> None:
    for token in (application.secret, application.client_id):
        assert (await api.call_with(token, "GET", ASKED))[0] == 401


async def test_the_tokens_of_an_application_end_with_it(
    api: Api, administration: Administration, application: Registered
) -> None:
    _, answer = await ask(api, data=parameters(application))
    assert (await api.call_with(answer["access_token"], "GET", ASKED))[0] == 200
    administration.revoke_application(application.id)
    deadline = time.monotonic() + 15
    while (await api.call_with(answer["access_token"], "GET", ASKED))[0] != 401:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    status, refused = await ask(api, data=parameters(application))
    assert (status, refused["error"]) == (400, "invalid_client")


async def test_an_access_token_ends_after_an_hour_and_is_swept(start: StartDirectory, database: Path) -> None:
    now = datetime.now(UTC)
    times = [now]
    api = await start(clock=lambda: times[-1])
    with administer(database, lambda: now) as administration:
        application = await registered(api, administration)
    _, answer = await ask(api, data=parameters(application))
    times.append(now + timedelta(seconds=3590))
    assert (await api.call_with(answer["access_token"], "GET", ASKED))[0] == 200
    times.append(now + timedelta(seconds=3601))
    assert (await api.call_with(answer["access_token"], "GET", ASKED))[0] == 401
    await ask(api, data=parameters(application))
    assert await _tokens(api) == 1


async def _tokens(api: Api) -> int:
    counted: int = await api.app[DATABASE].read(
        lambda connection: int(connection.execute("SELECT count(*) FROM tokens").fetchone()[0])
    )
    return counted


async def test_access_tokens_are_not_listed_among_those_of_people(
    api: Api, administration: Administration, application: Registered
) -> None:
    await ask(api, data=parameters(application))
    assert administration.tokens() == ()
    (listed,) = administration.applications()
    assert (listed.client_id, listed.revoked_at) == (application.client_id, None)


@pytest.mark.parametrize("path", ["/introspect", "/oauth/introspect"])
async def test_a_token_may_ask_what_it_may_do(api: Api, administration: Administration, path: str) -> None:
    application = await registered(api, administration, "person:R", "organization:*")
    _, answer = await ask(api, data=parameters(application))
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    async with api.client.get(path, headers=headers) as response:
        assert (response.status, await response.json()) == (
            200,
            {"scopes": ["organization:*", "person:read"]},
        )
    async with api.client.get(path, headers={"Authorization": "Bearer wrong"}) as response:
        assert response.status == 401


async def test_no_secret_is_kept_or_shown(
    api: Api, administration: Administration, application: Registered, database: Path
) -> None:
    _, answer = await ask(api, data=parameters(application))
    assert application.secret not in repr(application)
    await api.aclose()
    kept = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert application.client_id.encode() in kept
    assert application.secret[5:].encode() not in kept
    assert answer["access_token"][5:].encode() not in kept
    assert administration.applications()
