"""
Who is calling: the people a telephone number, a support ID or an employee ID belongs to, at most ten.

However many people share a number, or its last digits, what is read is bounded. Among equal digits the index holds the
enabled first, in the order of their ids, so that the first ten of them are the ones to answer. Numbers that are longer
than the one asked for are a range of the index, of which the first `MOST_LONGER` are looked at.
"""

# ruff: noqa: S608 - queries are put together from constants, never from values

from collections.abc import Sequence
from functools import lru_cache
from sqlite3 import Connection
from typing import Final, NamedTuple

from cti_lookup.directory.callers.telephones import MINIMUM_TAIL
from cti_lookup.directory.records.full_people import people_kept

MOST_CALLERS: Final = 10
"""People that are answered, at most."""

MOST_LONGER: Final = 32
"""Longer numbers that are looked at; only where so many end in the digits asked for are the others passed over."""

KEYS_AT_ONCE: Final = 16
"""Numbers looked for with one statement; a caller's number seldom has so many tails."""

REMOVED: Final = 2
"""The rank of keys of people in the archive or the trash."""

FEW_KEYS: Final = 3
"""Numbers with the same last digits whose people are read together with the search for them."""

_SEARCH: Final = (
    "SELECT * FROM (SELECT -length(?{first}) AS distance, keys.rank AS rank, keys.person_id AS person_id"
    " FROM telephone_keys AS keys CROSS JOIN people ON people.id = keys.person_id"
    " WHERE {condition} AND keys.rank < 2 AND people.account_id IN (?1, ?2) {more})"
)
# Who has the same number twice counts once; the index gives the groups in this order.
_EQUAL: Final = _SEARCH.format(
    first="{number}",
    condition="keys.reversed = ?{number}",
    more=f"GROUP BY keys.rank, keys.person_id ORDER BY keys.rank, keys.person_id LIMIT {MOST_CALLERS}",
)
# In ASCII ":" follows "9": the range holds all that begins with the digits.
_LONGER: Final = _SEARCH.format(
    first="3",
    condition="keys.reversed > ?3 AND keys.reversed < ?3 || ':'",
    more=f"LIMIT {MOST_LONGER}",
)
_NEIGHBOURS: Final = (
    "SELECT (SELECT max(reversed) FROM telephone_keys WHERE reversed <= ?1),"
    " (SELECT min(reversed) FROM telephone_keys WHERE reversed > ?1)"
)
_NEAREST: Final = (
    "SELECT min(distance) AS distance, rank, person_id FROM ({searches})"
    f" GROUP BY person_id ORDER BY distance, rank, person_id LIMIT {MOST_CALLERS}"
)
_BY_ID: Final = (
    "SELECT 0 AS distance, disabled AS rank, id AS person_id FROM people"
    " WHERE {column} = ?3 AND account_id IN (?1, ?2)"
    " AND NOT EXISTS (SELECT 1 FROM removals WHERE person_id = people.id)"
    f" ORDER BY disabled, id LIMIT {MOST_CALLERS}"
)
_BY_EMPLOYEE_ID: Final = _BY_ID.format(column="employeeID")
_BY_SUPPORT_ID: Final = _BY_ID.format(column="supportID COLLATE NOCASE")

# Hardly any two numbers end in the same seven digits. What does is read at once, unless it is more than a few; whose
# people they are is asked afterwards, so that no more rows are looked at.
_FEW: Final = (
    "SELECT reversed, rank, person_id FROM telephone_keys"
    f" WHERE reversed >= ?1 AND reversed < ?1 || ':' LIMIT {FEW_KEYS + 1}"
)

_Row = tuple[int, int, int]
"""Minus the length of the common tail, the rank, and the person's id."""


# One of each is made for every call; a frozen dataclass takes four times as long to make.
class Question(NamedTuple):
    """What is known of a caller; a blank text is nothing. The digits are as `telephone_digits` gives them."""

    employee_id: str = ""
    support_id: str = ""
    digits: str = ""


class View(NamedTuple):
    """Whose people may be found, in one or two accounts, and the account of the reader, which is not shown."""

    accounts: Sequence[str]
    home: str

    @property
    def parameters(self) -> tuple[str, str]:
        """The first two parameters of every query here."""
        return self.accounts[0], self.accounts[-1]


def who_is_calling(connection: Connection, question: Question, view: View) -> bytes:
    """
    Return the people a caller may be, as a JSON array of whole people.

    What is known is tried one after the other, as documented for the URL a telephone system opens (R-Service, "Computer
    telephony integration"): the employee ID, the support ID, the telephone; the first that finds somebody decides.
    """
    found: Sequence[bytes] = ()
    if question.employee_id.strip():
        found = people_by_employee_id(connection, question.employee_id, view)
    if not found and question.support_id.strip():
        found = people_by_support_id(connection, question.support_id, view)
    if not found and question.digits:
        found = people_by_telephone(connection, question.digits, view)
    return b"[" + b",".join(found) + b"]"


