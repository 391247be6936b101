"""All that a service can be asked, with what is planted in every place, and all that it leaves behind."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout
from redis import Redis
from yarl import URL

from cti_lookup.app import create_app
from cti_lookup.logs import Log
from cti_lookup.settings import Settings
from cti_lookup.web import pages
from tests.canary import planting as p
from tests.playing.systems import PUBLIC_URL, Systems
from tests.replicas.fleet import Fleet, Replica, until
from tests.servers.fake_directory import FakeDirectory, Json, in_turn, person, replying
from tests.servers.redis_content import parts_of
from tests.servers.redis_process import RedisProcess

MACHINE: Final = {"Authorization": f"Bearer {p.MACHINE_KEY}"}
WRONG: Final = {"Authorization": f"Bearer {p.WRONG_KEY}"}
_OWN_PATH: Final = "/webhooks/generic"
"""Of the source that there is where none is configured; here they have the pattern's."""

_BRIEF: Final = ClientTimeout(total=None, sock_read=3.0)
_CUSTOM: Final = """
[sources.custom]
dialect = "custom"
secrets = [{secret}]

[sources.custom.custom]
auth = {{ header_token = {{ name = "X-Cti-Token" }} }}
read = "json"
event = {{ path = "event", map = {{ newCall = "ringing", hangup = "ended" }} }}
direction = "direction"
remote = "from"
name = "displayName"
agent = "user"
call = "callId"
"""

_WELL: Final[Mapping[str, str]] = {"telephone": p.NUMBER, "number": p.NUMBER}
_ILL: Final[Mapping[str, str]] = {
    "telephone": p.NAME,
    "number": p.EMAIL,
    "region": p.NAME,
    "source": p.EMAIL,
    "state": p.NAME,
    "result": p.AGENTS_EMAIL,
    "since": p.NUMBER,
    "limit": p.NUMBER,
    "subject": p.EMAIL,
    "employeeID": p.EMAIL,
    "supportID": p.NAME,
    "refresh": p.NAME,
    "ask": p.EMAIL,
    "key": p.WRONG_KEY,
}
_EVENT: Final[Mapping[str, object]] = {
    "event": "newCall",
    "from": p.NUMBER,
    "to": p.AGENTS_NUMBER,
    "direction": "in",
    "callId": p.EMAIL,
    "user": [p.AGENTS_EMAIL, p.NAME],
    "queue": p.NAME,
    "displayName": p.NAME,
}
_GRANT: Final[Mapping[str, object]] = {
    "subject": p.AGENTS_EMAIL,
    "agents": [p.AGENTS_EMAIL, p.AGENTS_NUMBER],
    "queues": [p.NAME],
    "role": "supervisor",
}
_BODIES: Final[tuple[bytes, ...]] = (
    json.dumps(_EVENT).encode(),
    json.dumps({"person_id": p.NAME, "agents": p.EMAIL, p.NAME: p.NUMBER, "exp": p.EMAIL}).encode(),
    f'{{"from": "{p.NUMBER}", "{p.EMAIL}": {p.NAME}'.encode(),
    f"<call from='{p.NUMBER}'>{p.NAME}</{p.EMAIL}>".encode(),
    f"From={p.NUMBER}&CallerName={p.NAME}&{p.EMAIL}".encode(),
)
_TYPES: Final = ("application/json", "application/x-www-form-urlencoded", "application/xml")
_EVERYWHERE: Final[Mapping[str, str]] = {
    "User-Agent": p.NAME,
    "Referer": f"https://desk.example/?caller={p.NUMBER}",
    "Cookie": f"session={p.WRONG_KEY}",
    "X-Forwarded-For": p.EMAIL,
    "X-Request-Id": p.EMAIL,
    "traceparent": f"00-{p.NAME}-{p.NUMBER}-01",
    "tracestate": f"desk={p.NUMBER}",
    "Last-Event-ID": p.NUMBER,
}


