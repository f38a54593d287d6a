"""Chart: curves as SVG, written by hand so that colours follow the page's theme and letters stay letters.

Drawn 460 units wide with letters of 13, so that it can be read on a phone, too.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from msgspec import Struct

from benchmarks.pages.form.style import LINES
from benchmarks.report import figure_text

WIDTH: Final = 460.0
_LEFT: Final = 46.0
_RIGHT: Final = 12.0
_TOP: Final = 24.0
_PLOT: Final = 220.0
_BELOW: Final = 44.0
_KEY: Final = 20.0
_LETTER: Final = 7.4  # about what one takes of the width
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3")


class Line(Struct, frozen=True):
    """A curve: its name, its points in order of x, and which colour and dashes it has everywhere."""

    name: str
    points: list[tuple[float, float]]
    number: int


def line_chart(
    lines: Sequence[Line], *, x_title: str, y_title: str, title: str, mark: tuple[float, float, str] | None = None,
    log_x: bool = False,
    emphasis: bool = True,
) -> str:  # fmt: skip
    """Draw curves.

    Args:
        lines: At least one with a point; the first is drawn on top.
        x_title, y_title: What the axes show.
        title: What it shows, for those who cannot see it.
        mark: From where to where on the x axis something happened, and what; drawn as a line if the two are equal.
        log_x: Whether x, which then is positive, is on a log scale.
        emphasis: Whether the first is drawn boldest.
    """
    xs = [x for line in lines for x, _ in line.points] + ([mark[0]] if mark else [])
    ys = [y for line in lines for _, y in line.points]
    x_of = _Scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT, log=log_x)
    ticks = _ticks(min(0.0, *ys), max(ys) if max(ys) > 0 else 1.0)
    y_of = _Scale(ticks[0], ticks[-1], _TOP + _PLOT, _TOP)
    keys, height = _keys(lines, emphasis=emphasis)
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">']
    for tick in ticks:
        y = y_of(tick)
        parts.append(f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{WIDTH - _RIGHT:g}"/>')
        parts.append(
            f'<text x="{_LEFT - 6:g}" y="{y + 4.5:.1f}" text-anchor="end">{figure_text(round(tick, 9))}</text>'
        )
    parts.append(f'<text x="4" y="13">{escape(y_title)}</text>')
    for tick in sorted(set(xs)) if log_x else _ticks(min(xs), max(xs), inside=True):
        x, text = x_of(tick), _short(tick)
        anchor = "end" if x + _LETTER * len(text) / 2 > WIDTH else "middle"
        place = WIDTH - 2.0 if anchor == "end" else x
        parts.append(f'<text x="{place:.1f}" y="{_TOP + _PLOT + 17:g}" text-anchor="{anchor}">{text}</text>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:g}" y="{_TOP + _PLOT + 35:g}" text-anchor="middle">{escape(x_title)}</text>')
    if mark is not None:
        parts.append(_mark(mark, x_of))
    for position, line in reversed(list(enumerate(lines))):
        parts.append(_line(line, x_of, y_of, first=emphasis and position == 0))
    return "".join([*parts, *keys, "</svg>"])


class _Scale:
    def __init__(self, low: float, high: float, start: float, end: float, *, log: bool = False) -> None:
        self._log = log
        self._low, self._high = (math.log(low), math.log(high)) if log else (low, high)
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        if self._high <= self._low:
            return (self._start + self._end) / 2
        at = math.log(value) if self._log else value
        share = min(1.0, max(0.0, (at - self._low) / (self._high - self._low)))
        return self._start + share * (self._end - self._start)


def _ticks(low: float, high: float, *, inside: bool = False) -> list[float]:
    """Round numbers, four to seven; ``inside`` leaves out those beyond the ends."""
    if high <= low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / 4.0))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if (high - low) / (factor * step) <= 6)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    slack = 1e-9 * step
    return [tick for tick in ticks if low - slack <= tick <= high + slack] if inside else ticks


def _line(line: Line, x_of: _Scale, y_of: _Scale, *, first: bool) -> str:
    colour, dashes = line.number % LINES, _DASHES[line.number % len(_DASHES)]
    places = [(x_of(x), y_of(y)) for x, y in line.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    bold = " first" if first else ""
    out = f'<path class="line s{colour}{bold}"{dashed} d="M{path}"/>' if len(places) > 1 else ""
    if len(places) <= 12:
        out += "".join(f'<circle class="f{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    return f"<g><title>{escape(line.name)}</title>{out}</g>"


def _mark(mark: tuple[float, float, str], x_of: _Scale) -> str:
    begin, end, text = x_of(mark[0]), x_of(mark[1]), escape(mark[2])
    bottom = _TOP + _PLOT
    band = f'<rect class="band" x="{begin:.1f}" y="{_TOP:g}" width="{end - begin:.1f}" height="{_PLOT:g}"/>'
    right = begin < (_LEFT + WIDTH) / 2
    place = f'x="{begin + 5:.1f}"' if right else f'x="{begin - 5:.1f}" text-anchor="end"'
    return (
        (band if end > begin else "")
        + f'<path class="mark" d="M{begin:.1f} {_TOP - 6:g}V{bottom:g}"/>'
        + f'<text class="marked" {place} y="{_TOP - 1:g}">{text}</text>'
    )


def _keys(lines: Sequence[Line], *, emphasis: bool) -> tuple[list[str], float]:
    """Which line is whose, in as many rows as it takes; and the height of the whole."""
    out: list[str] = []
    x, y = 6.0, _TOP + _PLOT + _BELOW + 12.0
    for position, line in enumerate(lines):
        width = 34.0 + _LETTER * len(line.name) + 14.0
        if x > 6.0 and x + width > WIDTH:
            x, y = 6.0, y + _KEY
        colour, dashes = line.number % LINES, _DASHES[line.number % len(_DASHES)]
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        bold = " first" if emphasis and position == 0 else ""
        out.append(f'<path class="line s{colour}{bold}"{dashed} d="M{x:.1f} {y - 4:.1f}h26"/>')
        out.append(f'<text class="key" x="{x + 32:.1f}" y="{y:.1f}">{escape(line.name)}</text>')
        x += width
    return out, y + 10.0


def _short(value: float) -> str:
    """A number on an axis: thousands as k."""
    if value >= 10_000 and value % 100 == 0:
        return f"{value / 1000:g}k"
    return figure_text(round(value, 9))
