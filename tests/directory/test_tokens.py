"""Tokens of people: what they may do, in which account, and how they end."""

import asyncio
import base64
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.directory import Administration, Grant, administer
from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.access.scopes import read_roles, read_scopes
from cti_lookup.directory.errors import DirectoryError, DirectoryStoreError, UnusableValueError
from tests.directory.conftest import Api, StartDirectory

UNAUTHORIZED = (401, {"message": "Unauthorized"})
FORBIDDEN = (403, {"message": "Forbidden"})
ANALYST = "service_desk_analyst"
ASKED = "/sd?telephone=7139872967"


async def granted(api: Api, administration: Administration, *roles: str, scope: str = "person:R") -> str:
    """Make a person with a token that has roles and a scope."""
    person = await api.person("Token Holder")
    return administration.create_token(Grant(str(person["id"]), "tests", roles, (scope,))).secret


async def await_answer(api: Api, token: str, path: str, wanted: tuple[int, Any]) -> None:
    """Ask until the answer is the wanted one; that takes a second at most, and longer on a machine that is busy."""
    deadline = time.monotonic() + 15
    while (answer := await api.call_with(token, "GET", path)) != wanted:
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.05)


async def test_a_token_of_an_analyst_may_ask_who_is_calling(api: Api, administration: Administration) -> None:
    token = await granted(api, administration, ANALYST)
    assert await api.call_with(token, "GET", ASKED) == (200, [])


@pytest.mark.parametrize(
    ("role", "scope"), [("auditor", "person:R"), (ANALYST, "person:C"), (ANALYST, "site:*")]
)
async def test_without_the_role_or_the_scope_nobody_may(
    api: Api, administration: Administration, role: str, scope: str
) -> None:
    token = await granted(api, administration, role, scope=scope)
    assert await api.call_with(token, "GET", ASKED) == FORBIDDEN


async def test_the_owner_of_a_token_is_me(api: Api, administration: Administration) -> None:
    token = await granted(api, administration, ANALYST)
    status, me = await api.call_with(token, "GET", "/people/me")
    assert (status, me["name"]) == (200, "Token Holder")
    assert "account" not in me


async def test_the_programs_own_token_is_of_somebody_whom_no_list_shows(api: Api) -> None:
    me = await api.get("/people/me")
    assert me["account"]["id"] == "cti-lookup-directory"
    assert await api.get("/people") == []


async def test_tokens_of_old_come_as_the_name_of_a_user(api: Api, administration: Administration) -> None:
    token = await granted(api, administration, ANALYST)
    for credentials, status in ((f"{token}:x", 200), (f"{token}x:x", 401), (token, 401), (":", 401)):
        header = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        assert (await api.call("GET", ASKED, headers={"Authorization": header}))[0] == status


async def test_the_file_holds_no_token(api: Api, administration: Administration, database: Path) -> None:
    token = await granted(api, administration, ANALYST)
    assert token.startswith("rsd_")
    await api.aclose()
    kept = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"service_desk_analyst" in kept
    assert token.encode() not in kept
    assert token[4:].encode() not in kept
    assert token not in repr(administration.tokens())


async def test_a_token_that_is_revoked_by_another_program_ends_within_a_second(
    api: Api, administration: Administration
) -> None:
    token = await granted(api, administration, ANALYST)
    assert (await api.call_with(token, "GET", ASKED))[0] == 200
    administration.revoke_token(administration.tokens()[0].id)
    await await_answer(api, token, ASKED, UNAUTHORIZED)


async def test_a_token_of_a_person_who_is_disabled_or_erased_ends_too(
    api: Api, administration: Administration
) -> None:
    token = await granted(api, administration, ANALYST)
    _, me = await api.call_with(token, "GET", "/people/me")
    await api.call("PATCH", f"/people/{me['id']}", json={"disabled": True})
    await await_answer(api, token, ASKED, UNAUTHORIZED)
    await api.call("PATCH", f"/people/{me['id']}", json={"disabled": False})
    await await_answer(api, token, ASKED, (200, []))
    await api.call("DELETE", f"/people/{me['id']}")
    await await_answer(api, token, ASKED, UNAUTHORIZED)


async def test_a_token_ends_when_its_time_has_come(start: StartDirectory, database: Path) -> None:
    now = datetime.now(UTC)
    times = [now]
    api = await start(clock=lambda: times[-1])
    person = await api.person()
    with administer(database, lambda: now) as file:
        grant = Grant(str(person["id"]), "tests", (ANALYST,), expires_at=now + timedelta(minutes=10))
        token = file.create_token(grant).secret
    times.append(now + timedelta(minutes=9))
    assert (await api.call_with(token, "GET", ASKED))[0] == 200
    times.append(now + timedelta(minutes=11))
    assert await api.call_with(token, "GET", ASKED) == UNAUTHORIZED


