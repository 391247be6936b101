"""What agents' screens are told of calls, over real HTTP."""

import asyncio
import socket
import struct
from typing import Any, Final

import pytest

from cti_lookup.feed.tokens import AgentTokens, Grant, token_key
from cti_lookup.web.keys import PARTS
from tests.conftest import SettableClock
from tests.feed.listening import PATIENCE, agent_listening, bearer, listening, token_for, url_of
from tests.servers.fake_directory import FakeDirectory, held
from tests.service.conftest import BEARER, Service, StartService

STREAM: Final = "/v1/calls/stream"


async def refused(service: Service, **headers: str) -> tuple[int, str]:
    async with service.client.get(STREAM, headers=headers) as response:
        return response.status, (await response.json(content_type=None))["code"]


async def test_a_screen_is_greeted_and_shown_the_calls_there_are(
    service: Service, clock: SettableClock
) -> None:
    await service.ring(callId="1")
    await settled_at(service, 1)
    clock.pass_by(1)
    token = await token_for(service, "1002")
    async with listening(url_of(service), bearer(token["token"])) as listener:
        hello, calls = await listener.next(), await listener.next()

    assert hello.told == {
        "heartbeat": 15,
        "replay": 120,
        "role": "agent",
        "expires_at": "2026-11-21T20:15:01.000Z",
        "now": "2026-11-21T20:00:01.000Z",
    }
    assert (hello.id, calls.name) == ("", "calls")
    assert calls.id
    assert [one["provider_id"] for one in calls.told["calls"]] == ["1"]


async def test_a_call_is_shown_to_those_whom_it_rings_and_to_nobody_else(service: Service) -> None:
    async with agent_listening(service, "1002") as ada, agent_listening(service, "1003") as bob:
        await service.ring(callId="1", to="1002")
        await service.ring(callId="2", to="1003")

        assert (await ada.settled())["provider_id"] == "1"
        assert (await bob.settled())["provider_id"] == "2"
        await service.ring(callId="3", to="1003")
        await service.ring(callId="4", to="1002")
        assert (await ada.call())[0] == "4"


async def test_the_wire_form_of_a_call_is_the_contracts_and_more(service: Service) -> None:
    async with agent_listening(service, "1002") as ada:
        await service.ring(callId="1", queue="support", user=["1002"])
        told = await ada.settled()

    assert {
        name: told[name] for name in ("direction", "state", "result", "agents", "queue", "seen", "chosen")
    } == {
        "direction": "inbound",
        "state": "ringing",
        "result": None,
        "agents": ["1002"],
        "queue": "support",
        "seen": False,
        "chosen": None,
    }
    assert told["pops"] is True
    assert told["revision"] >= 1
    assert [one["name"] for one in told["lookup"]["people"]] == ["Ashok Kumar"]


async def test_the_screen_rings_before_it_is_known_who_calls(
    service: Service, directory: FakeDirectory
) -> None:
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    async with agent_listening(service, "1002") as ada:
        ringing = asyncio.create_task(service.ring(callId="1"))
        first = (await ada.next()).told
        assert (first["lookup"]["outcome"], first["lookup"]["people"]) == ("pending", [])
        assert first["lookup"]["caller"]["e164"] == "+17139872967"
        gate.set()
        then = (await ada.next()).told
        await ringing

    assert (then["id"], then["lookup"]["outcome"]) == (first["id"], "matched")
    assert then["revision"] > first["revision"]


async def test_a_call_leaves_the_screens_of_those_who_did_not_answer(service: Service) -> None:
    async with agent_listening(service, "1002") as ada, agent_listening(service, "1003") as bob:
        await service.ring(callId="1", user=["1002", "1003"])
        assert (await ada.settled())["agents"] == (await bob.settled())["agents"] == ["1002", "1003"]
        await service.ring(callId="1", event="answer", user=["1002", "1003"], answeringNumber="1003")
        left = await ada.next()
        assert (left.name, left.told["reason"]) == ("left", "answered_elsewhere")
        assert (await bob.call())[1] == "answered"
        await service.ring(callId="1", event="hangup")
        assert (await bob.call())[1] == "ended"
        await service.ring(callId="2", to="1002")
        assert (await ada.call())[0] == "2"


async def test_a_missed_call_ends_on_every_screen_that_it_rang(service: Service) -> None:
    async with agent_listening(service, "1002") as ada:
        await service.ring(callId="1")
        await ada.settled()
        await service.ring(callId="1", event="hangup", cause="cancel")
        told = (await ada.next()).told

    assert (told["state"], told["result"]) == ("ended", "missed")


