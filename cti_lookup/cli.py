"""The command line: serve, directory, lookup, check."""

import asyncio
import json
import secrets
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import quote, urlencode

import typer
from pydantic import SecretStr
from rich.table import Table

from cti_lookup.answers import Lookup, Outcome, encode_lookup, people_of
from cti_lookup.app import open_parts
from cti_lookup.dialects import Facts, Request
from cti_lookup.directory import DEMONSTRATIONS, DirectoryError
from cti_lookup.directory_commands import app as directory_app
from cti_lookup.errors import SettingsError
from cti_lookup.logs import open_log
from cti_lookup.playing.command import send
from cti_lookup.rehearsal import Headers, Rehearsed, rehearse
from cti_lookup.serve import serve as serve_until_stopped
from cti_lookup.settings import Settings, load_settings, warnings
from cti_lookup.telephone import is_region, read_caller
from cti_lookup.terminal import cell, err, out, show_table

_PATIENCE = 5.0
_USAGE = 2
_SHOWN = DEMONSTRATIONS[0]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Who is calling?"
)
app.add_typer(directory_app, name="directory")
app.command()(send)


def main() -> None:
    """Run the command line; what is wrong is said in a sentence, never as a stack trace."""
    try:
        app()
    except SettingsError as error:
        for fault in error.faults:
            err.print(f"✗ {fault}")
        _stop(_USAGE)
    except (DirectoryError, OSError) as error:
        err.print(f"✗ {error}")
        _stop(1)


def _stop(status: int) -> NoReturn:
    sys.exit(status)


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option(help="Sample people, a made-up key, and a line that makes the phone ring.")
    ] = False,
) -> None:
    """Run the service, from settings."""
    settings = load_settings()
    if demo:
        settings = _for_demonstration(settings)
    for warning in warnings(settings):
        err.print(f"! {warning}")
    asyncio.run(
        serve_until_stopped(
            settings, samples=demo, listening=lambda url: _say_where(url, settings, demonstration=demo)
        )
    )


def _for_demonstration(settings: Settings) -> Settings:
    """Fill in what a newcomer has not set."""
    filled = {
        "api_keys": settings.api_keys or (SecretStr(secrets.token_urlsafe(12)),),
        "region": settings.region or "US",
        "directory_account": settings.directory_account or "widget",
    }
    return settings.model_copy(update=filled)


def _say_where(url: str, settings: Settings, *, demonstration: bool) -> None:
    out.print(f"cti-lookup listens at {url}")
    if not demonstration or not settings.api_keys:
        return
    key = settings.api_keys[0].get_secret_value()
    source = _source_to_show(settings)
    if source:
        out.print(f"\nMake the phone ring ({_SHOWN.title}):\n\n  {_ring_line(url, source, key)}")
    else:
        out.print("\nNo source speaks the generic dialect, so no line here makes the phone ring.")
    out.print(f"\nOr only ask:\n\n  {_ask_line(url, key)}\n")
    out.print("Other numbers to try:")
    for one in DEMONSTRATIONS[1:]:
        out.print(f"  {one.telephone:<18} {one.title}")
    out.print(f"\nHealth at {url}/readyz, metrics at {url}/metrics. Ctrl-C stops it all.")


def _source_to_show(settings: Settings) -> str | None:
    """Choose a source that takes an event in the generic dialect; with none configured there is one, `generic`."""
    if not settings.sources:
        return "generic"
    return next((name for name, one in settings.sources.items() if one.dialect == "generic"), None)


def _ring_line(url: str, source: str, key: str) -> str:
    """Write the shell's line that sends a call."""
    event = {"event": "newCall", "from": _SHOWN.telephone, "to": "1002", "direction": "in", "callId": "1"}
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json")
    shown = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return f"curl -s {shlex.quote(f'{url}/webhooks/{source}')} {shown} -d {shlex.quote(json.dumps(event))}"


def _ask_line(url: str, key: str) -> str:
    """Write the shell's line that asks for a caller."""
    query = urlencode({"telephone": _SHOWN.telephone.replace(" ", ""), "key": key}, quote_via=quote, safe="")
    return f"curl -s {shlex.quote(f'{url}/v1/lookup?{query}')}"


@app.command()
def lookup(
    number: Annotated[str, typer.Argument(help="A number, written in any way.")],
    region: Annotated[
        str, typer.Option(help="The region to read a national number in; CTI_REGION if not given.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as the service gives it.")
    ] = False,
) -> None:
    """Look one caller up from the shell, with the service's settings."""
    asked = _region(region)
    settings = load_settings()
    found = asyncio.run(_look_up(settings, number, asked or settings.region))
    if as_json:
        sys.stdout.buffer.write(encode_lookup(found) + b"\n")
        sys.stdout.buffer.flush()
    else:
        _show(found)
    if found.outcome is Outcome.UNAVAILABLE:
        _stop(1)


