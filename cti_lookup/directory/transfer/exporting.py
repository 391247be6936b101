"""
People and contacts as CSV files that can be imported again.

Facts (R-Service developer guide, "Export"): the columns are those of the import; several types come as one zip file; values that begin with
one of `= + - @` get a tab in front, so that no spreadsheet takes them for formulas; lines end in LF or CRLF. With `from` only
records that changed since are exported.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from sqlite3 import Connection, Row
from types import MappingProxyType
from typing import IO, Final

import msgspec

from cti_lookup.directory.transfer.columns import PEOPLE_TITLES, Kind

LINE_ENDS: Final = MappingProxyType({"lf": "\n", "crlf": "\r\n"})

_FORMULA: Final = ("=", "+", "-", "@")
_PLACE: Final = "CASE WHEN {one}.account_id = :account THEN {one}.{name} ELSE {one}.{name} || ' @' || {one}.account_id END"
_PEOPLE: Final = (
    "SELECT p.*, "  # noqa: S608 - constants
    + ", ".join(
        f"{_PLACE.format(one=one, name=name)} AS {field}"
        for one, name, field in (
            ("o", "name", "organization"),
            ("s", "name", "site"),
            ("c", "name", "work_hours"),
            ("m", "primary_email", "manager"),
        )
    )
    + """ FROM people AS p
    LEFT JOIN organizations AS o ON o.id = p.organization_id
    LEFT JOIN sites AS s ON s.id = p.site_id
    LEFT JOIN calendars AS c ON c.id = p.work_hours_id
    LEFT JOIN people AS m ON m.id = p.manager_id
    WHERE p.account_id = :account AND p.updated_at >= :since AND p.id NOT IN (SELECT person_id FROM removals)
    ORDER BY p.id"""
)
_DETAILS: Final = """
    SELECT d.*, w.{owner} AS owner FROM (
        SELECT id, owner_id, protocol, label, uri, NULL AS address_label, NULL AS address, NULL AS city, NULL AS state,
            NULL AS zip, NULL AS country, integration, 0 AS place FROM {contacts}
        UNION ALL
        SELECT id, owner_id, NULL, NULL, NULL, label, address, city, state, zip, country, integration, 1 FROM {addresses}
    ) AS d JOIN {owners} AS w ON w.id = d.owner_id
    WHERE w.account_id = :account AND w.updated_at >= :since AND {condition}
    ORDER BY d.owner_id, d.place, d.id
"""
_PEOPLE_CONTACTS: Final = _DETAILS.format(
    owner="primary_email",
    contacts="contacts",
    addresses="addresses",
    owners="people",
    condition="w.id NOT IN (SELECT person_id FROM removals)",
)
_ORGANIZATIONS_CONTACTS: Final = _DETAILS.format(
    owner="name",
    contacts="organization_contacts",
    addresses="organization_addresses",
    owners="organizations",
    condition="TRUE",
)
_QUERIES: Final = MappingProxyType(
    {
        Kind.PEOPLE: _PEOPLE,
        Kind.PEOPLE_CONTACTS: _PEOPLE_CONTACTS,
        Kind.ORGANIZATIONS_CONTACTS: _ORGANIZATIONS_CONTACTS,
    }
)
_IN_COLUMNS: Final = frozenset(
    [
        "id",
        "primary_email",
        "source",
        "sourceID",
        "disabled",
        "name",
        "organization",
        "supportID",
        "employeeID",
        "manager",
        "site",
        "work_hours",
        "created_at",
        "updated_at",
    ]
)


class Selection(msgspec.Struct, frozen=True):
    """What is exported: types, of one account, and only what changed since a time if one is given."""

    kinds: tuple[Kind, ...]
    account: str
    since: str = ""
    line_end: str = "\n"

    @property
    def parameters(self) -> dict[str, str]:
        """The values that statements name."""
        return {"account": self.account, "since": self.since}

    @property
    def name(self) -> str:
        """The name of the file."""
        return f"{self.kinds[0]}.csv" if len(self.kinds) == 1 else "export.zip"


def has_changes(connection: Connection, selection: Selection) -> bool:
    """Say whether there is anything to export."""
    return any(
        connection.execute(f"SELECT EXISTS ({_QUERIES[kind]})", selection.parameters).fetchone()[0]
        for kind in selection.kinds
    )


def export(connection: Connection, selection: Selection, path: Path) -> None:
    """Write a file with everything that is selected, as it is at one moment."""
    connection.execute("BEGIN")
    try:
        if len(selection.kinds) == 1:
            with path.open("wb") as file:
                _write(connection, selection.kinds[0], selection, file)
            return
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for kind in selection.kinds:
                with archive.open(f"{kind}.csv", "w", force_zip64=True) as file:
                    _write(connection, kind, selection, file)
    finally:
        connection.execute("ROLLBACK")


def _write(connection: Connection, kind: Kind, selection: Selection, file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    rows = csv.writer(text, lineterminator=selection.line_end)
    rows.writerow(kind.titles.values())
    cells = _person_cells if kind is Kind.PEOPLE else _cells_of(tuple(kind.titles))
    rows.writerows(_protected(cells(row)) for row in _rows(connection, kind, selection))
    text.flush()
    text.detach()


def _rows(connection: Connection, kind: Kind, selection: Selection) -> Iterator[Row]:
    return iter(connection.execute(_QUERIES[kind], selection.parameters))


def _person_cells(row: Row) -> Iterator[str]:
    details = msgspec.json.decode(row["details"])
    for field in PEOPLE_TITLES:
        yield _text(row[field] if field in _IN_COLUMNS else details.get(field))


def _cells_of(fields: tuple[str, ...]) -> Callable[[Row], Iterable[str]]:
    return lambda row: (_text(row[field]) for field in fields)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _protected(cells: Iterable[str]) -> list[str]:
    return [f"\t{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
