"""What a newcomer has not set: a key, a region, and a source for each phone system that is played, with a made-up secret."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from cti_lookup.demonstration.samples import SAMPLES, Sample
from cti_lookup.dialects import DIALECTS
from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Player
from cti_lookup.settings import Settings, Source

_KEY_BYTES: Final = 32
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A source that a phone system is played against, and what that system signs with."""

    source: str
    player: Player
    secret: bytes


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The settings to serve with, and the trunk of each sample that can be played under them."""

    settings: Settings
    trunks: Mapping[str, Trunk]

    def playable(self) -> Iterator[tuple[Sample, Trunk]]:
        """Give the samples that can be played, each with its trunk."""
        for sample in SAMPLES:
            if sample.id in self.trunks:
                yield sample, self.trunks[sample.id]


def staged(settings: Settings) -> Demonstration:
    """Fill in what is not set; sources that are configured stay as they are."""
    filled = settings.model_copy(
        update={
            "api_keys": settings.api_keys or (SecretStr(secrets.token_urlsafe(12)),),
            "region": settings.region or "US",
            "directory_account": settings.directory_account or "widget",
            "secret": settings.secret or SecretStr(secrets.token_urlsafe(_KEY_BYTES)),
        }
    )
    addressed = _with_address(filled)
    return _with_configured(addressed) if settings.sources else _with_sources(addressed)


def _with_address(settings: Settings) -> Settings:
    """
    Let the service's own pages be opened by any name of this machine, and say under which URL it is called.

    Several phone systems sign that URL. A port that the system chooses is not known yet.
    """
    if not settings.port:
        return settings
    own = [f"http://{name}:{settings.port}" for name in _LOOPBACK]
    return settings.model_copy(
        update={
            "public_url": settings.public_url or own[0],
            "origins": tuple(dict.fromkeys((*settings.origins, *own))),
        }
    )


def _with_sources(settings: Settings) -> Demonstration:
    key = settings.api_keys[0].get_secret_value().encode()
    trunks = {name: _trunk(name, key) for name in dict.fromkeys(sample.dialect for sample in SAMPLES)}
    if not settings.public_url:
        trunks = {name: one for name, one in trunks.items() if not DIALECTS[name].needs_public_url}
    sources = {name: _source(one) for name, one in trunks.items()}
    return Demonstration(
        settings.model_copy(update={"sources": sources}),
        {sample.id: trunks[sample.dialect] for sample in SAMPLES if sample.dialect in trunks},
    )


def _trunk(dialect: str, machine_key: bytes) -> Trunk:
    """Make up a secret; a `generic` source takes the machine key, which the line for the shell shows too."""
    secret = machine_key if dialect == "generic" else base64.b64encode(secrets.token_bytes(_KEY_BYTES))
    return Trunk(dialect, PLAYERS[dialect], secret)


def _source(trunk: Trunk) -> Source:
    """Make the source; the machine keys, which any generic one takes, need no saying."""
    held = [] if trunk.player.name == "generic" else [trunk.player.secret_of(trunk.secret).decode()]
    return Source.model_validate({"dialect": trunk.player.name, "secrets": held})


def _with_configured(settings: Settings) -> Demonstration:
    """Play everything against the first source that takes a machine key, if there is one."""
    name = next((name for name, one in settings.sources.items() if one.dialect == "generic"), None)
    if name is None:
        return Demonstration(settings, {})
    trunk = Trunk(name, PLAYERS["generic"], settings.api_keys[0].get_secret_value().encode())
    return Demonstration(settings, {sample.id: trunk for sample in SAMPLES})