class TestAccounts:
    HEADERS = ("X-4me-Account", "x-r-service-account", "X-Xurrent-Account", "X-ITRP-Account")

    async def account_of_a_new_person(self, api: Api, **headers: str) -> str:
        """Make a person in the addressed account, and return which that is."""
        body = {"name": "Ada Example", "primary_email": "ada@people.example"}
        status, person = await api.call("POST", "/people", json=body, headers=headers)
        assert status == 201
        return str(person.get("account", {"id": "widget"})["id"])

    @pytest.mark.parametrize("header", HEADERS)
    async def test_a_header_of_any_name_addresses_an_account(
        self, api: Api, administration: Administration, header: str
    ) -> None:
        administration.create_account("gadget", "Gadget", None)
        assert await self.account_of_a_new_person(api, **{header: "gadget"}) == "gadget"

    @pytest.mark.parametrize("account", ["widget", "unknown", "", "cti-lookup-directory", "w" * 1000])
    async def test_any_other_addresses_the_account_of_the_owner(self, api: Api, account: str) -> None:
        headers = {"X-4me-Account": account} if account else {}
        assert await self.account_of_a_new_person(api, **headers) == "widget"

    async def test_an_account_in_which_its_owner_has_no_role_is_closed_to_a_token(
        self, api: Api, administration: Administration
    ) -> None:
        token = await granted(api, administration, ANALYST)
        administration.create_account("gadget", "Gadget", None)
        headers = {"Authorization": f"Bearer {token}", "X-4me-Account": "gadget"}
        deadline = time.monotonic() + 15
        while await api.call("GET", ASKED, headers=headers) != FORBIDDEN:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    async def test_a_role_in_another_account_opens_that_account_and_counts_there_only(
        self, api: Api, administration: Administration
    ) -> None:
        person = await api.person("Token Holder")
        administration.create_account("gadget", "Gadget", None)
        grant = Grant(str(person["id"]), "tests", (ANALYST,), ("person:R",), account="gadget")
        token = administration.create_token(grant).secret
        assert await api.call_with(token, "GET", ASKED) == FORBIDDEN
        headers = {"Authorization": f"Bearer {token}", "X-4me-Account": "gadget"}
        assert await api.call("GET", ASKED, headers=headers) == (200, [])

    async def test_people_of_the_directory_account_are_seen_through_its_support_domain(
        self, api: Api, administration: Administration
    ) -> None:
        administration.create_account("company", "Company", "widget")
        await self.account_of_a_new_person(api, **{"X-4me-Account": "company"})
        deadline = time.monotonic() + 15
        while not (people := await api.get("/people")):
            assert time.monotonic() < deadline
        assert [one["account"] for one in people] == [{"id": "company", "name": "Company"}]

    async def test_a_new_file_has_the_account_it_was_given(
        self, start: StartDirectory, database: Path
    ) -> None:
        api = await start(account="acme", account_name="Acme")
        await api.aclose()
        with administer(database, lambda: datetime.now(UTC)) as file:
            assert [(one.id, one.name) for one in file.accounts()] == [("acme", "Acme")]

    async def test_a_file_of_another_account_is_not_opened_under_a_wrong_name(
        self, start: StartDirectory
    ) -> None:
        await (await start()).aclose()
        with pytest.raises(DirectoryStoreError, match="'widget'"):
            await start(account="acme")

    @pytest.mark.parametrize("account", ["", " ", "a b", "ä", "-a", "a" * 65, "a\n", "a,b"])
    async def test_what_cannot_stand_in_a_header_is_no_id_of_an_account(
        self, administration: Administration, account: str
    ) -> None:
        with pytest.raises(UnusableValueError):
            administration.create_account(account, "Name", None)

    async def test_an_account_has_one_directory_account_and_its_id_for_itself(
        self, administration: Administration
    ) -> None:
        administration.create_account("company", "Company", "widget")
        for account, behind in (
            ("other", "widget"),
            ("third", "nobody"),
            ("company", None),
            ("widget", None),
        ):
            with pytest.raises(UnusableValueError):
                administration.create_account(account, "Name", behind)
        assert [one.directory_id for one in administration.accounts()] == ["company", None]


