"""Those who call in all scenes: two hundred people of the embedded directory, and numbers never seen before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.processes import Server, free_port, running
from tests.bench.stage import Stage
from tests.bench.traffic import SERIAL, Asked, Line, Traffic, json_bodies, numbered
from tests.bench.variant import Check

PATH: Final = "/webhooks/generic"
CALLERS: Final = tuple(f"+1{area}55501{last:02d}" for area in (206, 312) for last in range(100))
"""Numbers that are kept free for fiction; the sample people have none of them."""

COLD_CODE: Final = "+49"
COLD_AREA: Final = "30"
"""Berlin's numbers are of many lengths: any ten digits may follow, so that each request can have a number of its own."""

ACCEPTED: Final = 'cti_webhooks_total{result="accepted",source="generic"}'
ANSWERED: Final = 'cti_source_lookups_total{outcome="matched",source="generic"}'
KEY: Final = "bench-key"
TOKEN: Final = "bench-token"


def settings_of(stage: Stage, name: str) -> dict[str, str]:
    """Give the settings that all scenes share; the directory is an embedded one."""
    return {
        "CTI_PORT": "0",
        "CTI_REGION": "US",
        "CTI_API_KEYS": KEY,
        "CTI_DIRECTORY_DB": str(stage.scratch / f"{name}.sqlite3"),
        "CTI_DIRECTORY_TOKEN": TOKEN,
        "CTI_CACHE_TTL": "86400",  # what is warm stays warm, however long this takes
    }


def ringing(callers: Sequence[str], *, new_calls: bool = False) -> Traffic:
    """Let callers ring in turn; with `new_calls` each time as a call of its own, else with the same call's next event."""
    events = [
        _event(
            caller,
            call=f"call-{SERIAL}" if new_calls else f"call-{caller}",
            sequence="" if new_calls else SERIAL,
        )
        for caller in callers
    ]
    return _posted(events)


def ringing_cold() -> Traffic:
    """Let a number ring that has never rung before, each time another one."""
    return _posted([_event(f"{COLD_CODE}{COLD_AREA}{SERIAL}", call="call-cold", sequence="1")])


def _event(caller: str, *, call: str, sequence: str) -> Mapping[str, object]:
    return {
        "event": "newCall",
        "direction": "in",
        "from": caller,
        "to": "+12125550100",
        "callId": call,
        "sequence": sequence,
        "user": ["Alice Moore"],
    }


def _posted(events: Sequence[Mapping[str, object]]) -> Traffic:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    return Traffic(PATH, json_bodies(events), headers)


def lookups(outcome: str, tier: str) -> str:
    """Name the series of /metrics that counts lookups."""
    return f'cti_lookups_total{{outcome="{outcome}",tier="{tier}"}}'


def matched_from(tier: str, callers: Sequence[str]) -> Check:
    """Check that a caller is told by name, from the tier that is measured, and always with the same record."""
    first: dict[int, object] = {}

    def check(position: int, answer: Any) -> None:
        lookup, caller = answer["lookup"], callers[position]
        names = [person["name"] for person in lookup["people"]]
        told = lookup["outcome"], lookup.get("tier"), lookup["caller"]["e164"], names
        right = "matched", tier, caller, [_name(caller)]
        if told != right:
            raise WrongAnswerError(f"{caller} was answered with {told}, not {right}")
        if lookup["people"] != first.setdefault(position, lookup["people"]):
            raise WrongAnswerError(f"{caller} was answered with another record than at first")

    return check


def _name(caller: str) -> str:
    return f"Robin Example {caller[-9:]}"


def person(name: str) -> dict[str, object]:
    """Describe a person as the directory's API does."""
    return {
        "name": name,
        "job_title": "Account Representative",
        "locale": "en-US",
        "time_zone": "Eastern Time (US & Canada)",
        "organization": {"id": 20, "name": "Widget International, Sales"},
        "site": {"id": 14, "name": "Widget, New York"},
        "manager": {"id": 100, "name": "Grace Porter"},
        "primary_email": "robin@widget.example",
    }


def fill_directory(port: int, *, samples: bool) -> None:
    """Add the callers to an embedded directory, one person each, so that every answer is of one size."""
    places = {"organization_id": 20, "site_id": 14, "manager_id": 100} if samples else {}
    with Line(port) as line:
        for caller in CALLERS:
            fields = {
                "name": _name(caller),
                "primary_email": f"robin.{caller[2:]}@widget.example",
                "job_title": "Account Representative",
                "locale": "en-US",
                "time_zone": "Eastern Time (US & Canada)",
                **places,
            }
            made = _post(line, "/v1/people", fields)
            _post(line, f"/v1/people/{made['id']}/contacts", {"label": "work", "telephone": caller})


def _post(line: Line, path: str, fields: Mapping[str, object]) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    (request,) = Traffic(path, json_bodies([fields]), headers).requests()
    reply = line.ask(request)
    if reply.status != 201:
        raise CannotMeasureError(f"the directory takes nobody in: {reply.status} {reply.body.decode()}")
    return json.loads(reply.body)


def ring_once(server: Server, traffic: Asked) -> None:
    """Let everybody ring once, whoever answers."""
    with Line(server.port) as line:
        for serial, request in enumerate(traffic.requests()):
            line.ask(numbered(request, serial))


@contextmanager
def knowing_its_callers(stage: Stage, name: str) -> Iterator[Server]:
    """Run the service, its directory filled, and the first of its callers in its memory; no call goes on."""
    port = free_port()
    settings = settings_of(stage, name) | {"CTI_DIRECTORY_PORT": str(port)}
    command = ("-m", "cti_lookup", "serve")
    with running(name, command, core=stage.cores.server, scratch=stage.scratch, settings=settings) as server:
        fill_directory(port, samples=False)
        _look_up(server, CALLERS[0])
        yield server


def _look_up(server: Server, caller: str) -> None:
    path = f"/v1/lookup?telephone={quote(caller)}&key={KEY}"
    with Line(server.port) as line:
        outcome = json.loads(line.get(path))["outcome"]
    if outcome != "matched":
        raise CannotMeasureError(f"a caller in the directory is {outcome}")
