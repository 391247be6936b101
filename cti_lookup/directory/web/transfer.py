"""
The operations on imports and exports.

Facts (4me developer guide, "Import API"; clients): an import is multipart, with the parts `type` and `file` in any order; it is answered with a token,
by which its state is asked for. An export can be asked for as JSON, as a form or multipart.
"""

import asyncio
import hmac
import re
import zlib
from collections.abc import Awaitable, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.errors import (
    BadRequestError,
    Fault,
    NotFoundError,
    RequestTimeoutError,
    ValidationError,
)
from cti_lookup.directory.records.times import parse_span
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.transfer.exporting import LINE_ENDS, Selection, has_changes
from cti_lookup.directory.transfer.files import (
    EXPORT,
    LOG,
    UPLOAD,
    file_of,
    make_private,
    open_folder,
    remove,
)
from cti_lookup.directory.transfer.jobs import Job, Options, add_job, list_jobs, new_key, read_job
from cti_lookup.directory.transfer.supervision import SUPERVISOR
from cti_lookup.directory.web.answers import json_answer, read_body
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.webhooks.address import set_url

SILENCE_SECONDS: Final = 30.0
"""How long a client may send nothing while it sends a file."""

MOST_LISTED: Final = 100
LONGEST_WORD: Final = 1024

T = TypeVar("T")

_BLANK: Final = "can't be blank"
_NOT_LISTED: Final = "is not included in the list"
_NO_TIME: Final = "is not a time"
_MULTIPART: Final = "multipart/form-data"
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_NO_PARTS: Final = (
    ValueError,
    AssertionError,
    LookupError,
    RuntimeError,
    HttpProcessingError,
    web.RequestPayloadError,
    zlib.error,
)
"""What aiohttp raises for parts that are none: bad headers, unknown encodings, bad compression."""

_WRITERS: Final = (Role.ACCOUNT_ADMINISTRATOR, Role.DIRECTORY_ADMINISTRATOR)


async def start_import(request: web.Request) -> web.Response:
    """Take a file in, to be imported as soon as those before it are; answer with the token to ask by."""
    identity = _allowed(request, "import", "create")
    if request.content_type != _MULTIPART:
        raise BadRequestError("The import has to be sent as multipart/form-data")
    database, token = request.app[SUPERVISOR].database, new_key()
    upload = file_of(database, token, UPLOAD)
    try:
        kind = await _receive(request, database, upload)
        options = Options(new_key(), (kind,), directory=identity.directory_account, home=identity.home)
        await _add(request, token, "import", options, identity)
    except BaseException:
        remove(upload)
        raise
    return json_answer({"token": token})


async def show_import(request: web.Request) -> web.Response:
    """Answer with the state of an import, and what came of it."""
    return json_answer(_shown(request, await _job(request, "import")))


async def list_imports(request: web.Request) -> web.Response:
    """Answer with the last imports, the newest first."""
    identity = _allowed(request, "import", "read")
    work = partial(list_jobs, direction="import", account=identity.account, most=MOST_LISTED)
    jobs = await request.app[DATABASE].read(work)
    return json_answer(
        [
            {"token": job.token, "type": job.type, "created_at": job.created_at} | _shown(request, job)
            for job in jobs
        ]
    )


async def start_export(request: web.Request) -> web.Response:
    """Begin an export and answer with the token to ask by; 204 when there is nothing to export."""
    identity = _allowed(request, "export", "create")
    selection = _selection(await _words(request), identity)
    if not await request.app[DATABASE].read(partial(has_changes, selection=selection)):
        return web.Response(status=204)
    token = new_key()
    options = Options(new_key(), selection.kinds, selection.since, selection.line_end, home=identity.home)
    await _add(request, token, "export", options, identity)
    return json_answer({"token": token})


async def show_export(request: web.Request) -> web.Response:
    """Answer with the state of an export, and where its file is to be had."""
    return json_answer(_shown(request, await _job(request, "export")))


async def download_file(request: web.Request) -> web.StreamResponse:
    """Answer with the file of a job; who knows its address needs no token, as clients fetch it without."""
    token, key = request.match_info["token"], request.match_info["key"]
    if _TOKEN.fullmatch(token) is None:
        raise NotFoundError
    job = await request.app[DATABASE].read(partial(read_job, token=token))
    if not hmac.compare_digest(job.options.key.encode(), key.encode("utf-8", "surrogateescape")):
        raise NotFoundError
    path, name = _file(request, job)
    if not (job.is_over and path.is_file()):
        raise NotFoundError
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: "application/zip" if name.endswith(".zip") else "text/csv; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
        },
    )


def _allowed(request: web.Request, model: str, action: str) -> Identity:
    identity = request[IDENTITY]
    identity.require_role(*_WRITERS)
    identity.require_scope(model, action)
    return identity


async def _add(
    request: web.Request, token: str, direction: str, options: Options, identity: Identity
) -> None:
    now = request.app[CLOCK]()
    work = partial(add_job, token=token, direction=direction, options=options, identity=identity, now=now)
    await request.app[DATABASE].write(work, trace=Trace.KEPT)
    request.app[SUPERVISOR].wake()


