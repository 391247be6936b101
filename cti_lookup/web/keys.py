"""What the application holds, under typed keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from cti_lookup.keys import Keys
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.ringing import Ringing, Source
from cti_lookup.tallies import Tallies


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the handlers need, made by the composition root."""

    lookup: CallerLookup
    ringing: Ringing
    sources: Mapping[str, Source]
    machine_keys: Keys
    region: str | None
    tallies: Tallies
    registry: CollectorRegistry
    log: Log


PARTS: Final = web.AppKey("parts", Parts)
