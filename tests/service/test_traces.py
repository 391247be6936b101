"""Spans show where a request's time went and nothing of whom it was about; without the setting there is nothing of them."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDict
from opentelemetry.trace import SpanKind, StatusCode

from cti_lookup.playing.players import PLAYERS
from cti_lookup.settings import Settings
from cti_lookup.traces import Attribute
from cti_lookup.web.keys import PARTS
from tests.conftest import SettableClock
from tests.feed.listening import agent_listening
from tests.playing.test_scripts import NAMED, PUBLIC_URL, SECRET, played, secret_of, sources
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, replying
from tests.servers.program import Program
from tests.servers.redis_process import RedisProcess
from tests.service.conftest import BEARER, KEY, Service, StartService
from tests.service.tracing import KeptTraces, parent_of, told

TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
PARENT: Final = "b7ad6b7169203331"
SENT: Final = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
PERSONAL: Final = (
    "713987",
    "9872967",
    "987-2967",
    "713555",
    "207946",
    "Ashok",
    "Kumar",
    "people.example",
    "smith",
    "hunter2",
    "telephone=",
    "a-directory-token",
    "a-token-in-the-path",
    KEY,
    SECRET,
)


@pytest.fixture
def traces() -> KeptTraces:
    return KeptTraces()


@pytest.fixture
async def traced(start: StartService, traces: KeptTraces) -> Service:
    return await start(traces=traces)


async def test_a_request_is_a_tree_of_what_it_waited_for(
    start: StartService, traces: KeptTraces, redis: RedisProcess
) -> None:
    service = await start(traces=traces, redis_url=redis.url)
    async with service.client.get("/v1/lookup", params={"telephone": ASHOKS_NUMBER}, headers=BEARER):
        pass
    spans = traces.ended

    assert {(span.name, parent_of(span, spans)) for span in spans} >= {
        ("GET /v1/lookup", None),
        ("lookup", "GET /v1/lookup"),
        ("redis read", "lookup"),
        ("directory", "lookup"),
        ("GET /sd", "directory"),
    }
    assert {span.context.trace_id for span in spans} == {spans[0].context.trace_id}
    assert {span.name: span.kind for span in spans}["GET /sd"] is SpanKind.CLIENT
    assert traces.named("GET /v1/lookup").kind is SpanKind.SERVER


async def test_a_span_tells_the_words_of_its_request(traced: Service, traces: KeptTraces) -> None:
    await traced.ring(callId="1")
    (line,) = traced.logged

    assert told(traces.named("POST /webhooks/generic")) == {
        "http.request.method": "POST",
        "http.route": "/webhooks/generic",
        "http.response.status_code": 200,
        "cti.request": line["request"],
        "cti.source": "generic",
        "cti.result": "accepted",
        "cti.outcome": "matched",
        "cti.tier": "directory",
    }
    assert told(traces.named("lookup")) == {"cti.outcome": "matched", "cti.tier": "directory"}
    assert told(traces.named("directory")) == {"cti.purpose": "ringing", "cti.result": "found"}
    assert told(traces.named("GET /sd")) == {"http.response.status_code": 200}


async def test_a_trace_goes_on_from_the_sender_to_the_directory(
    traced: Service, traces: KeptTraces, directory: FakeDirectory
) -> None:
    hidden = {"tracestate": "vendor=Ashok-17139872967", "baggage": "caller=%2B17139872967"}
    event = {"event": "newCall", "from": ASHOKS_NUMBER, "direction": "in", "callId": "1"}
    headers = {**BEARER, **SENT, **hidden}
    async with traced.client.post("/webhooks/generic", json=event, headers=headers) as response:
        assert response.headers["X-Request-Id"] == TRACE
    server, client = traces.named("POST /webhooks/generic"), traces.named("GET /sd")
    passed_on = CIMultiDict(directory.requests[0].headers)

    assert server.parent is not None
    assert (f"{server.parent.span_id:016x}", f"{server.context.trace_id:032x}") == (PARENT, TRACE)
    assert passed_on["traceparent"] == f"00-{TRACE}-{client.context.span_id:016x}-01"
    assert passed_on["X-Request-Id"] == TRACE
    assert "tracestate" not in passed_on
    assert "baggage" not in passed_on


async def test_a_trace_that_its_sender_does_not_keep_is_not_kept_here(
    traced: Service, traces: KeptTraces, directory: FakeDirectory
) -> None:
    headers = {**BEARER, "traceparent": f"00-{TRACE}-{PARENT}-00"}
    async with traced.client.get("/v1/lookup", params={"telephone": ASHOKS_NUMBER}, headers=headers):
        pass

    assert traces.ended == ()
    assert CIMultiDict(directory.requests[0].headers)["traceparent"].endswith("-00")


async def test_requests_of_one_connection_are_traces_of_their_own(
    traced: Service, traces: KeptTraces
) -> None:
    for number in range(3):
        await traced.ring(callId=str(number))
    servers = [span for span in traces.ended if span.kind is SpanKind.SERVER]

    assert len({span.context.trace_id for span in servers}) == 3
    assert [span.parent for span in servers] == [None] * 3


async def test_a_failure_is_told_in_one_word(
    traced: Service, traces: KeptTraces, directory: FakeDirectory
) -> None:
    directory.behaviour = replying({"message": "Ashok Kumar +17139872967"}, status=403)
    await traced.lookup()

    assert told(traces.named("directory"))["error.type"] == "forbidden"
    assert told(traces.named("GET /v1/lookup"))["cti.outcome"] == "unavailable"
    assert traces.named("directory").status.status_code is StatusCode.ERROR
    assert traces.named("directory").status.description is None
    assert [span.events for span in traces.ended if span.events] == []


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_what_is_asked_every_few_seconds_has_no_spans(
    traced: Service, traces: KeptTraces, path: str
) -> None:
    await traced.until_ready()
    async with traced.client.get(path) as response:
        assert response.status == 200

    assert traces.ended == ()


async def test_a_webhook_that_is_refused_is_traced_too(traced: Service, traces: KeptTraces) -> None:
    async with traced.client.post("/webhooks/generic", json={}) as response:
        assert response.status == 401
    (server,) = (told(span) for span in traces.ended if span.kind is SpanKind.SERVER)

    assert (server["http.response.status_code"], server["cti.result"]) == (401, "bad_key")


_CHANCE = re.compile(
    r"(?:0x|\b)[0-9a-f]{32}\b|0x[0-9a-f]{16}\b|\.\d{6}Z|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)
"""Ids and parts of a second, whose digits may be those of a number."""


def written(traces: KeptTraces) -> str:
    """Write out all that would leave the process."""
    parts = ((span.to_json(), dict(span.context.trace_state)) for span in traces.ended)
    return _CHANCE.sub("", "\n".join(f"{text} {state}" for text, state in parts))


@pytest.mark.slow
async def test_no_route_however_hostile_leaves_personal_data_in_a_span(
    start: StartService, traces: KeptTraces, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(
        traces=traces, redis_url=redis.url, upstream_tokens="a-token-in-the-path", secret="hunter2" * 8
    )
    hidden = {
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "tracestate": "vendor=Ashok-17139872967",
        "baggage": "caller=%2B17139872967",
        "X-Request-Id": "Ashok+17139872967",
        "User-Agent": "Ashok Kumar +17139872967",
        "Referer": "https://people.example/?telephone=+17139872967",
    }
    query = "?telephone=%2B17139872967&number=%2B17139872967&employeeID=Ashok&key=" + KEY
    assert service.client.app is not None
    for route in service.client.app.router.routes():
        template = route.resource.canonical if route.resource is not None else "/Ashok/+17139872967"
        path = template.replace("{token}", KEY).replace("{id}", "17139872967").replace("{file}", "Ashok")
        path = path.replace("{source}", "Ashok").replace("{anything}", "Ashok/+17139872967")
        method = "PROPFIND" if route.method == "*" else route.method
        body = json.dumps({"from": ASHOKS_NUMBER, "event": "newCall", "user": "agent-smith", "person_id": 1})
        for keyed in (BEARER, {}):
            headers = {**hidden, **keyed, "Content-Type": "application/json"}
            response = await service.client.request(method, path + query, data=body, headers=headers)
            response.close()
    async with agent_listening(service, "agent-smith"):
        await service.ring(user="agent-smith", display_name="Ashok Kumar", queue="Ashok")
    for behaviour in (
        replying(b'{"name":"Ashok Kumar +17139872967"'),
        replying({"message": "Ashok Kumar +17139872967"}, status=500),
        replying(b"Ashok Kumar", status=302, headers={"Location": "http://+17139872967/"}),
    ):
        directory.behaviour = behaviour
        await service.lookup("+17139872968", refresh="true")
    await directory.stop()
    await service.lookup("+17139872969", refresh="true")
    redis.end()
    await service.lookup("+17139872970", refresh="true")
    text = written(traces)

    assert {"redis read", "redis forget", "GET /sd", "_OTHER /{anything}"} <= {
        span.name for span in traces.ended
    }
    assert [word for word in PERSONAL if word in text] == []


@pytest.mark.parametrize("name", NAMED)
async def test_no_dialect_leaves_personal_data_in_a_span(
    start: StartService, traces: KeptTraces, clock: SettableClock, name: str
) -> None:
    clock.now = time.time()
    service = await start(traces=traces, sources=sources(), public_url=PUBLIC_URL)
    await played(service, name)
    await played(service, name, secret=base64.b64encode(bytes(32)).decode())
    servers = [span for span in traces.ended if span.kind is SpanKind.SERVER]
    secrets = {secret_of(name), PLAYERS[name].secret_of(secret_of(name).encode()).decode()}
    text = written(traces)

    assert {told(span)[Attribute.SOURCE] for span in servers} == {name}
    assert [word for word in (*PERSONAL, *secrets) if word in text] == []


async def test_without_the_setting_nothing_is_traced(service: Service) -> None:
    assert service.client.app is not None
    assert service.client.app[PARTS].traces is None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("http://collector/otlp/v1", "http://collector/otlp/v1"),
    ],
)
def test_the_path_of_a_collector_is_the_usual_one_unless_it_is_given(given: str, meant: str) -> None:
    assert Settings.model_validate({"traces": given}).traces == meant


WITHOUT_THE_EXTRA: Final = """
import sys
sys.modules["opentelemetry.sdk"] = None  # as the import system notes what is not there
from cti_lookup.cli import main
main()
"""


def test_traces_without_what_makes_them_are_refused_with_what_to_do() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA, "check"],
        env={"PATH": os.environ["PATH"], "CTI_TRACES": "http://collector:4318"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 2
    assert "CTI_TRACES: needs what makes traces: pip install 'cti-lookup[traces]'" in checked.stderr


@pytest.mark.slow
async def test_a_service_sends_its_spans_to_the_collector(tmp_path: Path, directory: FakeDirectory) -> None:
    """And ends in time where the collector does not answer."""
    bodies: list[bytes] = []
    arrived, silence = asyncio.Event(), asyncio.Event()

    async def collect(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        arrived.set()
        if len(bodies) > 1:
            await silence.wait()
        return web.Response(content_type="application/x-protobuf")

    collector = web.Application()
    collector.router.add_post("/v1/traces", collect)
    runner = web.AppRunner(collector, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    variables = {
        "CTI_PORT": "0",
        "CTI_API_KEYS": KEY,
        "CTI_DIRECTORY_URL": directory.url,
        "CTI_DIRECTORY_TOKEN": "a-directory-token",
        "CTI_TRACES": f"http://127.0.0.1:{runner.addresses[0][1]}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=a-test",
    }
    program = Program(tmp_path, "serve", variables=variables)
    try:
        port = int((await asyncio.to_thread(program.await_said, r"http://127\.0\.0\.1:(\d+)"))[1])
        url = f"http://127.0.0.1:{port}/v1/lookup"
        async with ClientSession(headers=BEARER) as session:
            async with session.get(url, params={"telephone": ASHOKS_NUMBER}) as response:
                assert response.status == 200
            async with asyncio.timeout(60):
                await arrived.wait()
            async with session.get(url, params={"telephone": ASHOKS_NUMBER}) as response:
                assert response.status == 200
        assert await asyncio.to_thread(program.terminate) == 0
    finally:
        program.kill()
        silence.set()
        await runner.cleanup()

    assert b"GET /v1/lookup" in b"".join(bodies)
    assert b"cti-lookup" in bodies[0]
    assert b"a-test" in bodies[0]
    assert [word for word in PERSONAL if word.encode() in b"".join(bodies)] == []
