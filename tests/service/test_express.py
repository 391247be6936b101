"""An event that is answered past aiohttp's handler is answered as by it, and a line on which that happens ends as any other."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise
from operator import sub

import pytest

from cti_lookup.dialects import Facts, Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.events import CallEvent
from cti_lookup.web.express import express_lane
from cti_lookup.web.keys import PARTS
from cti_lookup.web.line import no_express
from tests.conftest import SettableClock
from tests.playing.systems import NAMED, PUBLIC_URL, Systems
from tests.servers.fake_directory import FakeDirectory, held, person
from tests.service.conftest import KEY, Service, StartService
from tests.service.lines import PATIENCE, Answer, Talk, alike, behind_a_door, event, talking
from tests.service.tracing import KeptTraces

BEARER = f"Authorization: Bearer {KEY}"
NUMBER = "+1 713 987 2967"
RINGING = json.dumps({"event": "newCall", "from": NUMBER, "direction": "in", "callId": "one"}).encode()
EVENT = event(RINGING, BEARER)
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
SYSTEMS = Systems()


@pytest.fixture
def gate(directory: FakeDirectory) -> asyncio.Event:
    """Hold the directory's answers until this is set."""
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    return gate


def calling(number: str, call: str = "one") -> bytes:
    return event(json.dumps({"event": "newCall", "from": number, "callId": call}).encode(), BEARER)


