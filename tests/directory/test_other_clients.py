"""
What other public clients of the API send, byte by byte, and what they insist on in the answers.

Each case is written after the source of a client: `works4me-xurrent-rest` (NET), `4me-sdk-ruby` (RUBY), `4me-sdk-csharp` (CS) and
tools of the command line (MCP, PS2). Of `xurrent-python` (PY) the real one runs in `test_public_client`.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.directory.conftest import TOKEN
from tests.directory.served import Served, served

pytestmark = pytest.mark.slow

PATIENCE: Final = 30.0
BEARER: Final = MappingProxyType({"Authorization": f"Bearer {TOKEN}"})
NET: Final = MappingProxyType({**BEARER, "x-xurrent-account": "widget", "Accept": "application/json"})
RUBY: Final = MappingProxyType(
    {**BEARER, "X-4me-Account": "widget", "X-4me-Source": "tests", "Content-Type": "application/json"}
)
LEGACY: Final = MappingProxyType(
    {"Authorization": "Basic " + base64.b64encode(f"{TOKEN}:x".encode()).decode(), "X-ITRP-Account": "widget"}
)


@dataclass(frozen=True)
class Answer:
    """What came back; the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: Any


def ask(
    directory: Served, method: str, target: str, headers: Mapping[str, str] = BEARER, body: object = None
) -> Answer:
    """Send a request whose target goes out as it is written here."""
    with closing(HTTPConnection(urlsplit(directory.address).netloc, timeout=PATIENCE)) as connection:
        sent = None if body is None else json.dumps(body)
        connection.request(method, target, sent, dict(headers))
        response = connection.getresponse()
        text = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, json.loads(text) if text else None)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("clients"), "--samples") as directory:
        yield directory


@pytest.fixture
def person(directory: Served) -> int:
    """Return the id of a new person, with one contact."""
    body = {"name": "Noor Client", "primary_email": f"{uuid4()}@clients.example", "supportID": "S.1"}
    person_id = ask(directory, "POST", "/v1/people", body=body).content["id"]
    ask(directory, "POST", f"/v1/people/{person_id}/contacts", body={"label": "work", "telephone": "4711"})
    return int(person_id)


READS: Final = (
    ("NET ends every path in a slash", "/v1/people/?per_page=100", NET),
    ("NET, a predefined filter", "/v1/people/directory/?per_page=2", NET),
    ("NET, a filter of its own", "/v1/people/all_with_roles/", NET),
    ("NET, one person", "/v1/people/30/", NET),
    ("NET, contacts", "/v1/people/30/contacts/?per_page=100", NET),
    ("NET, one contact", "/v1/people/30/contacts/327/", NET),
    ("NET names its fields", "/v1/people/?fields=name,primary_email,contacts,addresses,organization", NET),
    ("NET filters by a bare reference", "/v1/people/?organization=30", NET),
    ("MCP filters by a reference as it is written", "/v1/people?organization_id=30", BEARER),
    ("CS, no slash", "/v1/people/30/contacts", NET),
    ("RUBY says JSON of a body that is none", "/v1/people/30", RUBY),
    ("RUBY keeps an equals sign in a key", "/v1/people?created_at=>=2016-01-01T00:00:00Z", RUBY),
    ("RUBY escapes signs", "/v1/people?created_at=%3E%3D2016-01-01T00%3A00%3A00%2B00%3A00", RUBY),
    ("RUBY escapes dots", "/v1/people?primary_email=ashok%2Ekumar%40virtualsupport%2Ecom", RUBY),
    ("RUBY negates in the key", "/v1/people?name!=Ashok%20Kumar", RUBY),
    ("RUBY asks for what is there", "/v1/people?supportID!=", RUBY),
    ("ids as a list", "/v1/people?ids=30,58", BEARER),
    ("all but some ids", "/v1/people?ids=!30,58", BEARER),
    ("PY sends per_page to the lookup", "/v1/sd?telephone=17139872967&per_page=100", BEARER),
    ("PY does not encode blanks in a filter", "/v1/people?name=Ashok%20Kumar&per_page=100", BEARER),
    ("the file name of a format", "/v1/people/30.json", BEARER),
    ("the file name of a format, of a collection", "/v1/people.json?per_page=1", BEARER),
    ("the old API token", "/v1/people/me", LEGACY),
    ("oneself, by the short path", "/v1/me", BEARER),
    ("no account header", "/v1/people?per_page=1", BEARER),
    ("an account that there is not", "/v1/people", {**BEARER, "X-4me-Account": "somebody-elses"}),
    ("the limits", "/v1/rate_limit", BEARER),
)


