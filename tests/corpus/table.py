"""The measures as a table of plain text."""

from collections.abc import Iterable
from typing import Final

from tests.corpus.score import Scorecard

GROUPS: Final = (
    "common-spelling",
    "known-caller",
    "collision",
    "stranger",
    "no-caller",
    "internal",
    "hostile",
)
"""Tags worth a line of their own."""

_HEADINGS: Final = (
    "calls",
    "right first",
    "complete",
    "missed",
    "wrong",
    "noise",
    "right outcome",
    "crashes",
)


def with_groups(card: Scorecard) -> list[Scorecard]:
    """Give a scorecard and its main parts."""
    return [card, *map(card.of, GROUPS)]


def table(cards: Iterable[Scorecard]) -> list[str]:
    """Write scorecards as lines; a share over no calls is a dash."""
    rows = [("", *_HEADINGS), *((card.title, *_cells(card)) for card in cards)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_aligned(row, widths)) for row in rows]


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def _cells(card: Scorecard) -> list[str]:
    known, others = len(card.known), len(card.verdicts) - len(card.known)
    return [
        str(len(card.verdicts)),
        _percent(card.right_first, known),
        _percent(card.complete, known),
        str(card.missed),
        str(card.wrong),
        str(card.noise),
        _percent(card.right_outcome, others),
        str(card.crashes),
    ]


def _percent(share: float, calls: int) -> str:
    return f"{share:.1f} %" if calls else "–"
