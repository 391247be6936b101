"""
The events a webhook can be registered for, and what kind of record each is about.

Facts (Xurrent developer pages, "Webhooks API", valid events): an event is a noun and a verb, such as `person.update`. Most are about
records that a directory does not keep, and never happen here; they are taken all the same, so that a client which registers for
everything at once can. `webhook.verify` is in the documented list too; it is sent without being asked for, and not registered for.
"""

from types import MappingProxyType
from typing import Final

_CHANGES: Final = ("create", "update")
_OF_TEAMWORK: Final = ("create", "update", "note-added", "status-changed", "manager-changed")
_VERBS: Final = MappingProxyType(
    {
        "app_instance": (*_CHANGES, "delete", "secrets-update"),
        "broadcast": _CHANGES,
        "ci": _CHANGES,
        "contract": _CHANGES,
        "flsa": _CHANGES,
        "knowledge_article": _CHANGES,
        "organization": _CHANGES,
        "out_of_office_period": (*_CHANGES, "delete"),
        "person": _CHANGES,
        "problem": (*_OF_TEAMWORK, "member-changed", "team-changed"),
        "product": _CHANGES,
        "project": _OF_TEAMWORK,
        "project_task": (*_CHANGES, "note-added", "status-changed"),
        "release": (*_CHANGES, "note-added", "manager-changed"),
        "request": (
            *_CHANGES,
            "agile-board-column-changed",
            "major-incident-status-changed",
            "member-changed",
            "note-added",
            "status-changed",
            "team-changed",
        ),
        "risk": _OF_TEAMWORK,
        "service": _CHANGES,
        "service_instance": _CHANGES,
        "service_offering": _CHANGES,
        "sla": _CHANGES,
        "task": (*_CHANGES, "member-changed", "note-added", "status-changed", "team-changed"),
        "team": _CHANGES,
        "time_entry": (*_CHANGES, "delete"),
        "workflow": _OF_TEAMWORK,
    }
)

EVENTS: Final = frozenset(f"{noun}.{verb}" for noun, verbs in _VERBS.items() for verb in verbs) | {
    "automation_rule"
}
"""What a webhook can be registered for."""

VERIFICATION: Final = "webhook.verify"

TABLES: Final = MappingProxyType({"organization": "organizations", "person": "people", "team": "teams"})
"""Where the records stand whose events happen here."""


def noun_of(event: str) -> str:
    """Return the kind of record an event is about."""
    return event.partition(".")[0]


def collection_of(event: str) -> str:
    """Return the segment of a URL under which such records stand."""
    noun = noun_of(event)
    if noun == "person":
        return "people"
    return f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"


def type_of(event: str) -> str:
    """Return the name of such a record's type in node ids, such as `TimeEntry`."""
    return "".join(part.capitalize() for part in noun_of(event).split("_"))
