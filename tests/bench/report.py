"""What is told: a table for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Exit, Gate, Measure, Row, Verdict

_STYLES = {Verdict.MET: "green", Verdict.MISSED: "bold red", Verdict.NOISY: "yellow", Verdict.REPORTED: "dim"}


_FIGURES = (
    "conns",
    "bare",
    "ours",
    "figure",
    "spread",
    "bare p50/p99 ms",
    "ours p50/p99 ms",
    "core",
    "bare:bare",
    "by core time",
    "gate",
    "goal",
)
_GAUGED = (Measure.OWN, Measure.MEMORY, Measure.IMPORT, Measure.LOOKUP, Measure.TELLING)
"""What is told in its unit; all else is a ratio to the bare handler, to `import aiohttp.web`, or to the generic dialect."""


def show(rows: Sequence[Row], console: Console) -> None:
    """
    Print the table.

    `core` is how much of its core the service used, less than all of it where it waits for load. `by core time` is the figure by the
    time of its core that a request took, and in brackets the bare handler's to itself.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("path", no_wrap=True)
    table.add_column("measured", no_wrap=True)
    for title in _FIGURES:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("verdict")
    for row in rows:
        table.add_row(
            row.what.variant, row.what.measure, *_cells(row), f"[{_STYLES[row.verdict]}]{row.verdict}[/]"
        )
    console.print(table)


def _cells(row: Row) -> Iterator[str]:
    unit = f" {row.what.unit}" if row.what.measure in _GAUGED else ""
    yield f"{row.what.connections or '–'}"
    yield _amount(row.base, row.what.unit)
    yield _amount(row.ours, row.what.unit)
    yield f"{_rounded(row.figure)}{unit}"
    yield f"{row.lowest:.2f}–{row.highest:.2f}"
    yield "{:.2f}/{:.2f}".format(*row.base_ms) if row.base_ms else "–"
    yield "{:.2f}/{:.2f}".format(*row.our_ms) if row.our_ms else "–"
    yield f"{row.busy:.0%}" if row.busy is not None else "–"
    yield f"{row.self_ratio:.2f} ± {row.unsure:.2f}"
    yield "{:.3f} ({:.2f})".format(*row.thrift) if row.thrift else "–"
    yield _limit(row.gate, row.gate.limit) if row.gate else "–"
    yield _limit(row.gate, row.gate.goal) if row.gate and row.gate.goal is not None else "–"


def _amount(figure: float, unit: str) -> str:
    return f"{figure:.2f} {unit}" if unit else f"{figure:,.0f}"


def _rounded(figure: float) -> str:
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.3f}"


def _limit(gate: Gate, figure: float) -> str:
    return f"{'≤' if gate.at_most else '≥'} {figure:g}"


def write_json(place: Path, rows: Sequence[Row], status: Exit) -> None:
    """Write all figures to a file."""
    place.write_text(
        json.dumps({"verdict": status.name.lower(), "rows": [asdict(row) for row in rows]}, indent=2) + "\n"
    )


CONCLUSIONS = {
    Exit.MET: "Every gate is met.",
    Exit.MISSED: "A gate is missed, or an answer was wrong.",
    Exit.NOISY: "The machine was too noisy: this is neither a pass nor a failure.",
}
