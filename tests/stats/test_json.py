"""What `GET /v1/stats` says, as JSON."""

import json

from cti_lookup.answers import Outcome, Tier
from cti_lookup.rates import Rates
from cti_lookup.shapes import Shapes
from cti_lookup.tallies import Tallies
from cti_lookup.web.stats import encode_stats
from tests.conftest import SettableClock


def test_the_whole_answer_is_plain_json(clock: SettableClock) -> None:
    tallies = Tallies()
    rates, shapes = Rates(tallies.lookups, clock), Shapes(clock)
    tallies.count_lookup(Outcome.MATCHED, Tier.MEMORY, 0.001)
    shapes.note("front-desk", "+17139872967", Outcome.MATCHED)
    clock.pass_by(10.0)
    told = json.loads(encode_stats(rates, shapes))

    window = told["windows"]["1m"]
    assert set(told["windows"]) == {"1m", "15m", "24h"}
    assert {
        name: window[name] for name in ("seconds", "lookups", "per_second", "hit_rate", "match_rate")
    } == {
        "seconds": 10.0,
        "lookups": 1,
        "per_second": 0.1,
        "hit_rate": 1.0,
        "match_rate": 1.0,
    }
    assert window["by_outcome"]["matched"] == {"lookups": 1, "hit_rate": 1.0}
    assert window["by_tier"]["redis"] == {"lookups": 0, "share": 0.0}
    once = {"seen": 1, "share": 1.0, "match_rate": 1.0, "outcomes": {"matched": 1}}
    assert told["shapes"] == {
        "seconds": {"15m": 10.0, "24h": 10.0},
        "sources": {
            "front-desk": [
                {
                    "shape": "+ddddddddddd",
                    "last_seen_seconds": 0.0,
                    "windows": {"15m": once, "24h": once},
                }
            ]
        },
    }


def test_what_is_unknown_is_null(clock: SettableClock) -> None:
    told = json.loads(encode_stats(Rates(Tallies().lookups, clock), Shapes(clock)))

    assert told["windows"]["24h"]["hit_rate"] is None
    assert told["windows"]["24h"]["per_second"] is None
    assert told["shapes"]["sources"] == {}