class TestMaking:
    async def test_a_person_is_named_by_id_or_by_address_in_any_letter_case(
        self, api: Api, administration: Administration
    ) -> None:
        person = await api.person("Token Holder")
        for name in (str(person["id"]), "Token.Holder@people.example", "token.holder@PEOPLE.example"):
            administration.create_token(Grant(name, "tests", (ANALYST,)))
        assert {one.person_id for one in administration.tokens()} == {person["id"]}

    async def test_without_roles_a_token_has_those_of_the_person(
        self, api: Api, administration: Administration
    ) -> None:
        person = await api.person("Token Holder")
        with pytest.raises(UnusableValueError, match="no role"):
            administration.create_token(Grant(str(person["id"]), "tests"))
        administration.create_token(Grant(str(person["id"]), "tests", ("auditor", "specialist")))
        administration.create_token(Grant(str(person["id"]), "tests"))
        assert [sorted(one.roles) for one in administration.tokens()] == [["auditor", "specialist"]] * 2

    async def test_a_role_that_was_granted_is_the_persons(
        self, api: Api, administration: Administration
    ) -> None:
        person = await api.person("Token Holder")
        administration.create_token(Grant(str(person["id"]), "tests", ("auditor",)))
        people = await api.get("/people?roles=auditor")
        assert [one["id"] for one in people] == [person["id"]]

    @pytest.mark.parametrize("person", ["999", "nobody@people.example", "", "0", "9" * 40])
    async def test_nobody_has_no_token(self, administration: Administration, person: str) -> None:
        with pytest.raises(UnusableValueError, match="no such person"):
            administration.create_token(Grant(person, "tests", (ANALYST,)))

    async def test_what_makes_no_sense_is_refused_and_makes_nothing(
        self, api: Api, administration: Administration
    ) -> None:
        person = str((await api.person("Token Holder"))["id"])
        past = datetime.now(UTC) - timedelta(seconds=1)
        for grant in (
            Grant(person, "tests", ("king",)),
            Grant(person, "tests", (ANALYST,), ("person",)),
            Grant(person, "tests", (ANALYST,), account="unknown"),
            Grant(person, "tests", (ANALYST,), expires_at=past),
            Grant(person, "a\x1bname", (ANALYST,)),
        ):
            with pytest.raises(UnusableValueError):
                administration.create_token(grant)
        assert administration.tokens() == ()
        assert await api.get("/people?roles=service_desk_analyst") == []

    async def test_what_is_not_there_cannot_be_revoked(self, administration: Administration) -> None:
        with pytest.raises(UnusableValueError, match="none with the id 7"):
            administration.revoke_token(7)
        with pytest.raises(UnusableValueError, match="none with the id 7"):
            administration.revoke_application(7)

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        with (
            pytest.raises(DirectoryError, match="there is no file"),
            administer(tmp_path / "slip.sqlite3", lambda: datetime.now(UTC)),
        ):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_the_file_of_another_program_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "other.sqlite3"
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE notes (text TEXT)")
        other.close()
        with (
            pytest.raises(DirectoryError, match="another program"),
            administer(path, lambda: datetime.now(UTC)),
        ):
            pass

    async def test_what_sqlite_refuses_is_said_in_the_words_of_an_operator(
        self, administration: Administration, database: Path
    ) -> None:
        other = sqlite3.connect(database)
        other.execute("DROP TABLE tokens")
        other.close()
        with (
            pytest.raises(DirectoryStoreError, match="cannot be used"),
            administer(database, lambda: datetime.now(UTC)) as file,
        ):
            file.tokens()
        assert administration.accounts()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["person:R"], {"person:read"}),
        (["Person:Read", "person:C"], {"person:read", "person:create"}),
        (["person:u, organization:D"], {"person:update", "organization:delete"}),
        (["*:*"], {"*:*"}),
        (["webhook_policy:*"], {"webhook_policy:*"}),
    ],
)
def test_a_scope_is_written_in_the_notation_of_the_api(written: list[str], read: set[str]) -> None:
    assert read_scopes(written) == read


@pytest.mark.parametrize(
    "written", ["", "person", "person:", ":R", "persons:R", "person:X", "person:R:C", "person R"]
)
def test_what_is_no_scope_is_refused(written: str) -> None:
    with pytest.raises(UnusableValueError, match="no scope"):
        read_scopes([written])


def test_a_role_is_written_with_blanks_too() -> None:
    assert read_roles(["Service Desk Analyst,auditor"]) == {Role.SERVICE_DESK_ANALYST, Role.AUDITOR}