SAID = {
    "an event": EVENT,
    "with another way to show the key": event(RINGING, f"X-API-Key: {KEY}"),
    "with the key in the query": event(RINGING, path=f"/webhooks/generic?key={KEY}"),
    "with the key in the path": event(RINGING, path=f"/webhooks/generic/{KEY}"),
    "with a name of its own": event(RINGING, BEARER, "X-Request-Id: 0af7651916cd43dd8448eb211c80319c"),
    "with a very long head": event(RINGING, BEARER, *(f"X-Long-{n}: {'x' * 200}" for n in range(20))),
    "with a header that is too long": event(RINGING, BEARER, f"X-Long: {'x' * 9000}"),
    "whose sender hangs up": event(RINGING, BEARER, "Connection: close"),
    "whose sender waits for a word": event(RINGING, BEARER, "Expect: 100-continue"),
    "whose sender wants another protocol": event(RINGING, BEARER, "Connection: upgrade", "Upgrade: h2c"),
    "of an older client": event(RINGING, BEARER, version="1.0"),
    "of an older client that stays": event(RINGING, BEARER, "Connection: keep-alive", version="1.0"),
    "of a client of the future": event(RINGING, BEARER, version="1.2"),
    "with lines that end in a newline": EVENT.replace(b"\r\n", b"\n"),
    "after an empty line": b"\r\n" + EVENT,
    "with two lengths": event(RINGING, BEARER, "Content-Length: 3"),
    "with a length and chunks": event(RINGING, BEARER, "Transfer-Encoding: chunked"),
    "with a length that is none": EVENT.replace(b"Content-Length: ", b"Content-Length: +"),
    "with a blank before a colon": EVENT.replace(b"Host:", b"Host :"),
    "with a folded header": event(RINGING, BEARER, "X-Long: one", " two"),
    "with a zero in a header": event(RINGING, BEARER, "X-Zero: \0"),
    "in chunks": event(b"", BEARER).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    + b"%x\r\n%b\r\n0\r\n\r\n" % (len(RINGING), RINGING),
    "that is compressed as it says, and is not": event(RINGING, BEARER, "Content-Encoding: gzip"),
    "without a key": event(RINGING),
    "with a wrong key": event(RINGING, "Authorization: Bearer wrong"),
    "without a body": event(b"", BEARER),
    "with a body that is none": event(b"{", BEARER),
    "with a field of a wrong type": event(b'{"direction":[]}', BEARER),
    "with a body that is too large": event(b" " * 70_000, BEARER),
    "of a source that is none": event(RINGING, BEARER, path="/webhooks/other"),
    "as a whole URL": event(RINGING, BEARER, path="http://service.example/webhooks/generic"),
    "with a dot in the path": event(RINGING, BEARER, path="/webhooks/./generic"),
    "with a method that is none": event(RINGING, BEARER, method="PUT"),
    "with a method nobody knows": event(RINGING, BEARER, method="RING"),
    "in the query": event(b"", BEARER, path="/webhooks/generic?from=%2B17139872967&callId=two", method="GET"),
    "that is nothing at all": b"ring, ring\r\n\r\n",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_what_is_said_is_answered_alike_with_the_lane_and_without(
    service: Service, said: bytes
) -> None:
    await service.ring(callId="one")
    told = []
    for express in (False, True):
        before = await counts(service)
        async with behind_a_door(service, express=express) as behind, talking(behind) as talk:
            answers = [alike(one) for one in await all_answers(talk.say(said))]
            if not answers or answers[-1][1].get("connection") != "close":
                answers += [alike(one) for one in await all_answers(talk.say(EVENT))]
        told.append((answers, [*map(sub, await counts(service), before)]))

    assert told[0] == told[1]


async def all_answers(talk: Talk) -> list[Answer]:
    """Give the answer to what was said, with all that goes before it; none if the line ends without."""
    answers = []
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        answers.append(await talk.answer())
        if answers[0].status == HTTPStatus.CONTINUE:
            answers.append(await talk.answer())
    return answers


async def counts(service: Service) -> list[float]:
    results = ("accepted", "bad_key", "unreadable", "wrong_field", "too_large", "unknown_source")
    return [
        await service.counted("cti_webhooks_total", source=source, result=result)
        for source in ("generic", "unknown")
        for result in results
    ]


@pytest.mark.parametrize("status", [200, 202, 205, 299])
async def test_an_answer_of_any_status_is_alike_with_the_lane_and_without(
    start: StartService, status: int
) -> None:
    custom = {"event": "event", "remote": "from", "respond": {"body": "json", "status": status}}
    service = await start(sources={"own": {"dialect": "custom", "secrets": [KEY], "custom": custom}})
    told = []
    for express in (False, True):
        async with behind_a_door(service, express=express) as behind, talking(behind) as talk:
            told.append(alike(await talk.say(event(RINGING, BEARER, path="/webhooks/own")).answer()))

    assert told[0][0] == status
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
async def test_calls_of_every_dialect_are_answered_alike_with_the_lane_and_without(
    start: StartService, clock: SettableClock, name: str
) -> None:
    clock.now = time.time()
    told = []
    for express in (False, True):
        service = await start(sources=SYSTEMS.sources, public_url=PUBLIC_URL)
        answers = []
        async with behind_a_door(service, express=express) as behind, talking(behind) as talk:
            for played in SYSTEMS.call(name, 7, NUMBER):
                sent = played.to("")
                fields = [f"{one}: {value}" for one, value in sent.headers.items()]
                said = event(sent.body, *fields, path=sent.url, method=sent.method)
                answers.append(alike(await talk.say(said).answer()))
        told.append(answers)

    assert {status for status, _, _ in told[0]} <= {200, 204}
    assert told[0] == told[1]


@pytest.mark.parametrize("pieces", [2, 3, 7])
async def test_an_event_that_comes_in_pieces_is_answered_once(service: Service, pieces: int) -> None:
    async with behind_a_door(service) as behind:
        for begin in range(1, len(EVENT) - pieces, 37):
            cuts = [0, *range(begin, begin + pieces - 1), len(EVENT)]
            async with talking(behind) as talk:
                await talk.say_slowly([EVENT[here:there] for here, there in pairwise(cuts)])
                assert matched(await talk.answer()) == ["Ashok Kumar"]
                talk.writer.write_eof()
                assert await talk.rest() == b""


CALLS = [calling(f"+171355501{n:02d}", f"call {n}") for n in range(10, 20)]


@pytest.mark.parametrize(
    "said",
    [
        CALLS,
        [b"".join(CALLS)],
        [b"".join(CALLS[:4]), *CALLS[4:]],
        [CALLS[0] + CALLS[1][:9], CALLS[1][9:], *CALLS[2:]],
        [*CALLS[:5], CALLS[5] + CALLS[6], *CALLS[7:]],
    ],
    ids=["one by one", "all at once", "the first at once", "one and a half", "two at once later"],
)
async def test_requests_on_one_line_are_answered_in_their_order(
    service: Service, directory: FakeDirectory, said: list[bytes]
) -> None:
    directory.people = [person(f"+1 713 555 01{n:02d}", name=f"Person {n}") for n in range(10, 20)]
    async with behind_a_door(service) as behind:
        for pause in (0, 0.01):
            async with talking(behind) as talk:
                await talk.say_slowly(said, pause)
                names = [matched(one) for one in await talk.answers(len(CALLS))]
                assert names == [[f"Person {n}"] for n in range(10, 20)]


async def test_what_is_said_while_an_event_is_looked_up_waits_its_turn(
    service: Service, directory: FakeDirectory, gate: asyncio.Event
) -> None:
    async with behind_a_door(service) as behind, talking(behind) as talk:
        talk.say(EVENT)
        await directory.asked.wait()
        await talk.say_slowly([LIVE, EVENT[:20], EVENT[20:]])
        gate.set()
        first, second, third = await talk.answers(3)

    assert [matched(first), second.status, matched(third)] == [["Ashok Kumar"], 200, ["Ashok Kumar"]]


@pytest.mark.slow
async def test_who_does_not_read_is_not_read_from_either(service: Service) -> None:
    await service.ring(callId="one")
    async with behind_a_door(service) as behind, talking(behind) as talk:
        talk.writer.transport.set_write_buffer_limits(high=0)
        said = 0
        with suppress(TimeoutError):
            while said < MOST_SAID:
                talk.say(EVENT * 100)
                said += 100
                await asyncio.wait_for(talk.writer.drain(), 1)
        assert said < MOST_SAID
        heard = 0
        while heard < said:
            heard += (await talk.some()).count(b"HTTP/1.1 200 OK")


MOST_SAID = 200_000
"""More events than the kernel's buffers of both sides have room for, 20 MB each way at most."""


async def test_who_hangs_up_while_an_event_is_looked_up_is_looked_up_all_the_same(
    service: Service, directory: FakeDirectory, gate: asyncio.Event
) -> None:
    async with behind_a_door(service) as behind:
        async with talking(behind) as talk:
            talk.say(EVENT)
            await directory.asked.wait()
        gate.set()
        async with asyncio.timeout(PATIENCE):
            while not [line for line in service.logged if line["event"] == "webhook"]:  # noqa: ASYNC110  # logged in the end
                await asyncio.sleep(0.01)

    assert [line["outcome"] for line in service.logged if line["event"] == "webhook"] == ["matched"]
    assert not [line for line in service.logged if line["level"] != "info"]


@pytest.mark.slow
async def test_who_is_answered_past_the_handler_may_stay_as_long_as_anybody(service: Service) -> None:
    async with behind_a_door(service, keep_alive=0.6, within=0.5) as behind, talking(behind) as talk:
        for _ in range(4):
            assert matched(await talk.say(EVENT).answer()) == ["Ashok Kumar"]
            await asyncio.sleep(0.3)
        assert await talk.rest() == b""
    assert await service.counted("cti_connections_turned_away_total", reason="slow") == 0


async def test_who_begins_and_does_not_end_after_being_answered_past_the_handler_is_shown_out(
    service: Service,
) -> None:
    async with behind_a_door(service, within=0.2) as behind, talking(behind) as talk:
        assert matched(await talk.say(EVENT).answer()) == ["Ashok Kumar"]
        talk.say(EVENT[:30])
        assert await talk.rest() == b""
    assert await service.counted("cti_connections_turned_away_total", reason="slow") == 1


async def test_the_answer_is_the_last_of_its_line_once_the_process_is_to_end(
    service: Service, directory: FakeDirectory, gate: asyncio.Event
) -> None:
    async with behind_a_door(service) as behind, talking(behind) as early, talking(behind) as late:
        early.say(EVENT)
        await directory.asked.wait()
        behind.ends = True
        late.say(EVENT)
        gate.set()
        assert "connection" not in (await early.answer()).headers
        assert (await late.answer()).headers["connection"] == "close"
        assert await late.rest() == b""
        assert (await early.say(EVENT).answer()).headers["connection"] == "close"


async def test_what_is_said_once_the_listener_is_to_end_is_left_to_the_handlers_which_are_waited_for(
    service: Service, directory: FakeDirectory, gate: asyncio.Event
) -> None:
    async with behind_a_door(service) as behind, talking(behind) as early, talking(behind) as late:
        early.say(EVENT)
        await directory.asked.wait()
        emptied = asyncio.create_task(behind.door.emptied(PATIENCE))
        await late.say(LIVE).answer()
        directory.asked.clear()
        late.say(calling("+17135550110", "two"))
        await directory.asked.wait()
        assert not emptied.done()
        gate.set()
        assert matched(await early.answer()) == ["Ashok Kumar"]
        assert matched(await late.answer()) == []
        await emptied
        directory.asked.clear()
        gate.clear()
        early.say(calling("+17135550111", "three"))
        await directory.asked.wait()
        behind.door.close()
        gate.set()
        assert matched(await early.answer()) == []


async def test_a_line_on_which_an_answer_is_given_up_ends(service: Service) -> None:
    async def given_up() -> bytes:
        raise asyncio.CancelledError

    async with (
        behind_a_door(service, lane=lambda _said, _last: given_up()) as behind,
        talking(behind) as talk,
    ):
        assert await talk.say(EVENT).rest() == b""


async def test_wrong_keys_are_throttled_on_one_line_too(service: Service) -> None:
    async with behind_a_door(service) as behind, talking(behind) as talk:
        statuses = [(await talk.say(event(RINGING, "X-API-Key: wrong")).answer()).status for _ in range(150)]
        right = await talk.say(EVENT).answer()

    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert right.status == 200


class BrokenError(ValueError):
    """What nobody expected."""


def fail(request: Request, _: Facts) -> tuple[CallEvent, ...]:
    raise BrokenError(request.body)


async def test_what_nobody_expected_is_a_problem_and_a_line_in_the_log_without_its_values(
    service: Service,
) -> None:
    assert service.client.app is not None
    parts = service.client.app[PARTS]
    generic = replace(parts.sources["generic"], dialect=replace(GENERIC, read=fail))
    broken = replace(parts, sources={"generic": generic})
    async with behind_a_door(service, lane=express_lane(broken)) as behind, talking(behind) as talk:
        answer = await talk.say(EVENT).answer()

    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert json.loads(answer.body)["code"] == "internal"
    assert [line["exception"] for line in service.logged if line["event"] == "failed"] == ["BrokenError"]
    assert NUMBER[3:] not in json.dumps(service.logged)


async def test_where_requests_are_traced_there_is_no_lane(start: StartService) -> None:
    service = await start(traces=KeptTraces())
    assert service.client.app is not None
    assert express_lane(service.client.app[PARTS]) is no_express


def matched(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [one["name"] for one in json.loads(answer.body)["lookup"]["people"]]
