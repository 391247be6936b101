"""The command line: serve, health, lookup, check, token, send, replay, directory; each is imported when it is run, or listed."""

import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cti_lookup.deferred import Shelf
from cti_lookup.errors import NotOpened, SettingsError
from cti_lookup.saying import complain

_USAGE: Final = 2
_COMMANDS: Final[Shelf[typer.Typer]] = Shelf(
    {
        "serve": "cti_lookup.serve_command:app",
        "health": "cti_lookup.health_command:app",
        "lookup": "cti_lookup.lookup_command:app",
        "check": "cti_lookup.check_command:app",
        "token": "cti_lookup.token_command:app",
        "send": "cti_lookup.playing.command:app",
        "replay": "cti_lookup.replaying.command:app",
        "directory": "cti_lookup.directory_commands:app",
    }
)


class _Commands(TyperGroup):
    """The commands by their names."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # typer's
        """Name them."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # typer's
        """Give one; None if there is none."""
        return get_command(_COMMANDS[cmd_name]) if cmd_name in _COMMANDS else None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is calling?",
)


@app.callback()
def _who_is_calling() -> None:
    """Make a group of what has no command of its own."""


def main() -> None:
    """Run the command line; what is wrong is said in a sentence, never as a stack trace."""
    try:
        app()
    except SettingsError as error:
        for fault in error.faults:
            complain(f"✗ {fault}")
        sys.exit(_USAGE)
    except (NotOpened, OSError) as error:
        complain(f"✗ {error}")
        sys.exit(1)
