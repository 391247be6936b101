"""Hit rates and shapes of callers, for dashboards."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from cti_lookup.rates import Rates, Window
from cti_lookup.shapes import Shapes, ShapesSeen
from cti_lookup.web.access import machine
from cti_lookup.web.answers import json_answer


async def stats(request: web.Request) -> web.Response:
    """
    Tell how well the tiers answer, and in which shapes callers come.

    `windows` holds `1m`, `15m` and `24h`, each as :class:`~cti_lookup.rates.Window`. `shapes.seconds` says how much
    the windows of the shapes really cover, `shapes.sources` lists each source's shapes, the most frequent of the
    day first, each as :class:`~cti_lookup.shapes.Shape`. All is of this process, since it started. A rate is
    between 0 and 1, or null where there was nothing to divide by::

        {"windows": {"1m": {"seconds": 60.4, "lookups": 120, "per_second": 1.987, "hit_rate": 0.9664,
                            "stale_rate": 0.0, "match_rate": 0.8319,
                            "by_outcome": {"matched": {"lookups": 99, "hit_rate": 0.9697}, ...},
                            "by_tier": {"memory": {"lookups": 110, "share": 0.9167}, ..., "none": {...}}}, ...},
         "shapes": {"seconds": {"15m": 1020.0, "24h": 87300.0},
                    "sources": {"front-desk": [
                        {"shape": "+ddddddddddd", "last_seen_seconds": 3.0,
                         "windows": {"15m": {"seen": 40, "share": 0.8, "match_rate": 0.9,
                                             "outcomes": {"matched": 36, "nobody": 4}},
                                     "24h": {...}}}]}}}
    """
    parts = machine(request)
    return json_answer(encode_stats(parts.rates, parts.shapes))


class _Stats(msgspec.Struct, frozen=True):
    windows: Mapping[str, Window]
    shapes: ShapesSeen


def encode_stats(rates: Rates, shapes: Shapes) -> bytes:
    """Write as JSON what is known at this moment."""
    return msgspec.json.encode(_Stats(rates.windows(), shapes.seen()))
