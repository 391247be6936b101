"""Imports and exports as clients ask for them: started, asked after, and fetched."""

import asyncio
import csv
import io
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.transfer.files import UPLOAD, file_of, folder_of, open_folder, sweep
from tests.directory.conftest import Api, StartDirectory
from tests.directory.transfers import rows

PATIENCE = 60.0
PEOPLE = rows(
    ("Primary Email", "Name", "Manager"),
    ("ann@example.org", "Ann", "bob@example.org"),
    ("bob@example.org", "Bob", ""),
    ("", "Nobody", ""),
)


def form(
    file_type: str | None, content: str | bytes | None, *, type_last: bool = False
) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    parts: list[tuple[dict[str, str], str | bytes]] = []
    if file_type is not None:
        parts.append(({"name": "type"}, file_type))
    if content is not None:
        parts.append(({"name": "file", "filename": "people.csv"}, content))
    for disposition, value in reversed(parts) if type_last else parts:
        part = writer.append(io.BytesIO(value if isinstance(value, bytes) else value.encode()))
        part.set_content_disposition("form-data", quote_fields=True, **disposition)
    return writer


async def finished(api: Api, path: str) -> dict[str, Any]:
    """Ask after a job until it is over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            job = await api.get(path)
            if job["state"] in {"done", "error"}:
                return dict(job)
            await asyncio.sleep(0.05)


async def imported(api: Api, file_type: str, content: str | bytes, **options: bool) -> dict[str, Any]:
    status, answer = await api.call("POST", "/import", data=form(file_type, content, **options))
    assert status == 200
    return await finished(api, f"/import/{answer['token']}")


async def nothing_is_left_but(database: Path, ending: str) -> None:
    """Wait until only one file is there: an import says that it is over before its process has ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if [path.name.partition(".")[2] for path in folder_of(database).iterdir()] == [ending]:
                return
            await asyncio.sleep(0.05)


async def fetched(address: str) -> str:
    """Fetch a file as clients do, who send no token to where it is stored."""
    async with aiohttp.ClientSession() as anybody, anybody.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.parametrize("type_last", [False, True])
async def test_a_file_is_imported_but_for_its_faulty_lines(api: Api, type_last: bool) -> None:
    job = await imported(api, "people", PEOPLE, type_last=type_last)

    assert job["state"] == "done"
    assert job["results"] == {
        "created": 2, "updated": 0, "deleted": 0, "unchanged": 0, "failures": 1, "errors": 0
    }  # fmt: skip
    people = await api.get("/people")
    assert [(one["name"], one["manager"] and one["manager"]["name"]) for one in people] == [
        ("Ann", "Bob"),
        ("Bob", None),
    ]


async def test_the_log_names_lines_columns_and_reasons(api: Api) -> None:
    job = await imported(api, "people", PEOPLE)

    log = list(csv.reader(io.StringIO(await fetched(job["logfile"]))))
    assert log == [["Line", "Field", "Reason"], ["4", "Primary Email", "can't be blank"]]


async def test_callers_are_found_by_what_was_imported(api: Api) -> None:
    await imported(api, "people", PEOPLE)
    await imported(
        api,
        "people_contact_details",
        rows(
            ("Person", "Contact Protocol", "Contact Label", "Contact URI"),
            ("ann@example.org", "telephone", "work", "+1 (713) 987-2967"),
        ),
    )

    assert [one["name"] for one in await api.get("/sd", params={"telephone": "17139872967"})] == ["Ann"]


async def test_a_file_that_cannot_be_read_says_where_and_changes_nothing(api: Api) -> None:
    job = await imported(api, "people", b"Primary Email,Name\nann@example.org,Ann\nb@example.org,\xff\n")

    assert (job["state"], job["message"], job["line"]) == (
        "error",
        "Invalid byte sequence in UTF-8 on line 3",
        "3",
    )
    assert job["results"]["errors"] == 1
    assert await api.get("/people") == []


async def test_what_was_uploaded_is_gone_when_the_import_is_over(api: Api, database: Path) -> None:
    await imported(api, "people", PEOPLE)

    assert folder_of(database).stat().st_mode & 0o777 == 0o700
    await nothing_is_left_but(database, "log.csv")


@pytest.mark.parametrize(
    ("file_type", "content", "errors"),
    [
        (None, PEOPLE, [["type", "can't be blank"]]),
        ("shoes", PEOPLE, [["type", "is not included in the list"]]),
        ("people", None, [["file", "can't be blank"]]),
        (None, None, [["file", "can't be blank"], ["type", "can't be blank"]]),
    ],
)
async def test_what_is_missing_is_said_at_once(
    api: Api, database: Path, file_type: str | None, content: str | None, errors: list[list[str]]
) -> None:
    status, answer = await api.call("POST", "/import", data=form(file_type, content))

    assert (status, answer["errors"]) == (422, errors)
    assert list(folder_of(database).iterdir()) == []