@pytest.mark.parametrize(("target", "headers"), [read[1:] for read in READS], ids=[read[0] for read in READS])
def test_what_a_client_reads_is_answered(directory: Served, target: str, headers: Mapping[str, str]) -> None:
    assert ask(directory, "GET", target, headers).status == 200


FOUND: Final[tuple[tuple[str, set[int]], ...]] = (
    ("/v1/people?ids=30,58", {30, 58}),
    ("/v1/people?primary_email=ashok%2Ekumar%40virtualsupport%2Ecom", {30}),
    (r"/v1/people?primary_email=\!nobody%40clients.example", set()),
    ("/v1/people?name=Ashok%20Kumar", {30}),
    ("/v1/people?id=30&disabled=F", {30}),
    ("/v1/people?id=30&disabled=on", set()),
)


@pytest.mark.parametrize(("target", "people"), FOUND)
def test_a_filter_means_what_the_client_means(directory: Served, target: str, people: set[int]) -> None:
    assert {one["id"] for one in ask(directory, "GET", target).content} == people


@pytest.mark.parametrize("headers", [NET, RUBY, LEGACY], ids=["NET", "RUBY", "the old API token"])
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/people/30", 200),
        ("/v1/people/1000000", 404),
        ("/v1/people?sort=shoe_size", 400),
        ("/v1/no-such-path", 404),
    ],
)
def test_every_answer_to_a_known_client_has_the_limits_that_some_insist_on(
    directory: Served, target: str, status: int, headers: Mapping[str, str]
) -> None:
    answer = ask(directory, "GET", target, headers)

    assert answer.status == status
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        assert int(answer.headers[name]) >= 0
        assert int(answer.headers[name]) < 2**31


@pytest.mark.parametrize("query", ["per_page=2", "fields=id,name&per_page=2", "name=!a,b;c<d>&per_page=2"])
def test_links_survive_a_client_that_splits_them_at_commas_and_semicolons(
    directory: Served, query: str
) -> None:
    target, seen = f"/v1/people?{query.replace('<', '%3C').replace('>', '%3E')}", []
    while target:
        answer = ask(directory, "GET", target)
        seen += [person["id"] for person in answer.content]
        parts = [part.split(";") for part in answer.headers.get("link", "").split(",") if part]
        links = {rel.strip(): url.strip().strip("<>") for url, rel in parts}
        target = links.get('rel="next"', "").removeprefix(directory.address)

    assert len(seen) == len(set(seen)) == int(answer.headers["x-pagination-total-entries"])


def test_a_client_that_takes_the_links_relative_comes_to_the_same_page(directory: Served) -> None:
    first = ask(directory, "GET", "/v1/people?per_page=3", RUBY)
    (following,) = re.findall(r'<([^>]*)>; rel="next"', first.headers["link"])

    relative = urlsplit(following)._replace(scheme="", netloc="").geturl()

    assert relative.startswith("/v1/people?")
    assert ask(directory, "GET", relative, RUBY).content[0]["id"] not in {one["id"] for one in first.content}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("ending", ["", "/", ".json"])
def test_put_means_patch(directory: Served, person: int, method: str, ending: str) -> None:
    answer = ask(directory, method, f"/v1/people/{person}{ending}", RUBY, {"job_title": "Trainee"})

    assert (answer.status, answer.content["job_title"]) == (200, "Trainee")
    assert answer.content["supportID"] == "S.1"


