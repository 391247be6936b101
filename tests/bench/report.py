"""What is told: a table for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Exit, Row, Verdict

_STYLES = {Verdict.MET: "green", Verdict.MISSED: "bold red", Verdict.NOISY: "yellow", Verdict.REPORTED: "dim"}


_FIGURES = (
    "conns",
    "bare/s",
    "ours/s",
    "ratio",
    "spread",
    "bare p50/p99 ms",
    "ours p50/p99 ms",
    "core",
    "bare:bare",
    "gate",
)


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table; `core` is how much of its core the service used, less than all of it where it waits for load."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("variant", no_wrap=True)
    for title in _FIGURES:
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for row in rows:
        table.add_row(
            row.variant,
            str(row.connections),
            f"{row.base_rate:,.0f}",
            f"{row.our_rate:,.0f}",
            f"{row.ratio:.3f}",
            f"{row.lowest:.2f}–{row.highest:.2f}",
            "{:.2f}/{:.2f}".format(*row.base_ms),
            "{:.2f}/{:.2f}".format(*row.our_ms),
            f"{row.busy:.0%}",
            f"{row.self_ratio:.2f} ± {row.unsure:.2f}",
            f"{row.gate:.2f}" if row.gate is not None else "–",
            f"[{_STYLES[row.verdict]}]{row.verdict}[/]",
        )
    console.print(table)


def write_json(place: Path, rows: Sequence[Row], status: Exit) -> None:
    """Write all figures to a file."""
    place.write_text(
        json.dumps({"verdict": status.name.lower(), "rows": [asdict(row) for row in rows]}, indent=2) + "\n"
    )


CONCLUSIONS = {
    Exit.MET: "Every gate is met.",
    Exit.MISSED: "A gate is missed.",
    Exit.NOISY: "The machine was too noisy: this is neither a pass nor a failure.",
}
