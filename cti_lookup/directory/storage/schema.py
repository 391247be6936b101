"""The tables, and the version of them that this program knows."""

import re
from importlib.resources import files
from sqlite3 import complete_statement
from typing import Final

APPLICATION_ID: Final = 0x52534456
"""Marks a file as this directory's, so that another program's database is never written to."""

SCHEMA_VERSION: Final = 2

_COMMENT: Final = re.compile(r"--[^\n]*")


def statements() -> list[str]:
    """Return the statements that make the tables, one by one, so that they can be part of a transaction."""
    text = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    found: list[str] = []
    rest = ""
    for part in _COMMENT.sub("", text).split(";"):
        rest += part
        # A trigger holds statements of its own.
        if complete_statement(f"{rest};"):
            found.append(rest.strip())
            rest = ""
        else:
            rest += ";"
    return [statement for statement in found if statement]