async def test_a_queue_sees_its_calls_until_somebody_has_them(service: Service) -> None:
    async with agent_listening(service, "1009", queues=["Support"]) as ada:
        await service.ring(callId="1", queue="support")
        assert (await ada.settled())["provider_id"] == "1"
        await service.ring(callId="1", event="answer", answeringNumber="1002")
        assert (await ada.next()).told["reason"] == "answered_elsewhere"


async def test_names_are_the_same_in_small_and_large_letters(service: Service) -> None:
    async with agent_listening(service, "Ada@Desk.Example") as ada:
        await service.ring(callId="1", user=["ADA@desk.example"])
        assert (await ada.settled())["provider_id"] == "1"


async def test_a_supervisor_and_a_machine_see_all_calls(service: Service) -> None:
    async with (
        agent_listening(service, "1", role="supervisor") as supervisor,
        listening(url_of(service), BEARER) as machine,
    ):
        hello = await machine.next()
        assert (hello.told["role"], hello.told["expires_at"]) == ("supervisor", None)
        await machine.next()
        await service.ring(callId="1", to="1002")
        assert (await supervisor.settled())["id"] == (await machine.settled())["id"]


async def test_a_token_of_other_sources_shows_nothing_of_this_one(service: Service) -> None:
    async with (
        agent_listening(service, "1002", sources=["front-desk"]) as other,
        agent_listening(service, "1002", sources=["generic"]) as this,
    ):
        await service.ring(callId="1")
        assert (await this.settled())["provider_id"] == "1"
        await close_by(service)
        assert (await other.next()).name == "bye"


async def close_by(service: Service) -> None:
    """Let a service say goodbye to all streams."""
    assert service.client.app is not None
    service.client.app[PARTS].screen.live.shut("shutdown")


class TestWhoMayListen:
    async def test_nobody_without_a_token(self, service: Service) -> None:
        assert await refused(service) == (401, "bad_token")
        assert await refused(service, Authorization="Bearer x") == (401, "bad_token")
        assert await refused(service, Authorization="Basic eDp5") == (401, "bad_token")

    async def test_nobody_with_a_token_of_another_service(
        self, start: StartService, clock: SettableClock
    ) -> None:
        service = await start(secret="ours")
        tokens = AgentTokens(token_key(b"theirs"), clock)
        token = tokens.mint(Grant(subject="u", agents=("1002",))).token
        assert await refused(service, **bearer(token)) == (401, "bad_token")

    async def test_nobody_with_one_that_has_expired_or_was_taken_back(
        self, service: Service, clock: SettableClock
    ) -> None:
        one, other = await token_for(service, "1", expires_in=60), await token_for(service, "1")
        async with service.client.delete(f"/v1/tokens/{other['id']}", headers=BEARER):
            pass
        clock.pass_by(60)
        assert await refused(service, **bearer(one["token"])) == (401, "token_expired")
        assert await refused(service, **bearer(other["token"])) == (401, "token_revoked")

    async def test_no_page_of_a_foreign_origin(self, start: StartService) -> None:
        service = await start(origins="https://desk.example")
        token = bearer((await token_for(service, "1"))["token"])
        assert await refused(service, Origin="https://evil.example", **token) == (403, "bad_origin")
        assert await refused(service, Origin="https://evil.example", **BEARER) == (403, "bad_origin")
        headers = {"Origin": "https://desk.example", **token}
        async with listening(url_of(service), headers) as listener:
            allowed = listener.response.headers
            assert allowed["Access-Control-Allow-Origin"] == "https://desk.example"
            assert allowed["Vary"] == "Origin"

    async def test_no_token_in_the_query(self, service: Service) -> None:
        token = (await token_for(service, "1"))["token"]
        async with service.client.get(STREAM, params={"key": token}) as response:
            assert response.status == 401


