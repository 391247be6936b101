"""Calls and people as the service tells of them, for tests to vary."""

from collections.abc import Iterable
from typing import Any, Final

Json = dict[str, Any]

ASHOK: Final[Json] = {
    "id": 30,
    "name": "Ashok Kumar",
    "job_title": "Trainee",
    "vip": False,
    "organization": {"id": 30, "name": "Widget Data Center, External IT"},
    "site": {"id": 13, "name": "Widget Data Center"},
    "manager": {"id": 5, "name": "Howard Tanner"},
    "primary_email": "ashok.kumar@example.com",
    "location": "Room 201, Desk 06",
    "locale": "en-US",
    "time_zone": "Central Time (US & Canada)",
    "picture_uri": None,
    "url": "https://widget.example/people/30",
    "match": {"rule": "e164", "label": "work", "telephone": "+1 (713) 987 2967"},
}

CALLER: Final[Json] = {
    "raw": "0017139872967",
    "e164": "+17139872967",
    "national": "(713) 987-2967",
    "region": "US",
    "time_zones": ["America/Chicago"],
}

AN_ID: Final = "01M80ZZZZZZZZZZZZZZZZZZZZZ"


def person(number: int = 30, name: str = "Ashok Kumar", *, rule: str = "e164", **changes: object) -> Json:
    """Make a person; `rule` is why they are listed."""
    match = ASHOK["match"] | {"rule": rule}
    return ASHOK | {"id": number, "name": name, "match": match} | changes


def people(count: int) -> list[Json]:
    """Make people who share a number."""
    names = ("Ashok Kumar", "Ellen Brown", "Grace Wu", "Howard Tanner", "Ines Ortega", "Jan de Vries")
    titles = ("Trainee", "Head of Operations", "Analyst", "Director", "Engineer", "Technician")
    return [
        person(
            30 + at,
            names[at % 6] + (f" {at // 6 + 1}" if at > 5 else ""),
            vip=at == 1,
            job_title=titles[at % 6],
        )
        for at in range(count)
    ]


def matched(*found: Json, **changes: object) -> Json:
    """Make a lookup that found somebody."""
    told = {"outcome": "matched", "caller": CALLER, "people": list(found or (ASHOK,)), "truncated": False}
    return told | {"tier": "memory", "age_seconds": 12.4} | changes


def without(outcome: str, **caller: object) -> Json:
    """Make a lookup that found nobody, for one of the other reasons."""
    return {"outcome": outcome, "caller": CALLER | caller, "people": [], "truncated": False}


def withheld() -> Json:
    """Make the lookup of a caller who shows no number."""
    return without("withheld", raw="anonymous", e164=None, national=None, region=None, time_zones=[])


def call(identity: str = AN_ID, *, lookup: Json | None = None, **changes: object) -> Json:
    """Make a call that rings, and whose caller is known."""
    told = {
        "id": identity,
        "source": "front-desk",
        "provider_id": "CA1234567890ABCDE",
        "direction": "inbound",
        "state": "ringing",
        "result": None,
        "callee": "+1 800 555 1212",
        "agents": ["1002"],
        "queue": "Service desk",
        "display_name": "KUMAR A",
        "attestation": "A",
        "started_at": "2026-11-21T20:14:56Z",
        "answered_at": None,
        "answered_by": None,
        "ended_at": None,
        "lookup": lookup or matched(),
        "revision": 1,
        "seen": False,
        "chosen": None,
        "pops": True,
    }
    return told | changes


ANSWERED: Final[Json] = {
    "state": "answered",
    "answered_at": "2026-11-21T20:15:00Z",
    "answered_by": "1002",
}
ENDED: Final[Json] = ANSWERED | {
    "state": "ended",
    "result": "answered",
    "ended_at": "2026-11-21T20:17:05Z",
}
MISSED: Final[Json] = {"state": "ended", "result": "missed", "ended_at": "2026-11-21T20:15:02Z"}


def ids(calls: Iterable[Json]) -> list[str]:
    """Give the ids of calls."""
    return [one["id"] for one in calls]
