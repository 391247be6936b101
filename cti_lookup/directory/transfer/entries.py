"""What all formats of files become: entries about people, and entries about the contacts of somebody."""

from collections.abc import Mapping

import msgspec

Cells = Mapping[str, str]
"""Texts of a file under the names of the fields they are for; one that is missing says nothing about its field."""


class Entry(msgspec.Struct, frozen=True):
    """
    One record of a file, and the line it begins on.

    `cells` are fields of the record. `contacts` are the rows of contact details that stand in it, each as `CONTACT_TITLES`
    names them. A `fault` says why the record cannot be read; it then holds nothing. `name` is what other records of the file
    may call this one: a distinguished name.
    """

    line: int
    cells: Cells
    contacts: tuple[Cells, ...] = ()
    name: str = ""
    fault: str = ""


NAMED: str = "dn:"
"""Begins a manager's cell that holds the `name` of another entry of the file."""
