"""`cti-lookup send`: play a call of any phone system against a service, to see that it arrives."""

import asyncio
import secrets
import sys
import time
from collections.abc import Iterator
from typing import Annotated, Final

import aiohttp
import typer
from pydantic import SecretStr, ValidationError

from cti_lookup.addresses import base_url, split_url
from cti_lookup.errors import SettingsError
from cti_lookup.playing.players import PLAYERS
from cti_lookup.playing.scene import Act, Place, Player, Scene, Sent
from cti_lookup.playing.sending import Played, play, requests, shell_line
from cti_lookup.settings import Source

_HERE: Final = "http://127.0.0.1:8080"
_WELL: Final = range(200, 300)


app = typer.Typer()


@app.command()
def send(  # noqa: PLR0913, PLR0917  # a command's options, by name
    dialect: Annotated[str, typer.Argument(help="The phone system to play, by the name of its dialect.")],
    url: Annotated[str, typer.Option(help=f"The source's URL; {_HERE}/webhooks/DIALECT if not given.")] = "",
    secret: Annotated[
        str, typer.Option(help="What the source's secrets hold; may be named, as env:NAME or file:PATH.")
    ] = "",
    caller: Annotated[str, typer.Option("--from", help="Who calls.")] = "+17139872967",
    callee: Annotated[str, typer.Option("--to", help="The number that is called.")] = "+17135550100",
    script: Annotated[
        bool, typer.Option("--script", help="The whole life of the call, to its end; not only its ringing.")
    ] = False,
    pause: Annotated[float, typer.Option(min=0, max=60, help="Seconds between its events.")] = 0.0,
    public_url: Annotated[
        str,
        typer.Option(envvar="CTI_PUBLIC_URL", help="The service's public URL, where signatures cover it."),
    ] = "",
    printed: Annotated[
        bool, typer.Option("--print", help="Print the requests as lines for the shell, and send nothing.")
    ] = False,
) -> None:
    """Play a call of a phone system, signed as that would sign it, against a service."""
    player = _player(dialect)
    shown = _secret(secret)
    _tell_public_half(player, shown)
    place = _place(url or f"{_HERE}/webhooks/{dialect}", public_url, shown)
    scene = Scene(secrets.token_hex(16), caller, callee, place.now, place.now)
    parts = requests(player, scene, place, whole=script, nonces=lambda: secrets.token_hex(12))
    if printed:
        for _, sent in parts:
            sys.stdout.write(f"{shell_line(sent)}\n")
        return
    try:
        went_well = asyncio.run(_send(parts, pause))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ConnectionError(f"--url: could not be reached ({type(error).__name__})") from None
    if not went_well:
        sys.exit(1)


def _player(name: str) -> Player:
    if name not in PLAYERS:
        raise SettingsError((f"DIALECT: is none of {', '.join(PLAYERS)}",))
    return PLAYERS[name]


def _secret(text: str) -> bytes:
    """Read a secret as a source's are read. Raises `SettingsError`."""
    if not text:
        return b""
    try:
        read: tuple[SecretStr, ...] = Source.model_validate({"secrets": [text]}).secrets
    except ValidationError:
        raise SettingsError(("--secret: is empty, or names nothing that can be read",)) from None
    return read[0].get_secret_value().encode(errors="surrogateescape")


def _tell_public_half(player: Player, secret: bytes) -> None:
    """Say what the source is to hold where the system signs with a key of its own."""
    held = player.secret_of(secret)
    if held != secret:
        sys.stderr.write(f"The source's secret is the public half: {held.decode()}\n")


def _place(url: str, public_url: str, secret: bytes) -> Place:
    """Say where to send to; what is signed is the same path under the public URL. Raises `SettingsError`."""
    try:
        parts = split_url(url)
        public = base_url(public_url) if public_url else ""
    except ValueError as error:
        raise SettingsError((f"--url or --public-url: {error}",)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(("--url: is no http or https URL",))
    path = parts._replace(scheme="", netloc="").geturl()
    return Place(url, f"{public}{path}" if public else url, secret, time.time(), "")


async def _send(parts: Iterator[tuple[Act, Sent]], pause: float) -> bool:
    """Send all, saying what is answered; tell whether all was taken."""
    well = True
    async for played in play(parts, pause=pause):
        sys.stdout.write(_line(played))
        sys.stdout.flush()
        well &= played.status in _WELL
    return well


def _line(played: Played) -> str:
    body = "".join(c if c.isprintable() else " " for c in played.body.decode(errors="replace")).strip()
    return f"{played.act:<9}{played.status}  {body}".rstrip() + "\n"
