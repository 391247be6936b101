"""Whatever a directory, or what stands in its place, sends: people, nobody, or a reason why it could not be asked."""

import asyncio
import contextlib
import gzip
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from cti_lookup.errors import Unavailable
from cti_lookup.people import Contact, Person
from cti_lookup.questions import Purpose
from cti_lookup.rservice.client import TOTAL, RemoteDirectory
from cti_lookup.rservice.resolving import PatientResolver
from cti_lookup.rservice.transport import open_session
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK as QUESTION
from tests.rservice.opening import Counts, opened
from tests.servers.fake_directory import (
    ASHOK,
    ASHOKS_NUMBER,
    Behaviour,
    FakeDirectory,
    bomb,
    dripping,
    hanging,
    in_turn,
    person,
    replying,
    resetting,
    zipped,
)
from tests.servers.fault_proxy import FaultProxy

PAGE = b"<!DOCTYPE html><html><body>Something</body></html>"
ASHOK_JSON = json.dumps(dict(ASHOK)).encode()


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def counted(counts: Counts) -> list[str]:
    return counts.requests


@pytest.fixture
async def remote(directory: FakeDirectory, counts: Counts) -> AsyncIterator[RemoteDirectory]:
    async with opened(directory.url, counts=counts) as remote:
        yield remote


async def reason(remote: RemoteDirectory) -> str:
    """Ask, and give the reason why that is not possible."""
    with pytest.raises(Unavailable) as raised:
        await remote.people_with(QUESTION, Purpose.RINGING)
    return raised.value.reason


async def names(remote: RemoteDirectory) -> list[str]:
    return [one.name for one in await remote.people_with(QUESTION, Purpose.RINGING)]


@pytest.mark.parametrize(
    "behaviour",
    [
        replying([dict(ASHOK)]),
        replying(dict(ASHOK)),
        replying(b"\n\t " + ASHOK_JSON + b" \r\n"),
        replying(ASHOK_JSON, content_type="text/plain"),
        replying(ASHOK_JSON, headers={"Content-Encoding": "identity"}),
        zipped(ASHOK_JSON),
        zipped(ASHOK_JSON, "deflate"),
    ],
    ids=["list", "object", "blanks around", "other type", "identity", "gzip", "deflate"],
)
async def test_a_person_is_read_in_every_shape_an_answer_may_have(
    remote: RemoteDirectory, directory: FakeDirectory, counted: list[str], behaviour: Behaviour
) -> None:
    directory.behaviour = behaviour
    assert await names(remote) == ["Ashok Kumar"]
    assert counted == ["found"]


@pytest.mark.parametrize(
    "behaviour",
    [
        replying(b"[]"),
        replying(b"{}"),
        replying(b"null"),
        replying(b""),
        replying(b" [] \n"),
        replying(status=204),
        replying({"message": "Not Found"}, status=404),
        zipped(b"[]"),
    ],
    ids=["list", "object", "null", "empty", "blanks", "204", "404", "gzip"],
)
async def test_nobody_is_read_in_every_shape_an_answer_may_have(
    remote: RemoteDirectory, directory: FakeDirectory, counted: list[str], behaviour: Behaviour
) -> None:
    directory.behaviour = behaviour
    assert await remote.people_with(QUESTION, Purpose.RINGING) == ()
    assert counted == ["nobody"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, "status"),
        (202, "status"),
        (206, "status"),
        (300, "redirect"),
        (304, "redirect"),
        (400, "status"),
        (401, "unauthorized"),
        (402, "status"),
        (403, "forbidden"),
        (410, "status"),
        (418, "status"),
        (429, "throttled"),
        (500, "status"),
        (502, "status"),
        (503, "status"),
        (504, "status"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"[]", ASHOK_JSON, PAGE])
async def test_a_status_that_is_no_answer_is_unavailable_whatever_the_body(
    remote: RemoteDirectory, directory: FakeDirectory, status: int, expected: str, body: bytes
) -> None:
    directory.behaviour = replying(b"" if status == 304 else body, status=status)
    assert await reason(remote) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_so_that_the_token_goes_nowhere_else(
    remote: RemoteDirectory, directory: FakeDirectory, status: int
) -> None:
    elsewhere = FakeDirectory()
    await elsewhere.start()
    directory.behaviour = replying(status=status, headers={"Location": f"{elsewhere.url}/sd?telephone=1"})
    assert await reason(remote) == "redirect"
    await elsewhere.stop()
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "text/html"),
        (b"404 page not found\n", "text/plain"),
        (b"404: Not Found", "text/plain"),
        (b"\xef\xbb\xbf" + PAGE, "text/html"),
        (b"no such host", "text/html"),
    ],
)
async def test_a_404_that_is_no_answer_of_the_api_is_unavailable_and_never_nobody(
    remote: RemoteDirectory, directory: FakeDirectory, body: bytes, content_type: str
) -> None:
    directory.behaviour = replying(body, status=404, content_type=content_type)
    assert await reason(remote) == "status"


