"""The command `health`: what `python -m cti_lookup.health` says, for a person."""

import os
import sys

import typer

from cti_lookup.health import complaint
from cti_lookup.saying import complain, say

app = typer.Typer()


@app.command()
def health() -> None:
    """Ask the service at CTI_HOST and CTI_PORT whether it is ready; exit 1 if not."""
    trouble = complaint(os.environ)
    if trouble is not None:
        complain(f"✗ {trouble}")
        sys.exit(1)
    say("ready")