@pytest.mark.parametrize(
    ("value", "stored"),
    [("true", True), ("false", False), ("1", True), (0, False), ("Yes", True), ("", False)],
)
def test_booleans_come_as_whatever(directory: Served, person: int, value: object, stored: bool) -> None:
    answer = ask(directory, "PATCH", f"/v1/people/{person}", body={"vip": value})

    assert answer.content["vip"] is stored


def test_a_record_that_was_read_can_be_sent_back_as_it_is(directory: Served, person: int) -> None:
    path = f"/v1/people/{person}"
    read = ask(directory, "GET", path).content

    answer = ask(directory, "PUT", path, NET, read)

    assert (answer.status, answer.content) == (200, read)


def test_references_are_written_as_numbers_or_their_digits(directory: Served, person: int) -> None:
    body = {"organization_id": 30, "site_id": "13"}

    answer = ask(directory, "PATCH", f"/v1/people/{person}/", NET, body)

    assert answer.content["organization"]["id"] == 30
    assert answer.content["site"]["id"] == 13


@pytest.mark.parametrize("ending", ["/contacts/", "/contacts"])
def test_all_contacts_are_deleted_with_204_and_no_body(directory: Served, person: int, ending: str) -> None:
    answer = ask(directory, "DELETE", f"/v1/people/{person}{ending}", NET)

    assert (answer.status, answer.content) == (204, None)
    assert ask(directory, "GET", f"/v1/people/{person}/contacts").content == []


@pytest.mark.parametrize("place", ["archive/", "trash", "restore/"])
def test_a_person_is_moved_by_a_post_that_says_json_and_has_no_body(
    directory: Served, person: int, place: str
) -> None:
    answer = ask(directory, "POST", f"/v1/people/{person}/{place}", RUBY)

    assert (answer.status, answer.content["id"]) == (200, person)


def test_faults_are_pairs(directory: Served) -> None:
    answer = ask(directory, "POST", "/v1/people/", NET, {"name": "", "primary_email": "none", "vip": []})

    assert answer.status == 422
    assert answer.content["message"] == "Validation Failed"
    assert {field for field, _ in answer.content["errors"]} == {"name", "primary_email", "vip"}


def test_errors_of_a_reader_are_objects_with_a_message(directory: Served) -> None:
    unknown = ask(directory, "GET", "/v1/people/4711000/")
    stranger = ask(directory, "GET", "/v1/people", {})

    assert (unknown.status, unknown.content) == (404, {"message": "Not Found"})
    assert (stranger.status, stranger.content) == (401, {"message": "Unauthorized"})
    assert not [name for name in stranger.headers if name.startswith("x-ratelimit")]


def test_somebody_without_a_token_learns_that_the_api_is_there(directory: Served) -> None:
    answer = ask(directory, "GET", "/v1", {})

    assert (answer.status, answer.content) == (200, {})


def test_a_client_that_holds_a_page_is_told_that_it_is_still_good(directory: Served) -> None:
    first = ask(directory, "GET", "/v1/people/30")

    again = ask(directory, "GET", "/v1/people/30", {**BEARER, "If-None-Match": first.headers["etag"]})

    assert (again.status, again.content) == (304, None)
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("account", [b"\xc2\x84", b"\xff", "Zürich".encode()])
def test_an_account_in_other_letters_is_one_that_there_is_not(directory: Served, account: bytes) -> None:
    headers = {**BEARER, "X-4me-Account": account.decode("latin-1")}

    assert ask(directory, "GET", "/v1/people/30", headers).status == 200


def test_a_body_that_is_not_compressed_as_its_header_says_is_not_understood(directory: Served) -> None:
    headers = {**BEARER, "Content-Encoding": "gzip", "Content-Type": "application/json"}

    for path in ("/v1/people", "/v1/export"):
        assert ask(directory, "POST", path, headers, {"name": "Not compressed"}).status == 400
