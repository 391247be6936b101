"""
A public client of the API, `xurrent` of PyPI, works with the directory unchanged.

It is synchronous, and the directory is a process of its own. `Person.update`, and with it `enable` and `disable`, raises
`NameError` after the change was made, in every release so far: changes go through the client's `api_call`.
"""

import csv
import io
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from xurrent.core import XurrentApiHelper
from xurrent.people import PeoplePredefinedFilter, Person
from xurrent.teams import Team, TeamPredefinedFilter

from cti_lookup.directory import Grant, administer
from tests.directory.conftest import TOKEN
from tests.directory.served import Served, served

pytestmark = pytest.mark.slow

LOGGER: Final = logging.getLogger("xurrent.tests")
MANY: Final = 1000


def client_of(directory: Served, token: str = TOKEN) -> XurrentApiHelper:
    return XurrentApiHelper(directory.api, token, "widget", logger=LOGGER)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("client"), "--samples") as directory:
        yield directory


@pytest.fixture(scope="module")
def client(directory: Served) -> XurrentApiHelper:
    return client_of(directory)


def created(client: XurrentApiHelper, name: str, **fields: object) -> Person:
    email = f"{name.replace(' ', '.').lower()}@client.example"
    return Person.create(client, {"name": name, "primary_email": email, **fields})


def ids_of(people: list[Person]) -> set[int]:
    return {person.id for person in people}


def test_it_learns_who_it_is_and_which_teams_it_has_when_it_is_made(directory: Served) -> None:
    ada = created(client_of(directory), "Ada Teamwork")
    Team.create(client_of(directory), {"name": "Night shift", "member_ids": [ada.id]})
    with administer(directory.database, lambda: datetime.now(UTC)) as file:
        token = file.create_token(Grant(str(ada.id), "tests", roles=("service_desk_analyst",))).secret

    client = client_of(directory, token)

    assert client.api_user.id == ada.id
    assert [team.name for team in client.api_user_teams] == ["Night shift"]


def test_a_token_that_is_none_is_an_http_error(directory: Served) -> None:
    with pytest.raises(requests.HTTPError, match="401"):
        client_of(directory, "no-token")


def test_it_creates_reads_and_changes_a_person(client: XurrentApiHelper) -> None:
    person = created(client, "Grace Client", job_title="Admiral", vip=True)

    client.api_call(f"/people/{person.id}", "PATCH", {"disabled": "true", "job_title": "Rear admiral"})

    read = Person.get_by_id(client, person.id)
    assert (read.name, read.vip, read.disabled, read.job_title) == (
        "Grace Client",
        True,
        True,
        "Rear admiral",
    )


def test_its_own_update_reaches_the_directory_before_it_fails(client: XurrentApiHelper) -> None:
    person = created(client, "Heidi Client")

    with pytest.raises(NameError):
        person.disable(prefix="Former ")

    read = Person.get_by_id(client, person.id)
    assert (read.name, read.disabled) == ("Former Heidi Client", True)


def test_a_refused_change_is_an_http_error_that_says_why(client: XurrentApiHelper) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        Person.create(client, {"name": ""})

    assert refused.value.response.json()["errors"] == [
        ["primary_email", "can't be blank"],
        ["name", "can't be blank"],
    ]


def test_it_lists_with_filters_that_it_does_not_encode(client: XurrentApiHelper) -> None:
    person = created(client, "Ivan Filter", supportID="S-77", employeeID="E 77")

    for query in (
        {"supportID": "s-77"},
        {"employeeID": "E 77"},
        {"primary_email": "IVAN.FILTER@client.example"},
        {"name": "Ivan Filter", "disabled": "false"},
        {"id": f"{person.id},4711"},
        {"created_at": f">={person.created_at}", "supportID": "!"},
    ):
        assert person.id in ids_of(Person.get_people(client, queryfilter=query))
    assert Person.get_people(client, queryfilter={"supportID": "S-78"}) == []


def test_an_order_and_fields_can_be_asked_for(client: XurrentApiHelper) -> None:
    people = Person.get_people(client, queryfilter={"fields": "name,primary_email", "sort": "-name"})

    names = [person.name.casefold() for person in people]
    assert names == sorted(names, reverse=True)
    assert all(person.primary_email for person in people)


@pytest.mark.parametrize("word", list(PeoplePredefinedFilter))
def test_predefined_filters_work_as_it_sends_them(
    client: XurrentApiHelper, word: PeoplePredefinedFilter
) -> None:
    asked_by_name = Person.get_people(client, word)  # Python 3.11 writes `PeoplePredefinedFilter.disabled`

    assert ids_of(asked_by_name) == ids_of(Person.get_people(client, word.value))


def test_enabled_and_disabled_people_are_all_there_are(client: XurrentApiHelper) -> None:
    enabled = ids_of(Person.get_people(client, PeoplePredefinedFilter.enabled))
    disabled = ids_of(Person.get_people(client, PeoplePredefinedFilter.disabled))

    assert enabled | disabled == ids_of(Person.get_people(client))
    assert not enabled & disabled
    assert disabled


