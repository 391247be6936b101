"""The command `serve`: the service, and with `--demo` what a newcomer is shown of it."""

import asyncio
import json
import shlex
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Protocol, TypeAlias
from urllib.parse import quote, urlencode

import typer
from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.deferred import Deferred
from cti_lookup.saying import complain, say
from cti_lookup.serve import serve as serve_until_stopped
from cti_lookup.settings import Settings, load_settings, warnings


class _Demonstration(Protocol):
    """Somebody who can be tried: a number, and what is to be seen of it."""

    @property
    def telephone(self) -> str: ...
    @property
    def title(self) -> str: ...


Prepared: TypeAlias = tuple[Settings, Callable[..., web.Application]]
"""The settings to serve with, and what makes the service."""

_DEMONSTRATIONS: Final[Deferred[Sequence[_Demonstration]]] = Deferred("cti_lookup.directory:DEMONSTRATIONS")
"""Whom the sample people of the embedded directory let one try."""

_PREPARED: Final[Deferred[Callable[[Settings], Prepared]]] = Deferred("cti_lookup.demonstration_app:prepared")
"""What a demonstration needs more than a service does."""

app = typer.Typer()


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option(help="Sample people and calls, made-up secrets, and a page to try them on.")
    ] = False,
) -> None:
    """Run the service, from settings."""
    prepared: Prepared = (load_settings(), create_app)
    if demo:
        prepared = _PREPARED.get()(prepared[0])
    settings, make = prepared
    for warning in warnings(settings):
        complain(f"! {warning}")
    asyncio.run(
        serve_until_stopped(
            settings,
            samples=demo,
            listening=lambda url: _say_where(url, settings, demonstration=demo),
            make=make,
        )
    )


def _say_where(url: str, settings: Settings, *, demonstration: bool) -> None:
    if demonstration:
        say(f"The agent's page, where you can make the phone ring: {url}/\n")
    say(f"cti-lookup listens at {url}")
    if not demonstration or not settings.api_keys:
        return
    shown, *others = _DEMONSTRATIONS.get()
    key = settings.api_keys[0].get_secret_value()
    source = _source_to_show(settings)
    if source:
        say(f"\nMake the phone ring ({shown.title}):\n\n  {_ring_line(url, source, key, shown.telephone)}")
    else:
        say("\nNo source speaks the generic dialect, so no line here makes the phone ring.")
    say(f"\nOr only ask:\n\n  {_ask_line(url, key, shown.telephone)}\n")
    say("Other numbers to try:")
    for one in others:
        say(f"  {one.telephone:<18} {one.title}")
    say(f"\nHealth at {url}/readyz, metrics at {url}/metrics. Ctrl-C stops it all.")


def _source_to_show(settings: Settings) -> str | None:
    """Choose a source that takes an event in the generic dialect; with none configured there is one, `generic`."""
    if not settings.sources:
        return "generic"
    return next((name for name, one in settings.sources.items() if one.dialect == "generic"), None)


def _ring_line(url: str, source: str, key: str, caller: str) -> str:
    """Write the shell's line that sends a call."""
    event = {"event": "newCall", "from": caller, "to": "1002", "direction": "in", "callId": "1"}
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json")
    shown = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return f"curl -s {shlex.quote(f'{url}/webhooks/{source}')} {shown} -d {shlex.quote(json.dumps(event))}"


def _ask_line(url: str, key: str, caller: str) -> str:
    """Write the shell's line that asks for a caller."""
    query = urlencode({"telephone": caller.replace(" ", ""), "key": key}, quote_via=quote, safe="")
    return f"curl -s {shlex.quote(f'{url}/v1/lookup?{query}')}"