@dataclass
class Evidence:
    """What the service left behind, as bytes; what it answered well, by route; and what was asked of the directory."""

    log: bytes = b""
    metrics: bytes = b""
    refusals: bytes = b""
    redis_keys: bytes = b""
    redis_values: bytes = b""
    redis_heard: bytes = b""
    processes: bytes = b""
    own_exceptions: bytes = b""
    foreign_exceptions: bytes = b""
    answers: bytes = b""
    directory: bytes = b""
    tokens: list[str] = field(default_factory=list)
    well: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)


def person_of_the_canary() -> Json:
    """Make the person whose number rings."""
    return person("+44 20 7946 9173", id=30, name=p.NAME, primary_email=p.EMAIL)


def routes() -> list[tuple[str, str]]:
    """Give every route that is served, as method and template."""
    app = create_app(Settings.model_construct(), log=Log(lambda _: None))
    told = [(one.method, one.resource.canonical) for one in app.router.routes() if one.resource is not None]
    return [one for one in told if one[0] not in ("HEAD", "*") and one[1] != _OWN_PATH]


class Scene:
    """Asks one replica, and gathers."""

    def __init__(self, replica: Replica, session: ClientSession) -> None:
        self.evidence = Evidence()
        self._replica = replica
        self._session = session

    async def play(self, directory: FakeDirectory) -> None:
        """Ask everything: what is right first, then what is wrong."""
        await self._systems(Systems(p.SOURCE_SECRET))
        await self._own_words()
        await self._plain_requests()
        await self._agents()
        await self._every_route()
        await self._faults_of(directory)
        await self._systems(Systems(p.WRONG_KEY.ljust(32, "0")[:32]))
        await self._erasure()

    async def _systems(self, systems: Systems) -> None:
        for serial, name in enumerate(systems.names, 1):
            for played in systems.call(name, serial, p.NUMBER):
                sent = played.to(self._replica.url)
                await self.ask(sent.method, sent.url, "/webhooks/{source}", sent.headers, sent.body)

    async def _own_words(self) -> None:
        """Tell of calls in which everything that may be said of people is said."""
        for event, state in (
            ("newCall", {}),
            ("answer", {"answeringNumber": p.AGENTS_EMAIL}),
            ("hangup", {}),
        ):
            body = json.dumps({**_EVENT, **state, "event": event}).encode()
            for source in ("generic", "zammad"):
                path = f"/webhooks/{source}/{p.SOURCE_SECRET}"
                await self._post(path, "/webhooks/{source}/{token}", body)
            await self._post(f"/api/v1/cti/{p.SOURCE_SECRET}", "/api/v1/cti/{token}", body)
            await self._post("/webhooks/custom", "/webhooks/{source}", body, {"X-Cti-Token": p.SOURCE_SECRET})
        for name in ("person.update", p.NAME):
            told = {"webhook_id": 2, "event": name, "object_id": 30, "person_name": p.NAME, "name": p.EMAIL}
            path = f"/upstream/{p.UPSTREAM_TOKEN}"
            await self._post(path, "/upstream/{token}", json.dumps(told).encode())

    async def _plain_requests(self) -> None:
        """Ask whether events are wanted, tell of one in a query, and fetch a file."""
        url, consent = self._replica.url, {"WebHook-Request-Origin": p.EMAIL}
        for path in ("/webhooks/{source}", "/webhooks/{source}/{token}"):
            place = path.replace("{source}", "cloudevents").replace("{token}", p.SOURCE_SECRET)
            await self.ask(
                "OPTIONS", url + place, path, {**consent, "Authorization": f"Bearer {p.SOURCE_SECRET}"}
            )
        told = f"/webhooks/cnam/{p.SOURCE_SECRET}?number=%2B{p.NUMBER[1:]}"
        await self.ask("GET", url + told, "/webhooks/{source}/{token}", {})
        await self.ask("GET", f"{url}/widget/{pages.MODULE}", "/widget/{file}", {})

    async def _agents(self) -> None:
        """Let an agent look on, say who it was, and be shut out."""
        answer = await self._post("/v1/tokens", "/v1/tokens", json.dumps(_GRANT).encode(), MACHINE)
        token = json.loads(answer)
        self.evidence.tokens.append(token["token"])
        agent = {"Authorization": f"Bearer {token['token']}"}
        url = self._replica.url
        calls = json.loads(await self.ask("GET", f"{url}/v1/calls", "/v1/calls", agent))["calls"]
        call = next(one for one in calls if one["lookup"]["people"])
        for what, body in (
            ("seen", b""),
            ("person", b'{"person_id": 30}'),
            ("person", b'{"person_id": null}'),
        ):
            await self._post(f"/v1/calls/{call['id']}/{what}", f"/v1/calls/{{id}}/{what}", body, agent)
        await self.ask("GET", f"{url}/v1/explain?telephone=%2B{p.NUMBER[1:]}", "/v1/explain", agent)
        await self.ask("GET", f"{url}/v1/calls/stream", "/v1/calls/stream", agent)
        await self.ask("DELETE", f"{url}/v1/tokens/{token['id']}", "/v1/tokens/{id}", MACHINE)
        await self.ask("GET", f"{url}/v1/calls", "/v1/calls", agent)

    async def _every_route(self) -> None:
        """Ask each route with what is planted in its path, its query, its headers and its body."""
        for (method, template), query, more in product(routes(), (_WELL, _ILL), (MACHINE, {})):
            url = URL(self._replica.url + _filled(template)).with_query(query)
            for body, content_type in _bodies(method):
                headers = {**_EVERYWHERE, **more, **({"Content-Type": content_type} if body else {})}
                await self.ask(method, str(url), template, headers, body)

    async def _faults_of(self, directory: FakeDirectory) -> None:
        """Let the directory fail in words."""
        text = f"{p.NAME} {p.EMAIL} {p.NUMBER}"
        strange = person_of_the_canary() | {"id": text, "contacts": text}
        directory.behaviour = in_turn(
            replying(text.encode()),
            replying([strange]),
            replying({text: text}),
            replying(text.encode(), status=500),
            replying(b"", status=302, headers={"Location": f"http://{p.EMAIL}/{p.NUMBER}"}),
            replying({"message": text}, status=401),
        )
        for last in range(8):
            target = f"{self._replica.url}/v1/lookup?telephone=%2B44207946918{last}"
            await self.ask("GET", target, "/v1/lookup", MACHINE)
        directory.behaviour = directory.answer

    async def _erasure(self) -> None:
        url = f"{self._replica.url}/v1/calls?telephone=%2B{p.NUMBER[1:]}"
        await self.ask("DELETE", url, "/v1/calls", MACHINE)
        for body in (b'{"person_id": 31}', json.dumps({"person_id": p.EMAIL}).encode()):
            await self._post("/v1/erasures", "/v1/erasures", body, MACHINE)

    async def _post(
        self, path: str, template: str, body: bytes, headers: Mapping[str, str] = MACHINE
    ) -> bytes:
        typed = {**headers, "Content-Type": "application/json"}
        return await self.ask("POST", self._replica.url + path, template, typed, body)

    async def ask(
        self, method: str, url: str, template: str, headers: Mapping[str, str], body: bytes = b""
    ) -> bytes:
        """Ask, and keep what is answered: of a stream what comes at once."""
        content = b""
        async with self._session.request(
            method, URL(url, encoded=True), headers=headers, data=body or None, timeout=_BRIEF
        ) as response:
            with suppress(TimeoutError):
                while more := await response.content.readany():
                    content += more
            self._keep(f"{method} {template}", response, content)
        return content

    def _keep(self, route: str, response: Any, content: bytes) -> None:
        evidence = self.evidence
        evidence.statuses.add(response.status)
        if response.status >= 400:
            evidence.refusals += content + str(response.raw_headers).encode() + b"\n"
        else:
            evidence.well.add(route)
            evidence.answers += content


