"""`cti-lookup replay`: say what other times of the cache would have brought on a recorded day."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cti_lookup.answers import Outcome, Tier
from cti_lookup.rates import NO_TIER
from cti_lookup.replaying.charts import svg_chart, text_charts
from cti_lookup.replaying.day import Day, read_day
from cti_lookup.replaying.measured import Result
from cti_lookup.replaying.options import Options
from cti_lookup.replaying.replay import Setup, replay
from cti_lookup.replaying.sample import CALLS, write_sample
from cti_lookup.terminal import err, out, show_table

app = typer.Typer()


@app.command("replay")
def replay_day(  # noqa: PLR0913, PLR0917  # a command's options, by name
    file: Annotated[
        Path,
        typer.Argument(
            metavar="CALLS.csv",
            dir_okay=False,
            help="A day of calls: at, number, and if known source, region, known.",
        ),
    ],
    ttl: Annotated[str, typer.Option(help="CTI_CACHE_TTL to try, in seconds; several after commas.")] = "900",
    negative_ttl: Annotated[str, typer.Option(help="CTI_CACHE_NEGATIVE_TTL to try.")] = "60",
    stale_ttl: Annotated[str, typer.Option(help="CTI_CACHE_STALE_TTL to try.")] = "86400",
    speed: Annotated[str, typer.Option(help="How many times as fast as it was; max: in seconds.")] = "max",
    directory_ms: Annotated[
        str, typer.Option(help="Milliseconds that the directory takes: median, or median,p99.")
    ] = "300",
    quota: Annotated[int, typer.Option(min=1, help="Requests that the directory grants in an hour.")] = 3600,
    budget: Annotated[float, typer.Option(min=0.05, max=5, help="CTI_LOOKUP_BUDGET, in seconds.")] = 0.8,
    known: Annotated[
        float,
        typer.Option(min=0, max=1, help="Part of the callers who are known, where the file does not say."),
    ] = 0.7,
    region: Annotated[str, typer.Option(envvar="CTI_REGION", help="Region of national numbers.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    svg: Annotated[Path | None, typer.Option(dir_okay=False, help="Draw the results into this file.")] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample", help=f"Write a sample day of {CALLS} calls into the file, and play nothing."
        ),
    ] = False,
) -> None:
    """Play a recorded day against the cache, with other times, and say what they would have brought."""
    if sample:
        with file.open("x", encoding="utf-8", newline="") as new:
            write_sample(new)
        out.print(f"{CALLS} calls in {file}")
        return
    options = Options()
    choices, pace = options.choices(ttl, negative_ttl, stale_ttl), options.speed(speed)
    setup = Setup(options.latency(directory_ms), quota, budget, known)
    own_region = options.region(region)
    options.check()
    day = _read(file, own_region)
    with _progress(len(day)) as played:
        results = replay(day, choices, setup, speed=pace, played=played)
    if svg is not None:
        svg.write_text(svg_chart(results), encoding="utf-8")
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
        sys.stdout.buffer.flush()
    else:
        _show(results, quota)


def _read(file: Path, region: str | None) -> Day:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        return read_day(lines, region)


@contextmanager
def _progress(calls: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, nothing in a pipe; what is given is to be called for each call."""
    columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("calls", total=calls)
        yield lambda: progress.advance(task)


_NAME: Final = "times"
_TIERS: Final = (Tier.MEMORY, Tier.DIRECTORY, Tier.STALE, NO_TIER)
_CACHE: Final = (_NAME, "hits", *_TIERS, "p50 ms", "p95 ms", "p99 ms")
_ASKED: Final = (_NAME, "requests", "in 1 h", "quota", "in 2 s", "refused", "pending", "unavailable")


def _show(results: Sequence[Result], quota: int) -> None:
    out.print(f"{results[0].calls} calls, {results[0].numbers} of them with a number\n")
    show_table(_table(_CACHE, map(_of_cache, results)))
    out.print()
    show_table(_table(_ASKED, (_of_directory(one, quota) for one in results)))
    out.print()
    for line in text_charts(results):
        out.print(line)


def _table(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None)
    for name in columns:
        table.add_column(name, justify="left" if name == _NAME else "right")
    for row in rows:
        table.add_row(*row)
    return table


def _of_cache(one: Result) -> tuple[str, ...]:
    waits = one.waits_ms
    return (
        one.choice.name,
        "–" if one.hit_ratio is None else f"{one.hit_ratio:.1%}",
        *(f"{one.tiers[tier]:.1%}" for tier in _TIERS),
        *(f"{wait:.0f}" for wait in (waits.p50, waits.p95, waits.p99)),
    )


def _of_directory(one: Result, quota: int) -> tuple[str, ...]:
    asked = one.requests
    late, none = (one.outcomes.get(outcome.value, 0) for outcome in (Outcome.PENDING, Outcome.UNAVAILABLE))
    peak = f"{asked.peak_hour / quota:.1%}"
    counts = (asked.peak_2s, asked.refused, late, none)
    return (one.choice.name, str(asked.total), str(asked.peak_hour), peak, *map(str, counts))