async def test_what_is_not_multipart_is_refused(api: Api) -> None:
    assert (await api.call("POST", "/import", json={"type": "people"}))[0] == 400
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await api.call("POST", "/import", data=b"nonsense", headers=headers))[0] == 400


@pytest.mark.parametrize("path", ["/import/nonsense", "/export/nonsense", "/import/" + "0" * 32])
async def test_a_token_nobody_was_given_is_nobodys(api: Api, path: str) -> None:
    assert (await api.call("GET", path))[0] == 404


async def test_imports_are_listed_the_newest_first(api: Api) -> None:
    await imported(api, "people", PEOPLE)
    await imported(api, "people_contact_details", rows(("Person", "Contact URI")))

    assert [(one["type"], one["state"]) for one in await api.get("/import")] == [
        ("people_contact_details", "done"),
        ("people", "done"),
    ]


async def test_a_directory_that_starts_again_goes_on_with_what_waits(start: StartDirectory) -> None:
    first = await start()
    _, answer = await first.call("POST", "/import", data=form("people", PEOPLE))
    await first.aclose()

    second = await start()

    assert (await finished(second, f"/import/{answer['token']}"))["state"] == "done"
    assert len(await second.get("/people")) == 2


async def test_an_export_is_fetched_without_a_token(api: Api) -> None:
    await imported(api, "people", PEOPLE)
    status, answer = await api.call("POST", "/export", json={"type": "people", "line_separator": "crlf"})
    assert status == 200

    job = await finished(api, f"/export/{answer['token']}")

    text = await fetched(job["url"])
    assert text.startswith("ID,Primary Email,Source,")
    assert [row["Manager"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [
        "bob@example.org",
        "",
    ]
    assert "\r\n" in text


async def test_an_address_with_another_key_leads_nowhere(api: Api) -> None:
    await imported(api, "people", PEOPLE)
    _, answer = await api.call("POST", "/export", data={"type": "people,people_contact_details"})
    job = await finished(api, f"/export/{answer['token']}")
    assert job["url"].endswith("/export.zip")
    start, _, name = job["url"].rpartition("/")

    async with aiohttp.ClientSession() as anybody, anybody.get(f"{start[:-1]}x/{name}") as answer:
        assert answer.status == 404


async def test_nothing_to_export_is_no_content(api: Api) -> None:
    await imported(api, "people", PEOPLE)

    status, _ = await api.call("POST", "/export", json={"type": "people", "from": "2099-01-01T00:00:00Z"})

    assert status == 204


async def test_every_fault_of_an_export_is_said(api: Api) -> None:
    body = {"type": "shoes", "export_format": "xlsx", "line_separator": "cr", "from": "yesterday"}
    status, answer = await api.call("POST", "/export", json=body)

    assert status == 422
    assert [field for field, _ in answer["errors"]] == ["type", "export_format", "line_separator", "from"]


async def test_a_file_may_be_larger_than_any_other_body(api: Api) -> None:
    lines = ((f"p{number}@example.org", f"Person {number}", "x" * 100) for number in range(12_000))
    text = rows(("Primary Email", "Name", "Information"), *lines)
    assert len(text) > 1024 * 1024

    assert (await imported(api, "people", text))["results"]["created"] == 12_000


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        ("service_desk_analyst", "*:*", 403),
        ("account_administrator", "*:Read", 403),
        ("account_administrator", "import:Create", 200),
        ("directory_administrator", "*:*", 200),
    ],
)
async def test_administrators_import(
    api: Api, administration: Administration, role: str, scope: str, status: int
) -> None:
    person = await api.person()
    token = administration.create_token(Grant(str(person["id"]), "tests", (role,), (scope,))).secret

    assert (await api.call_with(token, "POST", "/import", data=form("people", PEOPLE)))[0] == status


async def test_an_upload_that_was_cut_off_is_deleted_after_a_day_and_one_that_waits_is_not(
    database: Path,
) -> None:
    cut_off, waits, begun = (file_of(database, token, UPLOAD) for token in ("a" * 32, "b" * 32, "c" * 32))
    open_folder(database)
    for path in (cut_off, waits, begun):
        path.write_text("Primary Email")
    for path in (cut_off, waits):
        os.utime(path, (0, 0))
    sweep(database, {"b" * 32})
    assert sorted(folder_of(database).iterdir()) == [waits, begun]