async def _job(request: web.Request, direction: str) -> Job:
    identity = _allowed(request, direction, "read")
    work = partial(read_job, token=request.match_info["token"], direction=direction, account=identity.account)
    return await request.app[DATABASE].read(work)


def _shown(request: web.Request, job: Job) -> dict[str, object]:
    """Return a job as clients see it; what it has not got yet is not there."""
    shown: dict[str, object] = {"state": job.state}
    if job.message is not None:
        shown["message"] = job.message
    if job.line is not None:
        shown["line"] = str(job.line)
    if job.results is not None:
        shown["results"] = job.results
    path, name = _file(request, job)
    if job.is_over and path.is_file():
        start = set_url(request.app) or str(request.url.origin())
        address = f"{start}/downloads/{job.token}/{job.options.key}/{name}"
        shown["logfile" if job.direction == "import" else "url"] = address
    return shown


def _file(request: web.Request, job: Job) -> tuple[Path, str]:
    database = request.app[SUPERVISOR].database
    if job.direction == "import":
        return file_of(database, job.token, LOG), "import.csv"
    return file_of(database, job.token, EXPORT), Selection(job.options.kinds, job.account).name


async def _receive(request: web.Request, database: Path, upload: Path) -> Kind:
    """Write the file of a request to the disk and return its type; raise `ValidationError` when one is missing."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, open_folder, database)
    await loop.run_in_executor(None, make_private, upload)
    word, received = "", False
    reader = await _multipart(request)
    while (part := await _in_time(reader.next())) is not None:
        if not isinstance(part, BodyPartReader):
            raise _malformed()
        if part.name == "file":
            with upload.open("wb") as file:
                await _write(part, file, request.app[SUPERVISOR].largest_upload)
            received = True
        elif part.name == "type":
            word = await _word(part)
        else:
            await _in_time(part.release())
    faults = [] if received else [("file", _BLANK)]
    if word not in {*Kind}:
        faults.append(("type", _NOT_LISTED if word else _BLANK))
    if faults:
        raise ValidationError(tuple(faults))
    return Kind(word)


async def _multipart(request: web.Request) -> MultipartReader:
    try:
        return await request.multipart()
    except (ValueError, AssertionError):
        raise _malformed() from None


async def _write(part: BodyPartReader, file: BinaryIO, largest: int) -> None:
    """Write a part to a file, in a thread, so that a slow disk keeps nobody waiting."""
    size, loop = 0, asyncio.get_running_loop()
    while block := await _in_time(part.read_chunk(256 * 1024)):
        size += len(block)
        if size > largest:
            raise web.HTTPRequestEntityTooLarge(largest, size)
        await loop.run_in_executor(None, file.write, block)


async def _word(part: BodyPartReader) -> str:
    block = await _in_time(part.read_chunk(LONGEST_WORD))
    await _in_time(part.release())
    return block.decode("utf-8", "replace").strip()


async def _words(request: web.Request) -> Mapping[str, object]:
    """Return the parameters of an export, however they are written."""
    if request.content_type in {_MULTIPART, "application/x-www-form-urlencoded"}:
        return dict(await _in_time(request.post()))
    return await read_body(request)


def _selection(words: Mapping[str, object], identity: Identity) -> Selection:
    """Return what is to be exported, or raise `ValidationError` with all that is wrong."""
    faults: list[Fault] = []
    names = words.get("type") or ""
    listed = names if isinstance(names, list) else str(names).split(",")
    types = [str(name).strip() for name in listed if name]
    if not types:
        faults.append(("type", _BLANK))
    elif not set(types) <= {*Kind}:
        faults.append(("type", _NOT_LISTED))
    if _said(words, "export_format", "csv") != "csv":
        faults.append(("export_format", _NOT_LISTED))
    line_end = LINE_ENDS.get(_said(words, "line_separator", "lf"))
    if line_end is None:
        faults.append(("line_separator", _NOT_LISTED))
    since = _time(_said(words, "from", ""))
    if since is None:
        faults.append(("from", _NO_TIME))
    if faults:
        raise ValidationError(tuple(faults))
    return Selection(
        tuple(Kind(name) for name in dict.fromkeys(types)), identity.account, since or "", line_end or "\n"
    )


def _said(words: Mapping[str, object], name: str, default: str) -> str:
    """Return what is said of a parameter; null and blank text say nothing."""
    value = words.get(name)
    return default if value is None or value == "" else str(value)


def _time(text: str) -> str | None:
    """Return a time as it is stored, blank text for none; None when it is no time."""
    if not text.strip():
        return ""
    span = parse_span(text.strip())
    return None if span is None else span.start


async def _in_time(reading: Awaitable[T]) -> T:
    """Wait for the client, but not for ever."""
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            return await reading
    except TimeoutError:
        raise RequestTimeoutError from None
    except _NO_PARTS:
        raise _malformed() from None


def _malformed() -> BadRequestError:
    return BadRequestError("The multipart body is malformed")
