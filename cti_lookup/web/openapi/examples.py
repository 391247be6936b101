"""Examples, all of the same made-up call."""

from typing import Any, Final

CALLER: Final[dict[str, Any]] = {
    "raw": "0017139872967",
    "e164": "+17139872967",
    "national": "(713) 987-2967",
    "region": "US",
    "time_zones": ["America/Chicago"],
}
PERSON: Final[dict[str, Any]] = {
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
    "url": "https://widget.r-service.tech/people/30",
    "match": {"rule": "e164", "label": "work", "telephone": "+1 (713) 987 2967"},
}
LOOKUP: Final[dict[str, Any]] = {
    "outcome": "matched",
    "caller": CALLER,
    "people": [PERSON],
    "truncated": False,
    "tier": "memory",
    "age_seconds": 12.4,
}
CALL: Final[dict[str, Any]] = {
    "id": "01KBK3R1C0ZZZZZZZZZZZZZZZZ",
    "source": "generic",
    "provider_id": "CA1234567890ABCDE",
    "direction": "inbound",
    "state": "ringing",
    "result": None,
    "callee": "+18005551212",
    "agents": ["1002"],
    "queue": None,
    "display_name": "KUMAR A",
    "attestation": None,
    "started_at": "2026-11-21T20:15:03.120Z",
    "answered_at": None,
    "answered_by": None,
    "ended_at": None,
    "lookup": LOOKUP,
}
LOGGED_CALL: Final[dict[str, Any]] = {**CALL, "revision": 2, "seen": False, "chosen": None, "pops": True}
EVENT: Final[dict[str, Any]] = {
    "event": "newCall",
    "from": "+1 713 987 2967",
    "to": "1002",
    "direction": "in",
    "callId": "CA1234567890ABCDE",
}
GRANT: Final[dict[str, Any]] = {
    "subject": "u-17",
    "agents": ["1001", "ada@desk.example"],
    "queues": ["support"],
}
MINTED: Final[dict[str, Any]] = {
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6ImN0aS1hZ2VudCtqd3QifQ.e30.c2lnbmVk",
    "id": "h0qOA2vJ2vXK1w2d8J0ZtQ",
    "expires_at": "2026-11-21T20:30:00.000Z",
}
CONTACT: Final[dict[str, Any]] = {
    "id": "30",
    "first_name": "Ashok",
    "last_name": "Kumar",
    "company": "Widget Data Center, External IT",
    "email": "ashok.kumar@example.com",
    "phone_business": "+17139872967",
    "url": "https://widget.r-service.tech/people/30",
}
EXPLAINED: Final[dict[str, Any]] = {
    "caller": CALLER,
    "lookup": {
        "read_as": "dialled",
        "reason": None,
        "forms": {"national": "7139872967", "e164": "+17139872967", "digits": "17139872967"},
        "sent": "national",
        "read_seconds": 0.000031,
        "tiers": [
            {
                "tier": "memory",
                "state": "fresh",
                "seconds": 0.000004,
                "outcome": "matched",
                "age_seconds": 12.4,
                "fresh_for_seconds": 887.6,
            }
        ],
        "matches": [
            {
                "id": 30,
                "name": "Ashok Kumar",
                "rule": "e164",
                "label": "work",
                "telephone": "+1 (713) 987 2967",
            }
        ],
        "truncated": False,
        "candidates": None,
    },
    "quota": {"hour": 3571, "burst": 19, "paused": 0.0},
}
STATS: Final[dict[str, Any]] = {
    "windows": {
        "1m": {
            "seconds": 60.4,
            "lookups": 120,
            "per_second": 1.987,
            "hit_rate": 0.9664,
            "stale_rate": 0.0,
            "match_rate": 0.8319,
            "by_outcome": {"matched": {"lookups": 99, "hit_rate": 0.9697}},
            "by_tier": {"memory": {"lookups": 110, "share": 0.9167}},
        }
    },
    "shapes": {
        "seconds": {"15m": 1020.0, "24h": 87300.0},
        "sources": {
            "generic": [
                {
                    "shape": "+ddddddddddd",
                    "last_seen_seconds": 3.0,
                    "windows": {
                        "15m": {
                            "seen": 40,
                            "share": 0.8,
                            "match_rate": 0.9,
                            "outcomes": {"matched": 36, "nobody": 4},
                        }
                    },
                }
            ]
        },
    },
}