def test_predefined_filters_of_teams_work_as_it_sends_them(client: XurrentApiHelper) -> None:
    team = Team.create(client, {"name": "Day shift"})

    disabled = team.disable(postfix=" (closed)")

    assert disabled.name == "Day shift (closed)"
    assert team.id in {one.id for one in Team.get_teams(client, TeamPredefinedFilter.disabled)}
    assert team.id not in {one.id for one in Team.get_teams(client, TeamPredefinedFilter.enabled)}


def test_a_person_goes_to_the_archive_and_the_trash_and_comes_back(client: XurrentApiHelper) -> None:
    person = created(client, "Judy Archive")

    assert person.archive()["archived"] == "true"
    assert person.id not in ids_of(Person.get_people(client))
    assert person.trash()["trashed"] == "true"
    assert "trashed" not in person.restore()
    assert person.id in ids_of(Person.get_people(client))


def test_contacts_are_added_changed_listed_and_deleted(client: XurrentApiHelper) -> None:
    path = f"/people/{created(client, 'Ken Contact').id}/contacts"

    contact = client.api_call(path, "POST", {"label": "work", "telephone": "+1 713 555 0177"})
    client.api_call(
        f"{path}/{contact['id']}", "PATCH", {"telephone": "+1 713 555 0178", "integration": "true"}
    )
    client.api_call(path, "POST", {"label": "personal", "email": "ken@home.example"})

    assert [one.get("telephone") or one["email"] for one in client.api_call(path)] == [
        "+1 713 555 0178",
        "ken@home.example",
    ]
    assert client.api_call(f"{path}/{contact['id']}")["integration"] is True
    assert client.api_call(f"{path}/{contact['id']}", "DELETE") is None
    assert client.api_call(f"{path}/", "DELETE") is None
    assert client.api_call(path) == []


@pytest.mark.parametrize("written", ["+1%20713%20987%202967", "17139872967", "0017139872967", "9872967"])
def test_a_caller_is_found_by_whatever_writing(client: XurrentApiHelper, written: str) -> None:
    (person,) = client.api_call(f"/sd?telephone={written}")

    assert person["name"] == "Ashok Kumar"


def test_nobody_is_an_empty_list(client: XurrentApiHelper) -> None:
    assert client.api_call("/sd?telephone=12125550999") == []


def test_an_export_is_waited_for_and_fetched(client: XurrentApiHelper, tmp_path: Path) -> None:
    person = created(client, "Liz Export")

    content = client.bulk_export("people", poll_timeout=1)

    addresses = [row["Primary Email"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
    assert person.primary_email in addresses
    assert client.bulk_export("people,people_contact_details", save_as=tmp_path / "all.zip", poll_timeout=1)
    assert (tmp_path / "all.zip").read_bytes().startswith(b"PK")


def test_a_file_imported_beside_it_is_there_for_the_client(
    client: XurrentApiHelper, directory: Served
) -> None:
    # The client has no call for imports: it sends JSON only.
    answer = requests.post(
        f"{directory.api}/import",
        headers={"Authorization": f"Bearer {TOKEN}", "x-xurrent-account": "widget"},
        data={"type": "people"},
        files={"file": ("people.csv", "Primary Email,Name\nmia.import@client.example,Mia Import\n")},
        timeout=30,
    )
    job = awaited(client, f"/import/{answer.json()['token']}")

    assert job["state"] == "done"
    assert job["results"]["created"] == 1
    assert [one.name for one in Person.get_people(client, queryfilter={"name": "Mia Import"})] == [
        "Mia Import"
    ]


def awaited(client: XurrentApiHelper, path: str) -> Any:
    """Ask for a job until it is over."""
    deadline = time.monotonic() + 60
    while (job := client.api_call(path, per_page=0))["state"] in {"queued", "processing"}:
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.05)
    return job


def test_a_thousand_people_come_page_by_page(tmp_path: Path) -> None:
    with served(tmp_path) as directory:
        client = client_of(directory)
        rows = "".join(f"person.{number}@many.example,Person {number}\n" for number in range(MANY))
        answer = requests.post(
            f"{directory.api}/import",
            headers={"Authorization": f"Bearer {TOKEN}"},
            data={"type": "people"},
            files={"file": ("people.csv", f"Primary Email,Name\n{rows}")},
            timeout=30,
        )
        assert awaited(client, f"/import/{answer.json()['token']}")["results"]["created"] == MANY

        people = Person.get_people(client)

    assert len(people) == len(ids_of(people)) == MANY


def test_it_waits_as_long_as_it_is_told_when_it_asks_too_often(tmp_path: Path) -> None:
    with served(tmp_path, "--samples", "--limits") as directory:
        client = client_of(directory)
        refused = Refusals()
        LOGGER.addHandler(refused)
        try:
            found = asked_until_refused(client, refused)
        finally:
            LOGGER.removeHandler(refused)

    assert set(found) == {30}
    assert set(refused.waits) <= {"1", "2"}


def asked_until_refused(client: XurrentApiHelper, refused: "Refusals") -> list[int]:
    """Ask for a person until the client was told to wait; a slow machine needs a few attempts."""
    deadline, found = time.monotonic() + 60, []
    while not refused.waits:
        found += [client.api_call("/people/30")["id"] for _ in range(25)]
        assert time.monotonic() < deadline, "nothing was refused"
    return found


class Refusals(logging.Handler):
    """Gathers the seconds that the client says it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("Rate limit reached"):
            self.waits.append(message.split()[5])