MALFORMED = {
    "page": PAGE,
    "message": b'{"message":"Something went wrong"}',
    "truncated": ASHOK_JSON[:-20],
    "truncated list": b"[" + ASHOK_JSON,
    "two values": ASHOK_JSON + ASHOK_JSON,
    "trailing": b"[] []",
    "NaN": b'[{"id":NaN,"name":"A"}]',
    "id as text": b'[{"id":"30","name":"A"}]',
    "id as fraction": b'[{"id":30.5,"name":"A"}]',
    "no id": b'[{"name":"A"}]',
    "no name": b'[{"id":30}]',
    "name null": b'[{"id":30,"name":null}]',
    "name a number": b'[{"id":30,"name":5}]',
    "contacts a text": b'[{"id":30,"name":"A","contacts":"+1 713 987 2967"}]',
    "contact a text": b'[{"id":30,"name":"A","contacts":["+1 713 987 2967"]}]',
    "telephone a number": b'[{"id":30,"name":"A","contacts":[{"telephone":17139872967}]}]',
    "vip a text": b'[{"id":30,"name":"A","vip":"no"}]',
    "list of null": b"[null]",
    "list of lists": b"[[]]",
    "number": b"0",
    "text": b'"nobody"',
    "false": b"false",
    "no UTF-8": b'[{"id":30,"name":"\xff\xfe"}]',
    "half a surrogate": b'[{"id":30,"name":"\\ud800"}]',
    "UTF-16": ASHOK_JSON.decode().encode("utf-16"),
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 40_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep in a person": b'[{"id":1,"name":"A","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    "NaN where nobody looks": b'[{"id":30,"name":"A","x":NaN}]',
    "Infinity": b'[{"id":30,"name":"A","x":-Infinity}]',
    "infinite fraction": b'[{"id":30,"name":"A","x":1e999}]',
    "a key twice": b'[{"id":30,"name":"A","id":31}]',
    "a key twice within": b'[{"id":30,"name":"A","x":{"a":1,"a":1}}]',
    "half a surrogate where nobody looks": b'[{"id":30,"name":"A","x":"\\ud800 and more"}]',
    "no UTF-8 where nobody looks": b'[{"id":30,"name":"A","x":"\xff"}]',
    "33 deep": b'[{"id":1,"name":"A","x":' + b"[" * 31 + b"]" * 31 + b"}]",
    "supportID a truth": b'[{"id":30,"name":"A","supportID":true}]',
    "employeeID a fraction": b'[{"id":30,"name":"A","employeeID":1.5}]',
    "huge id": b'[{"id":' + b"9" * 5000 + b',"name":"A"}]',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_body_that_is_no_answer_is_malformed(
    remote: RemoteDirectory, directory: FakeDirectory, counted: list[str], body: bytes
) -> None:
    directory.behaviour = replying(body)
    assert await reason(remote) == "malformed"
    assert counted == ["malformed"]


@pytest.mark.parametrize(
    "behaviour",
    [
        replying(b"[]" + b" " * (1 << 20)),
        replying(json.dumps([dict(ASHOK)] * 1000).encode()),
        zipped(b"[]" + b" " * (1 << 20)),
        zipped(b" " * (1 << 20), "deflate"),
    ],
    ids=["plain", "people", "gzip", "deflate"],
)
async def test_an_answer_of_a_mebibyte_is_oversized(
    remote: RemoteDirectory, directory: FakeDirectory, behaviour: Behaviour
) -> None:
    directory.behaviour = behaviour
    assert await reason(remote) == "oversized"


async def test_an_answer_of_just_the_largest_size_is_read(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    largest = ASHOK_JSON.ljust(256 * 1024)
    directory.behaviour = replying(largest)
    assert await names(remote) == ["Ashok Kumar"]
    directory.behaviour = replying(largest + b" ")
    assert await reason(remote) == "oversized"


@pytest.mark.slow
async def test_a_gzip_bomb_is_oversized_and_takes_no_memory(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = bomb(megabytes=200)  # some 200 kB on the wire
    tracemalloc.start()
    try:
        assert await reason(remote) == "oversized"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.slow
async def test_a_gzip_bomb_too_large_even_as_sent_is_oversized(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = bomb(megabytes=300)
    tracemalloc.start()
    try:
        assert await reason(remote) == "oversized"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


PACKED = gzip.compress(ASHOK_JSON)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (ASHOK_JSON, "gzip"),
        (b"[]", "deflate"),
        (b"[]", "br"),
        (b"[]", "zstd"),
        (b"[]", "gzip, gzip"),
        (b"[]", "nonsense"),
        (PACKED[:-100], "gzip"),
    ],
)
async def test_a_content_encoding_that_lies_is_malformed(
    remote: RemoteDirectory, directory: FakeDirectory, body: bytes, encoding: str
) -> None:
    directory.behaviour = replying(body, headers={"Content-Encoding": encoding})
    assert await reason(remote) == "malformed"


@pytest.mark.parametrize("length", [2, 10, 11, 12])
async def test_compressed_bytes_that_break_off_are_never_nobody(
    remote: RemoteDirectory, directory: FakeDirectory, length: int
) -> None:
    directory.behaviour = replying(PACKED[:length], headers={"Content-Encoding": "gzip"})
    assert await reason(remote) == "malformed"


async def test_a_port_that_refuses_is_a_failed_connection_and_tried_a_second_time() -> None:
    counts = Counts()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        async with opened(url, counts=counts, clock=SettableClock()) as remote:
            assert await reason(remote) == "connection"
    assert counts.requests == ["connection", "connection"]


async def test_a_host_that_has_no_address_is_a_failed_connection() -> None:
    async with opened("http://directory.invalid/v1") as remote:
        assert await reason(remote) == "connection"


async def test_a_connection_that_is_cut_is_a_failed_connection(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = resetting()
    assert await reason(remote) == "connection"


@pytest.mark.parametrize("cut", [1, 20, 150, 400])
async def test_an_answer_that_breaks_off_is_a_failed_connection(directory: FakeDirectory, cut: int) -> None:
    proxy = FaultProxy(directory.port, cut_after=cut)
    await proxy.start()
    async with opened(f"http://127.0.0.1:{proxy.port}/v1") as remote:
        assert await reason(remote) == "connection"
    await proxy.stop()


@pytest.mark.parametrize(
    "silent", [hanging(), dripping(), dripping(0.3)], ids=["hanging", "dripping", "dripping slowly"]
)
async def test_an_answer_that_does_not_come_or_does_not_end_is_a_timeout(
    directory: FakeDirectory, silent: Behaviour
) -> None:
    directory.behaviour = silent
    async with opened(directory.url, total=0.5) as remote:
        assert await reason(remote) == "timeout"


async def test_a_request_ends_within_five_seconds_whatever_happens() -> None:
    async with open_session(PatientResolver(asyncio.get_running_loop().time)) as session:
        assert (TOTAL, session.timeout.sock_connect) == (4.5, 0.3)


RawServer = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def raw_server() -> AsyncIterator[RawServer]:
    """Start servers that answer a request with bytes as given and close."""
    servers: list[asyncio.Server] = []

    async def start_server(answer: bytes) -> str:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(respond, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}/v1"

    yield start_server
    for server in servers:
        server.close()
        await server.wait_closed()


NO_HTTP = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "noise": bytes(range(256)) * 4,
    "huge header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n[]",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 50_000 + b"\r\n[]",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]",
    "length of words": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[]",
    "longer than sent": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[]",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
    "chunk that never ends": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
    "status of words": b"HTTP/1.1 fine OK\r\n\r\n[]",
    "status zero": b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n[]",
    "bad content type": b"HTTP/1.1 500 \xff\r\nContent-Type: \xff;;=\r\nContent-Length: 2\r\n\r\n[]",
}


@pytest.mark.parametrize("answer", NO_HTTP.values(), ids=NO_HTTP.keys())
async def test_what_is_hardly_http_is_unavailable_and_nothing_else(
    raw_server: RawServer, answer: bytes
) -> None:
    async with opened(await raw_server(answer)) as remote:
        assert await reason(remote) in {"connection", "status", "malformed", "oversized"}


async def test_people_told_without_contacts_are_fetched_whole(
    remote: RemoteDirectory, directory: FakeDirectory, counted: list[str]
) -> None:
    others = [person(ASHOKS_NUMBER, id=number, name=f"Person {number}") for number in (40, 41)]
    directory.people += others
    short = [{"id": one["id"], "name": one["name"]} for one in directory.people]

    async def in_short(request: web.Request) -> web.StreamResponse:
        if directory.requests[-1].path == "/v1/sd":
            return await replying(short)(request)
        return await directory.answer(request)

    directory.behaviour = in_short
    people = await remote.people_with(QUESTION, Purpose.RINGING)
    assert [(one.id, one.contacts) for one in people] == [
        (30, (Contact("work", "+1 (713) 987 2967"),)),
        (40, (Contact("work", ASHOKS_NUMBER),)),
        (41, (Contact("work", ASHOKS_NUMBER),)),
    ]
    assert sorted(seen.path for seen in directory.requests) == [
        "/v1/people/30",
        "/v1/people/40",
        "/v1/people/41",
        "/v1/sd",
    ]
    assert counted == ["found"] * 4


async def test_people_told_to_have_no_contacts_are_not_fetched(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = replying(
        [{"id": 1, "name": "A", "contacts": []}, {"id": 2, "name": "B", "contacts": None}]
    )
    assert await remote.people_with(QUESTION, Purpose.RINGING) == (Person(1, "A"), Person(2, "B"))
    assert len(directory.requests) == 1


async def test_a_person_who_cannot_be_fetched_whole_makes_the_answer_unavailable(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    async def in_short(request: web.Request) -> web.StreamResponse:
        short = directory.requests[-1].path == "/v1/sd"
        behave = replying([{"id": 30, "name": "Ashok Kumar"}]) if short else replying(status=500)
        return await behave(request)

    directory.behaviour = in_short
    assert await reason(remote) == "status"


async def test_an_answer_that_names_hundreds_of_people_does_not_cost_hundreds_of_requests(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    short = [{"id": number, "name": "A"} for number in range(1, 301)]
    whole = replying(person(ASHOKS_NUMBER))

    async def in_short(request: web.Request) -> web.StreamResponse:
        first = directory.requests[-1].path == "/v1/sd"
        return await (replying(short) if first else whole)(request)

    directory.behaviour = in_short
    with contextlib.suppress(Unavailable):
        await remote.people_with(QUESTION, Purpose.RINGING)
    assert len(directory.requests) <= 50


@pytest.mark.parametrize(("told", "read"), [("S-1", "S-1"), (17, "17"), (None, None), ("", "")])
async def test_ids_of_a_person_are_read_as_text(
    remote: RemoteDirectory, directory: FakeDirectory, told: object, read: str | None
) -> None:
    directory.behaviour = replying([person(ASHOKS_NUMBER, supportID=told, employeeID=told)])
    [ashok] = await remote.people_with(QUESTION, Purpose.RINGING)
    assert (ashok.support_id, ashok.employee_id) == (read, read)


async def test_a_person_is_read_by_id(remote: RemoteDirectory) -> None:
    ashok = await remote.person(30, Purpose.RINGING)
    assert ashok is not None
    assert (ashok.id, ashok.contacts) == (30, (Contact("work", "+1 (713) 987 2967"),))
    assert await remote.person(31, Purpose.RINGING) is None


async def test_another_person_than_the_one_asked_for_is_malformed(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = replying(dict(ASHOK))
    with pytest.raises(Unavailable, match="malformed"):
        await remote.person(31, Purpose.RINGING)


async def test_a_person_gone_between_two_requests_is_not_listed(
    remote: RemoteDirectory, directory: FakeDirectory
) -> None:
    directory.behaviour = in_turn(replying([{"id": 30, "name": "A"}]), replying({"message": "x"}, status=404))
    assert await remote.people_with(QUESTION, Purpose.RINGING) == ()


@pytest.mark.parametrize("unknown", [{}, {"custom_fields": [{"id": "a", "value": None}]}, {"nodeID": 5}])
async def test_fields_nobody_knows_are_passed_over(
    remote: RemoteDirectory, directory: FakeDirectory, unknown: dict[str, object]
) -> None:
    directory.behaviour = replying([person(ASHOKS_NUMBER, **unknown)])
    assert await names(remote) == ["Ashok Kumar"]
