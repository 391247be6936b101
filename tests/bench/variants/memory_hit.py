"""A known caller rings, and the memory tier knows the answer: the webhook's whole path, its event as JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.processes import Server, free_port, running
from tests.bench.traffic import SERIAL, Line, Traffic, json_bodies, numbered
from tests.bench.variant import Check, Stage, Variant

_KEY: Final = "bench-key"
_TOKEN: Final = "bench-token"
_CALLERS: Final = tuple(f"+1{area}55501{last:02d}" for area in (206, 312) for last in range(100))
"""Numbers that are kept free for fiction; the sample people have none of them."""

_GATES: Final = {64: 0.75}
_RISES: Final = frozenset(
    {
        'cti_lookups_total{outcome="matched",tier="memory"}',
        'cti_webhooks_total{result="accepted",source="generic"}',
    }
)


@contextmanager
def memory_hit(stage: Stage) -> Iterator[tuple[Variant, ...]]:
    """
    One caller whose event comes again and again, two hundred who take turns, and calls nobody has heard of before.

    The last is the dearest: each request begins a call, and the oldest of ten thousand is forgotten for it.
    """
    directory_port = free_port()
    settings = {
        "CTI_PORT": "0",
        "CTI_REGION": "US",
        "CTI_API_KEYS": _KEY,
        "CTI_DIRECTORY_DB": str(stage.scratch / "memory-hit.sqlite3"),
        "CTI_DIRECTORY_PORT": str(directory_port),
        "CTI_DIRECTORY_TOKEN": _TOKEN,
        "CTI_CACHE_TTL": "86400",  # what is warm stays warm, however long this takes
    }
    command = ("-m", "cti_lookup", "serve", "--demo")
    with running(
        "memory-hit", command, cores=stage.cores, scratch=stage.scratch, settings=settings
    ) as server:
        _fill(directory_port)
        mix = _variant("memory hit, 200 callers", server, _CALLERS, {})
        _warm(mix)
        one = _variant("memory hit, one caller", server, _CALLERS[:1], _GATES)
        yield one, mix, _variant("memory hit, new calls", server, _CALLERS, {}, new_calls=True)


def _variant(
    name: str,
    server: Server,
    callers: tuple[str, ...],
    gates: Mapping[int, float],
    *,
    new_calls: bool = False,
) -> Variant:
    events = [
        {
            "event": "newCall",
            "direction": "in",
            "from": caller,
            "to": "+12125550100",
            "callId": f"call-{SERIAL}" if new_calls else f"call-{caller}",
            "sequence": "" if new_calls else SERIAL,
            "user": ["Alice Moore"],
        }
        for caller in callers
    ]
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
    traffic = Traffic("/webhooks/generic", json_bodies(events), headers)
    return Variant(name, server, traffic, _check(callers), _RISES, gates)


def _check(callers: tuple[str, ...]) -> Check:
    first: dict[int, object] = {}

    def check(position: int, answer: Any) -> None:
        lookup, caller = answer["lookup"], callers[position]
        names = [person["name"] for person in lookup["people"]]
        told = lookup["outcome"], lookup["tier"], lookup["caller"]["e164"], names
        right = "matched", "memory", caller, [_name(caller)]
        if told != right:
            raise WrongAnswerError(f"{caller} was answered with {told}, not {right}")
        if lookup["people"] != first.setdefault(position, lookup["people"]):
            raise WrongAnswerError(f"{caller} was answered with another record than at first")

    return check


def _name(caller: str) -> str:
    return f"Robin Example {caller[-9:]}"


def _fill(port: int) -> None:
    """Add the callers to the directory, one person each, so that every answer is of one size."""
    with Line(port) as line:
        for caller in _CALLERS:
            person = {
                "name": _name(caller),
                "primary_email": f"robin.{caller[2:]}@widget.example",
                "job_title": "Account Representative",
                "organization_id": 20,
                "site_id": 14,
                "manager_id": 100,
                "locale": "en-US",
                "time_zone": "Eastern Time (US & Canada)",
            }
            made = _post(line, "/v1/people", person)
            _post(line, f"/v1/people/{made['id']}/contacts", {"label": "work", "telephone": caller})


def _post(line: Line, path: str, fields: Mapping[str, object]) -> Any:
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    (request,) = Traffic(path, json_bodies([fields]), headers).requests()
    reply = line.ask(request)
    if reply.status != 201:
        raise CannotMeasureError(f"the directory takes nobody in: {reply.status} {reply.body.decode()}")
    return json.loads(reply.body)


def _warm(variant: Variant) -> None:
    """Let everybody ring once: the directory is asked now, and never again."""
    with Line(variant.server.port) as line:
        for serial, request in enumerate(variant.traffic.requests()):
            line.ask(numbered(request, serial))
