"""Where the command line writes, and how what the directory holds is shown there."""

import unicodedata
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH: Final = 1000  # who reads a pipe reads a record a line, and no name in two halves

# Names, keys and paths are printed as they are: no markup, no emoji.
out: Final = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def cell(text: str) -> Text:
    """Show a text of the directory's as it is; what would steer the terminal shows as �."""
    return Text("".join("�" if unicodedata.category(one) == "Cc" else one for one in text))


def show_table(table: Table) -> None:
    """Print a table; to a pipe in lines of any width."""
    if not out.is_terminal:
        out.width = PIPE_WIDTH
    out.print(table)
