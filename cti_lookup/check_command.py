"""The command `check`: what is wrong with the settings, and how an event would be read."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cti_lookup.dialects import Facts, Request
from cti_lookup.dialects.custom import Custom
from cti_lookup.errors import SettingsError
from cti_lookup.rehearsal import Headers, Rehearsed, rehearse
from cti_lookup.settings import Settings, load_settings, warnings
from cti_lookup.terminal import cell, err, out, show_table

app = typer.Typer()


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
        sys.exit(1)


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
    custom = source.custom if isinstance(source.custom, Custom) else None
    return rehearse(source.spoken, custom, revealed, request, facts, show=show)
