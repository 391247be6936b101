"""The command `lookup`: one caller looked up from the shell."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.table import Table

from cti_lookup.answers import Lookup, Outcome, encode_lookup, people_of
from cti_lookup.app import open_parts
from cti_lookup.errors import SettingsError
from cti_lookup.logs import open_log
from cti_lookup.settings import Settings, load_settings
from cti_lookup.telephone import is_region, read_caller
from cti_lookup.terminal import cell, out, show_table

_PATIENCE = 5.0

app = typer.Typer()


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
        sys.exit(1)


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
