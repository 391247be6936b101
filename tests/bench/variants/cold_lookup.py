"""A number rings that has never rung before, and the directory is asked: another server, which answers at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from tests.bench.errors import WrongAnswerError
from tests.bench.figures import Gate
from tests.bench.processes import Server, running
from tests.bench.proof import Way
from tests.bench.stage import Stage
from tests.bench.traffic import SERIAL, Line
from tests.bench.variant import Confirm, Variant
from tests.bench.variants.people import (
    ACCEPTED,
    ANSWERED,
    COLD_AREA,
    COLD_CODE,
    lookups,
    ringing_cold,
    settings_of,
)

_GATE: Final = Gate.least(0.28, goal=0.33)
_WAY: Final = Way(
    frozenset(
        {
            lookups("matched", "directory"),
            ACCEPTED,
            ANSWERED,
            'cti_directory_requests_total{result="found"}',
        }
    )
)


@contextmanager
def cold_lookup(stage: Stage) -> Iterator[tuple[Variant, ...]]:
    """Ask a directory on the load's core that knows everybody."""
    name = "cold-lookup"
    with (
        directory(stage, name, 0) as stub,
        cold_service(stage, name, stub, title="cold lookup, new numbers") as one,
    ):
        yield (one,)


@contextmanager
def directory(stage: Stage, name: str, milliseconds: int) -> Iterator[Server]:
    """Start a directory that takes so long for each answer."""
    command = ("-m", "tests.bench.stub", str(milliseconds))
    with running(f"{name}-directory", command, core=stage.cores.load, scratch=stage.scratch) as stub:
        yield stub


@contextmanager
def cold_service(stage: Stage, name: str, stub: Server, *, title: str) -> Iterator[Variant]:
    """Start a service that asks a directory without counting; in service the directory's quota would end this soon."""
    settings = settings_of(stage, name) | {"CTI_DIRECTORY_URL": f"http://127.0.0.1:{stub.port}/v1"}
    command = ("-m", "tests.bench.service", "--no-quota")
    with running(name, command, core=stage.cores.server, scratch=stage.scratch, settings=settings) as server:
        yield Variant(
            title,
            server,
            ringing_cold(),
            _check,
            _WAY,
            {64: _GATE, 8: _GATE},
            helpers=(stub.pid,),
            witness=partial(_witness, stub),
        )


def asked_directly() -> bytes:
    """Write the request that the directory is sent for a number never seen before."""
    return f"GET /v1/sd?telephone={COLD_AREA}{SERIAL} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _check(_: int, answer: Any) -> None:
    lookup = answer["lookup"]
    told = lookup["outcome"], lookup["tier"], [person["name"] for person in lookup["people"]]
    right = "matched", "directory", ["Robin Example"]
    if told != right or not lookup["caller"]["e164"].startswith(COLD_CODE + COLD_AREA):
        raise WrongAnswerError(f"a cold number was answered with {told}, not {right}")


def _witness(stub: Server) -> Confirm:
    """Have the directory tell how often it was asked."""
    before = _asked(stub)

    def confirm(requests: int) -> None:
        if (asked := _asked(stub) - before) < requests:
            raise WrongAnswerError(f"the directory was asked {asked} times in {requests} requests")

    return confirm


def _asked(stub: Server) -> int:
    with Line(stub.port) as line:
        return int(json.loads(line.get("/asked")))