def people_by_employee_id(connection: Connection, text: str, view: View) -> Sequence[bytes]:
    """Return the people with an employee ID, the enabled first, then by id."""
    return _whole(connection, _rows(connection, _BY_EMPLOYEE_ID, view, (text,)), view)


def people_by_support_id(connection: Connection, text: str, view: View) -> Sequence[bytes]:
    """Return the people with a support ID, whatever the case of its letters, in the same order."""
    return _whole(connection, _rows(connection, _BY_SUPPORT_ID, view, (text,)), view)


def people_by_telephone(connection: Connection, digits: str, view: View) -> Sequence[bytes]:
    """Return those a number belongs to: longest common tail first, then the enabled, then by id."""
    backwards = digits[::-1]
    rows = _few_rows(connection, backwards)
    if rows is None:
        rows = _many_rows(connection, backwards, view)
    return _whole(connection, rows, view)


def _few_rows(connection: Connection, backwards: str) -> list[_Row] | None:
    """Return all that match; None if they cannot be told from many that end in the same digits."""
    if len(backwards) < MINIMUM_TAIL:
        return None
    cursor = connection.cursor()
    cursor.row_factory = None
    rows = cursor.execute(_FEW, (backwards[:MINIMUM_TAIL],)).fetchall()
    if len(rows) > FEW_KEYS:
        return None
    return [
        (-min(len(key), len(backwards)), rank, person_id)
        for key, rank, person_id in rows
        if (key.startswith(backwards) or backwards.startswith(key)) and rank < REMOVED
    ]


def _many_rows(connection: Connection, backwards: str, view: View) -> list[_Row]:
    """Return the nearest of those that match."""
    before, after = _neighbours(connection, backwards)
    keys = _tails(backwards, before)
    longer = len(backwards) >= MINIMUM_TAIL and after.startswith(backwards)
    rows: list[_Row] = []
    for start in range(0, len(keys) or int(longer), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        query = _telephone_query(len(some), longer and start == 0)
        rows += _rows(connection, query, view, (backwards, *some))
    return rows


def _neighbours(connection: Connection, backwards: str) -> tuple[str, str]:
    """Return the key that stands at some reversed digits or next before them, and the one next after them."""
    cursor = connection.cursor()
    cursor.row_factory = None
    before, after = cursor.execute(_NEIGHBOURS, (backwards,)).fetchone()
    return before or "", after or ""


def _tails(backwards: str, before: str) -> Sequence[str]:
    """
    Return the keys that some reversed digits may have as their beginning, themselves among them, the longest first.

    Such a key stands before the digits, and every key between the two begins with it: so does the last of them. What
    that one has in common with the digits is therefore the longest it can be, and in most cases too short.
    """
    if len(backwards) < MINIMUM_TAIL:
        return [backwards] if before == backwards else []
    common = next(
        (place for place, pair in enumerate(zip(backwards, before, strict=False)) if pair[0] != pair[1]), None
    )
    longest = min(len(backwards), len(before)) if common is None else common
    return [backwards[:length] for length in range(longest, MINIMUM_TAIL - 1, -1)]


def _rows(connection: Connection, query: str, view: View, parameters: Sequence[str]) -> list[_Row]:
    cursor = connection.cursor()
    cursor.row_factory = None  # reading columns by name costs as much again
    return cursor.execute(query, (*view.parameters, *parameters)).fetchall()


def _whole(connection: Connection, rows: list[_Row], view: View) -> Sequence[bytes]:
    """Return the JSON of the first people of these accounts, each of them once."""
    # Nearly always it is one, and there is nothing to put in order.
    ids = (rows[0][2],) if len(rows) == 1 else tuple(dict.fromkeys(row[2] for row in sorted(rows)))
    people = people_kept(connection, ids[: MOST_CALLERS + FEW_KEYS], view.home)
    return [one.json for one in people if one.account_id in view.accounts][:MOST_CALLERS]


@lru_cache(2 * KEYS_AT_ONCE)
def _telephone_query(keys: int, longer: bool) -> str:
    """Return the query for numbers equal to one of so many keys, ?4 and on, and for those longer than the digits, ?3."""
    searches = [_EQUAL.format(number=number) for number in range(4, 4 + keys)]
    return _NEAREST.format(searches=" UNION ALL ".join([_LONGER, *searches] if longer else searches))
