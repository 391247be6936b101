"""Phone systems of every dialect: the sources that a service is configured with, and the calls that they play."""

import base64
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Act, Place, Scene, Sent
from cti_lookup.playing.sending import requests

PUBLIC_URL: Final = "https://cti.example"
CALLEE: Final = "+17135550100"
NAMED: Final = tuple(sorted(set(PLAYERS) - {"custom"}))
"""Every dialect but the one that is described in settings."""

_PRIVATE_KEYS: Final = ("telnyx", "texml")
_HERE: Final = "http://service.invalid"


@dataclass(frozen=True)
class Systems:
    """Phone systems that sign with a secret, or with a private key of as many bytes."""

    secret: str = "0123456789abcdef0123456789abcdef"
    names: tuple[str, ...] = NAMED

    def secret_of(self, name: str) -> str:
        """Give what a system signs with."""
        if name in _PRIVATE_KEYS:
            return base64.b64encode(self.secret.encode()[:32].ljust(32, b"\0")).decode()
        return self.secret

    @property
    def sources(self) -> Mapping[str, Mapping[str, object]]:
        """Give the settings of a source for each, by the dialect's name."""
        return {
            name: {
                "dialect": name,
                "secrets": [PLAYERS[name].secret_of(self.secret_of(name).encode()).decode()],
                "region": "US",
            }
            for name in self.names
        }

    def write_config(self, folder: Path) -> Path:
        """Write them into a file for `CTI_CONFIG`."""
        tables = (
            f"[sources.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items())
            for name, fields in self.sources.items()
        )
        place = folder / "sources.toml"
        place.write_text("\n".join(tables))
        return place

    def call(self, name: str, serial: int, caller: str, acts: Iterable[Act] = Act) -> Iterator["Played"]:
        """Write the requests of one call's whole life, signed as of now; `serial` is no other call's."""
        now, numbers = time.time(), count()
        scene = Scene(f"{serial:012x}{serial * 2_654_435_761 % 16**20:020x}", caller, CALLEE, now, now)
        path = f"/webhooks/{name}"
        place = Place(f"{_HERE}{path}", f"{PUBLIC_URL}{path}", self.secret_of(name).encode(), now, "")
        nonces = (f"{serial}-{number}" for number in numbers)
        told = requests(PLAYERS[name], scene, place, whole=True, nonces=lambda: next(nonces))
        return (Played(act, sent) for act, sent in told if act in set(acts))


@dataclass(frozen=True)
class Played:
    """One request of a call."""

    act: Act
    sent: Sent

    def to(self, url: str) -> Sent:
        """Address it to a service."""
        return replace(self.sent, url=url + self.sent.url.removeprefix(_HERE))