class TestEnds:
    async def test_a_revoked_token_s_stream_ends_with_a_word(self, service: Service) -> None:
        token = await token_for(service, "1002")
        async with listening(url_of(service), bearer(token["token"])) as listener:
            await listener.next()
            await listener.next()
            async with service.client.delete("/v1/tokens?subject=u-1002", headers=BEARER) as response:
                assert response.status == 204
            bye = await listener.next()
            assert (bye.name, bye.told) == ("bye", {"reason": "revoked"})
            assert await listener.end() == b""

    async def test_an_expired_token_s_stream_ends_with_a_word(
        self, service: Service, clock: SettableClock
    ) -> None:
        async with agent_listening(service, "1002", expires_in=60) as listener:
            clock.pass_by(60)
            assert (await listener.next()).told == {"reason": "expired"}
            assert await listener.end() == b""

    async def test_a_service_that_ends_says_so(self, service: Service) -> None:
        async with agent_listening(service, "1002") as listener:
            stopping = asyncio.create_task(service.stop())
            assert (await listener.next()).told == {"reason": "shutdown"}
            await listener.end()
            await stopping

    async def test_a_sign_of_life_comes_every_fifteen_seconds(
        self, service: Service, clock: SettableClock
    ) -> None:
        async with agent_listening(service, "1002") as listener:
            clock.pass_by(15)
            async with asyncio.timeout(PATIENCE):
                assert await listener.response.content.readany() == ": ♥\n\n".encode()

    async def test_who_does_not_read_is_cut_off_and_slows_nobody(
        self, service: Service, clock: SettableClock
    ) -> None:
        token = await token_for(service, "1002")
        line = await raw_stream(service, token["token"])
        async with agent_listening(service, "1003") as other:
            filling = asyncio.create_task(fill(service))
            async with asyncio.timeout(PATIENCE):
                while not is_stuck(service):  # noqa: ASYNC110  # the kernel tells nobody when it is full
                    await asyncio.sleep(0.01)
            clock.pass_by(2.5)
            await filling
            seen = [(await other.settled())["provider_id"] for _ in range(3)]
            async with asyncio.timeout(PATIENCE):
                while await streams_open(service) > 1:  # noqa: ASYNC110  # what is counted is all there is
                    await asyncio.sleep(0.05)
        line.close()

        assert seen == ["other 0", "other 1", "other 2"]

    async def test_who_reads_slowly_gets_all_the_calls_there_are(
        self, service: Service, clock: SettableClock
    ) -> None:
        for number in range(300):
            await service.ring(callId=f"{number}", user=[f"{one:0>200}" for one in range(20)])
        await settled_at(service, 300)
        line = await raw_stream(service, (await token_for(service, "boss", role="supervisor"))["token"])
        read = b""
        while b'"pops":true}]}' not in read[-_MUCH:]:
            clock.pass_by(1.5)
            looked_after(service)
            async with asyncio.timeout(PATIENCE):
                read += await much_of(line)
        line.close()

        assert len(read) > 4 * _MUCH
        assert b"event: bye" not in read


_MUCH: Final = 200_000


async def much_of(line: socket.socket) -> bytes:
    """Read so much that more must have been written since, or to the end of all calls."""
    read = b""
    while len(read) < _MUCH and b'"pops":true}]}' not in read[-100:]:
        read += (piece := await asyncio.get_running_loop().sock_recv(line, 65_536))
        assert piece, "the stream has ended"
    return read


def looked_after(service: Service) -> None:
    assert service.client.app is not None
    service.client.app[PARTS].screen.live.look_after()


async def streams_open(service: Service) -> float:
    return await service.counted("cti_streams_open")


def is_stuck(service: Service) -> bool:
    assert service.client.app is not None
    live = service.client.app[PARTS].screen.live
    return any(viewer.busy_since is not None for viewer in live._viewers)


