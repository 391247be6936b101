"""
A recorded day of calls, as CSV.

Columns: `at` (RFC 3339, or seconds since the epoch) and `number` (as the phone system sent it), and if they are there
`source`, `region` (ISO 3166) and `known` (whether the directory knows the caller). Others are passed over.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cti_lookup.errors import SettingsError
from cti_lookup.telephone import Caller, is_region, read_caller

_NEEDED: Final = ("at", "number")
_EPOCH: Final = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_KNOWN: Final = {"": None, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MOST_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call: `at` in seconds since the day's first, who called, and whether the directory knows them, if that is said."""

    at: float
    caller: Caller
    known: bool | None = None


Day = tuple[RecordedCall, ...]


def read_day(lines: Iterable[str], region: str | None) -> Day:
    """
    Read a day, in the order of its times; `region` is what a national number is read in where its row says none.

    Raises `SettingsError` with a fault for each bad row, by its line; no fault tells a number.
    """
    reader = csv.DictReader(lines, restkey="", restval=None)
    if missing := [name for name in _NEEDED if name not in _columns(reader)]:
        raise SettingsError((f"line 1: there is no column {' and no column '.join(missing)}",))
    faults: list[str] = []
    calls = sorted(_calls(reader, region, faults), key=lambda one: one.at)
    if faults:
        more = len(faults) - _MOST_FAULTS
        raise SettingsError((*faults[:_MOST_FAULTS], *([f"and {more} lines more"] if more > 0 else ())))
    if not calls:
        raise SettingsError(("the file holds no calls",))
    return tuple(RecordedCall(one.at - calls[0].at, one.caller, one.known) for one in calls)


def _columns(reader: "csv.DictReader[str]") -> Collection[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error:
        raise SettingsError(("line 1: is no CSV",)) from None


def _calls(reader: "csv.DictReader[str]", region: str | None, faults: list[str]) -> Iterator[RecordedCall]:
    """Read row by row; what is wrong goes to `faults`."""
    try:
        for row in reader:
            try:
                yield _call(row, region)
            except ValueError as exc:
                faults.append(f"line {reader.line_num}: {exc}")
    except csv.Error:
        faults.append(f"line {reader.line_num + 1}: is no CSV")


def _call(row: Mapping[str, str | None], region: str | None) -> RecordedCall:
    at, number = _moment(row["at"] or ""), row["number"]
    if number is None:
        raise ValueError("has no number")
    own = (row.get("region") or "").strip().upper()
    if own and not is_region(own):
        raise ValueError("'region' is no region with a numbering plan")
    known = (row.get("known") or "").strip().casefold()
    if known not in _KNOWN:
        raise ValueError("'known' is neither yes nor no")
    return RecordedCall(at, read_caller(number, own or region), _KNOWN[known])


def _moment(text: str) -> float:
    """Read a point in time as seconds since the epoch. Raises `ValueError`, which tells nothing of the text."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("'at' is neither RFC 3339 nor seconds since the epoch") from None
    if moment.tzinfo is None:
        raise ValueError("'at' has no time zone")
    return moment.timestamp()