def _filled(template: str) -> str:
    for name, text in (("source", p.NAME), ("token", p.WRONG_KEY), ("id", p.EMAIL), ("file", p.NAME)):
        template = template.replace(f"{{{name}}}", text)
    return template


def _bodies(method: str) -> Iterator[tuple[bytes, str]]:
    if method == "POST":
        yield from product(_BODIES, _TYPES)
    else:
        yield b"", ""


def gather(folder: Path) -> Evidence:
    """Play everything once, in a loop of its own, and give what was left behind."""
    return asyncio.run(_gathered(folder))


async def _gathered(folder: Path) -> Evidence:
    redis, directory = RedisProcess(folder, password=p.REDIS_PASSWORD), FakeDirectory()
    directory.people[:] = [person_of_the_canary()]
    redis.start()
    await directory.start()
    try:
        async with ClientSession() as session, _served(folder, redis, directory, session) as replica:
            scene, heard = Scene(replica, session), folder / "heard"
            with heard.open("wb") as file:
                listener = _monitor(redis, file)
                await until(lambda: _has_begun(heard))
                await scene.play(directory)
                await _look(scene.evidence, replica, redis)
                listener.terminate()
                listener.wait()
            assert replica.stop() == 0
            _read_what_is_left(scene.evidence, replica, folder, heard)
            scene.evidence.directory = repr(directory.requests).encode()
            return scene.evidence
    finally:
        await directory.stop()
        redis.end()