def _region(text: str) -> str | None:
    """Read the option's region; None if it is not given. Raises `SettingsError`."""
    code = text.strip().upper()
    if code and not is_region(code):
        raise SettingsError(
            ("--region: is no region with a numbering plan; use an ISO 3166 code such as US or DE",)
        )
    return code or None


async def _look_up(settings: Settings, number: str, region: str | None) -> Lookup:
    """Look a number up; `region` says only how it is read: stored numbers are read in the settings' own."""
    async with open_parts(settings, log=open_log()) as parts:
        caller = read_caller(number, region)
        return await parts.lookup.find(caller, patience=_PATIENCE, late=Outcome.UNAVAILABLE)


_SAID = {
    Outcome.NOBODY: "The directory knows nobody with this number.",
    Outcome.WITHHELD: "The caller withholds the number.",
    Outcome.INVALID: "This is no telephone number.",
    Outcome.INTERNAL: "This is an extension: a colleague.",
    Outcome.UNAVAILABLE: "The directory could not be asked.",
    Outcome.PENDING: "The directory has not answered yet.",
}


def _show(found: Lookup) -> None:
    if found.answer is None or found.outcome is not Outcome.MATCHED:
        out.print(_SAID[found.outcome])
        return
    table = Table("", "name", "organization", "site", "VIP", "matched", "stored as", box=None)
    for position, person in enumerate(people_of(found.answer), 1):
        cells = (
            str(position),
            person.name,
            person.organization.name if person.organization else "",
            person.site.name if person.site else "",
            "VIP" if person.vip else "",
            person.match.rule,
            f"{person.match.label}: {person.match.telephone}",
        )
        table.add_row(*map(cell, cells))
    show_table(table)
    if found.answer.truncated:
        out.print("… and more; ten are shown.")
    out.print(f"from {found.tier}, {found.age:.0f} s old", style="dim")


@app.command()
def check(
    event: Annotated[
        Path | None, typer.Option(help="A file with the body of an event: say how it would be read.")
    ] = None,
    source: Annotated[str, typer.Option(help="The source whose event it is.")] = "",
    header: Annotated[
        list[str] | None, typer.Option(help="A header it came with, 'Name: value'; may be repeated.")
    ] = None,
    get: Annotated[bool, typer.Option("--get", help="The file holds the URL that was fetched.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Tell numbers in full.")] = False,
) -> None:
    """Check the settings: say every problem at once; exit 2 if there is any."""
    settings = load_settings()
    for warning in warnings(settings):
        err.print(f"! {warning}")
    if event is None:
        out.print("The settings are valid.")
        return
    rehearsed = _rehearsed(
        settings, source, _request_of(settings, source, event, header or [], get=get), show=show
    )
    out.print(f"proof: {rehearsed.proof}")
    for lines in rehearsed.events:
        table = Table("", "found", "read as", box=None)
        for line in lines:
            table.add_row(line.name, cell(line.found), cell(line.read))
        show_table(table)
    if rehearsed.trouble:
        out.print(rehearsed.trouble)
        _stop(1)


def _request_of(settings: Settings, source: str, event: Path, headers: list[str], *, get: bool) -> Request:
    """Make the request that a file stands for. Raises `SettingsError` for a header that is none."""
    pairs = [one.partition(":") for one in headers]
    if not all(colon and name.strip() for name, colon, _ in pairs):
        raise SettingsError(("--header: is written 'Name: value'",))
    named = Headers({name.strip(): value.strip() for name, _, value in pairs})
    body, base = event.read_bytes(), settings.public_url or ""
    if not get:
        return Request(named, "", body, target=f"/webhooks/{source}", base=base)
    url = body.decode(errors="surrogateescape").strip()
    query = url.partition("?")[2] or url
    return Request(named, query, b"", "GET", f"/webhooks/{source}?{query}", base)


def _rehearsed(settings: Settings, name: str, request: Request, *, show: bool) -> Rehearsed:
    """Read an event as a source would. Raises `SettingsError` for a source that there is not."""
    source = settings.sources.get(name)
    if source is None:
        raise SettingsError(
            (f"--source: is one of {', '.join(settings.sources) or 'none: no source is configured'}",)
        )
    revealed = tuple(secret.get_secret_value().encode() for secret in source.secrets)
    facts = Facts(name, source.region or settings.region, time.time())
    return rehearse(source.spoken, source.custom, revealed, request, facts, show=show)
