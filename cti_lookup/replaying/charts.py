"""Charts of a replay: as text in a terminal, and as SVG."""

from collections.abc import Iterator, Sequence
from typing import Final

from cti_lookup.answers import Tier
from cti_lookup.replaying.measured import Result

_STEPS: Final = " ▁▂▃▄▅▆▇█"
_BAR: Final = 40


def text_charts(results: Sequence[Result]) -> Iterator[str]:
    """Draw each choice's hit ratio as a bar, and its requests to the directory hour by hour."""
    width = max(len(one.choice.name) for one in results)
    yield "hit ratio"
    for one in results:
        ratio = one.hit_ratio or 0.0
        yield f"  {one.choice.name:<{width}}  {_bar(ratio)} {ratio:6.1%}"
    most = max(hour.requests for one in results for hour in one.hours)
    yield f"requests to the directory in each hour of the day, at most {most}"
    for one in results:
        yield f"  {one.choice.name:<{width}}  {''.join(_step(hour.requests, most) for hour in one.hours)}"


def _bar(ratio: float) -> str:
    full = round(ratio * _BAR)
    return "█" * full + "░" * (_BAR - full)


def _step(value: int, most: int) -> str:
    """Draw a value as a block of eight heights; what is not nothing is seen."""
    return _STEPS[-(-value * (len(_STEPS) - 1) // most)] if most else _STEPS[0]


_COLOURS: Final = ("#1b6ca8", "#d1495b", "#3a7d44", "#edae49", "#6b4e9b", "#00798c", "#8d6a4f", "#444444")
_OF_TIER: Final = {Tier.MEMORY: "#3a7d44", Tier.STALE: "#edae49", Tier.DIRECTORY: "#1b6ca8"}
_LEFT: Final = 150
_PLOT: Final = 560
_WIDTH: Final = _LEFT + _PLOT + 90
_ROW: Final = 22
_CURVES: Final = 200
_GAP: Final = 50


def svg_chart(results: Sequence[Result]) -> str:
    """Draw the tiers of each choice as bars, and below them its requests to the directory hour by hour as curves."""
    bars = 40 + _ROW * len(results)
    height = bars + _GAP + _CURVES + 40
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        ' font-family="sans-serif" font-size="12">'
    )
    parts = (
        opening,
        "<title>What each choice of times would have brought</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        *_tier_bars(results),
        *_request_curves(results, bars + _GAP),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _tier_bars(results: Sequence[Result]) -> Iterator[str]:
    yield _text(_LEFT, 18, "answered from")
    for number, (tier, colour) in enumerate(_OF_TIER.items()):
        yield _text(_LEFT + 110 + 90 * number, 18, tier, fill=colour)
    for row, one in enumerate(results):
        top, left = 30 + _ROW * row, float(_LEFT)
        yield _text(_LEFT - 8, top + 13, one.choice.name, fill=_colour(row), anchor="end")
        for tier, colour in _OF_TIER.items():
            width = _PLOT * one.tiers[tier]
            yield f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_ROW - 6}" fill="{colour}"/>'
            left += width
        yield _text(_LEFT + _PLOT + 8, top + 13, f"{one.hit_ratio or 0.0:.1%} hits")


def _request_curves(results: Sequence[Result], top: int) -> Iterator[str]:
    most = max(1, *(hour.requests for one in results for hour in one.hours))
    bottom, last = top + _CURVES, max(1, len(results[0].hours) - 1)
    yield _text(_LEFT, top - 8, "requests to the directory in each hour")
    for value in (0, most):
        y = bottom - _CURVES * value / most
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + _PLOT}" y2="{y:.1f}" stroke="#cccccc"/>'
        yield _text(_LEFT - 8, y + 4, str(value), anchor="end")
    for hour in range(0, last + 1, max(1, last // 8)):
        yield _text(_LEFT + _PLOT * hour / last, bottom + 18, f"{hour} h", anchor="middle")
    for row, one in enumerate(results):
        points = " ".join(
            f"{_LEFT + _PLOT * number / last:.1f},{bottom - _CURVES * hour.requests / most:.1f}"
            for number, hour in enumerate(one.hours)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{_colour(row)}" stroke-width="2"/>'


def _colour(row: int) -> str:
    return _COLOURS[row % len(_COLOURS)]


def _text(x: float, y: float, text: str, *, fill: str = "black", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}">{text}</text>'