@asynccontextmanager
async def _served(
    folder: Path, redis: RedisProcess, directory: FakeDirectory, session: ClientSession
) -> AsyncIterator[Replica]:
    config = Systems(p.SOURCE_SECRET).write_config(folder)
    config.write_text(config.read_text() + _CUSTOM.format(secret=json.dumps(p.SOURCE_SECRET)))
    fleet = Fleet(folder, directory, session)
    try:
        (replica,) = await fleet.start_as(
            "tests.canary.traced",
            1,
            config=str(config),
            redis_url=redis.url,
            api_keys=p.MACHINE_KEY,
            secret=p.SERVICE_SECRET,
            secret_previous=p.PREVIOUS_SECRET,
            directory_token=p.DIRECTORY_TOKEN,
            upstream_tokens=p.UPSTREAM_TOKEN,
            public_url=PUBLIC_URL,
            test_exceptions=str(folder / "exceptions"),
        )
        yield replica
    finally:
        await fleet.close()


def _monitor(redis: RedisProcess, file: Any) -> subprocess.Popen[bytes]:
    """Note every command that Redis is given; the password goes by a variable, as on no command line."""
    return subprocess.Popen(
        ["redis-cli", "-s", str(redis.socket), "--no-auth-warning", "MONITOR"],
        env={"REDISCLI_AUTH": p.REDIS_PASSWORD, "PATH": "/usr/bin:/bin"},
        stdout=file,
    )


async def _has_begun(heard: Path) -> bool:
    return (await asyncio.to_thread(heard.read_bytes)).startswith(b"OK")


async def _look(evidence: Evidence, replica: Replica, redis: RedisProcess) -> None:
    """Look at what is there while the service runs."""
    async with replica.session.get(f"{replica.url}/metrics") as response:
        evidence.metrics = await response.read()
    evidence.processes = b"\n".join(_command_lines())
    with Redis.from_url(redis.url) as client:
        for key in client.scan_iter(count=1000):
            assert isinstance(key, bytes)
            evidence.redis_keys += key + b"\n"
            evidence.redis_values += b"\n".join((*parts_of(client, key), client.dump(key) or b"", b""))


def _command_lines() -> Iterator[bytes]:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield place.read_bytes()


def _read_what_is_left(evidence: Evidence, replica: Replica, folder: Path, heard: Path) -> None:
    program = replica.program
    assert program.process.stdout is not None
    evidence.log = f"{program.said}{program.complained}".encode() + program.process.stdout.read()
    evidence.redis_heard = heard.read_bytes()
    for line in (folder / "exceptions").read_bytes().splitlines(keepends=True):
        if line.startswith(b"own "):
            evidence.own_exceptions += line
        else:
            evidence.foreign_exceptions += line