async def raw_stream(service: Service, token: str) -> socket.socket:
    """Open a stream over a socket that takes little and reads nothing."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)  # the library's own
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, ("127.0.0.1", service.port))
    request = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    await loop.sock_sendall(line, request.encode())
    return line


async def fill(service: Service) -> None:
    """Ring an agent with much to say, and another now and then."""
    for number in range(300):
        await service.ring(callId=f"{number}", to="1002", user=["1002"], queue="q" * 255)
        if number % 100 == 0:
            await service.ring(callId=f"other {number // 100}", to="1003")


async def test_who_leaves_before_the_stream_begins_is_no_failure(service: Service) -> None:
    token = (await token_for(service, "1002"))["token"]
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", service.port)) as line:
            line.sendall(
                f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    async with agent_listening(service, "1002"):
        assert [line for line in service.logged if line["event"] == "failed"] == []


class TestComingBack:
    async def test_what_was_missed_is_told_in_order_and_nothing_else(self, service: Service) -> None:
        token = await token_for(service, "1002")
        headers = bearer(token["token"])
        async with listening(url_of(service), headers) as listener:
            await listener.next()
            await listener.next()
            await service.ring(callId="1")
            await listener.settled()
        for call in ("2", "3"):
            await service.ring(callId=call)
        await service.ring(callId="9", to="1003")
        await settled_at(service, 4)
        async with listening(url_of(service), headers | {"Last-Event-ID": listener.last_id}) as again:
            assert (await again.next()).name == "hello"
            missed = [await again.call() for _ in range(2)]
            await service.ring(callId="4")
            assert (await again.call())[0] == "4"

        assert missed == [("2", "ringing", "matched"), ("3", "ringing", "matched")]

    async def test_who_missed_nothing_is_told_nothing(self, service: Service) -> None:
        token = await token_for(service, "1002")
        headers = bearer(token["token"])
        async with listening(url_of(service), headers) as listener:
            await listener.next()
            await listener.next()
        async with listening(url_of(service), headers | {"Last-Event-ID": listener.last_id}) as again:
            await again.next()
            await service.ring(callId="1")
            assert (await again.call())[0] == "1"

    async def test_that_a_call_was_answered_elsewhere_meanwhile_is_told(self, service: Service) -> None:
        token = await token_for(service, "1002")
        headers = bearer(token["token"])
        async with listening(url_of(service), headers) as listener:
            await listener.next()
            await listener.next()
            await service.ring(callId="1", user=["1002", "1003"])
            call = await listener.settled()
        await service.ring(callId="1", event="answer", answeringNumber="1003")
        await settled_at(service, 1, state="answered")
        async with listening(url_of(service), headers | {"Last-Event-ID": listener.last_id}) as again:
            await again.next()
            left = await again.next()

        assert (left.name, left.told) == ("left", {"id": call["id"], "reason": "answered_elsewhere"})

    @pytest.mark.parametrize("last_id", ["unknown", "p1-0", "x" * 500])
    async def test_after_an_event_that_nobody_knows_all_is_shown_anew(
        self, service: Service, last_id: str
    ) -> None:
        await service.ring(callId="1")
        await settled_at(service, 1)
        token = await token_for(service, "1002")
        headers = bearer(token["token"]) | {"Last-Event-ID": last_id}
        async with listening(url_of(service), headers) as listener:
            told = [await listener.next() for _ in range(3)]

        assert [one.name for one in told] == ["hello", "reset", "calls"]
        assert told[1].told == {"reason": "restart"}
        assert [one["provider_id"] for one in told[2].told["calls"]] == ["1"]

    async def test_after_two_minutes_all_is_shown_anew(self, service: Service, clock: SettableClock) -> None:
        token = await token_for(service, "1002")
        headers = bearer(token["token"])
        async with listening(url_of(service), headers) as listener:
            await listener.next()
            await listener.next()
            await service.ring(callId="1")
            await listener.settled()
        await service.ring(callId="2")
        await settled_at(service, 2)
        clock.pass_by(121)
        await service.ring(callId="3")
        await settled_at(service, 3)
        async with listening(url_of(service), headers | {"Last-Event-ID": listener.last_id}) as again:
            names = [(await again.next()).name for _ in range(3)]
            assert names == ["hello", "reset", "calls"]


async def settled_at(service: Service, calls: int, **query: str) -> list[Any]:
    """Wait until so many calls are in the log, and it is known who calls."""
    async with asyncio.timeout(PATIENCE):
        while True:
            params = {"limit": "500", **query}
            async with service.client.get("/v1/calls", params=params, headers=BEARER) as response:
                told: list[Any] = (await response.json())["calls"]
            if len(told) >= calls and all(one["lookup"]["outcome"] != "pending" for one in told):
                return told
            await asyncio.sleep(0.01)


async def test_a_call_that_begins_with_its_end_never_pops(service: Service) -> None:
    async with agent_listening(service, "1002") as ada:
        await service.ring(callId="1", event="hangup", cause="cancel")
        assert (await ada.settled())["pops"] is False


async def test_a_screen_that_was_closed_is_counted_no_more(service: Service, clock: SettableClock) -> None:
    async with agent_listening(service, "1002"):
        assert await streams_open(service) == 1
    async with asyncio.timeout(PATIENCE):
        while await streams_open(service):
            clock.pass_by(15)  # a sign of life finds nobody
            await asyncio.sleep(0.05)


async def test_the_way_from_the_webhook_to_the_screen_is_measured(service: Service) -> None:
    async with agent_listening(service, "1002") as ada:
        await service.ring(callId="1")
        await ada.settled()
        assert await service.counted("cti_feed_seconds_count") >= 1
        assert await service.counted("cti_feed_messages_total", result="told") >= 1
