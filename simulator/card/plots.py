"""Card, part five: the plots. Each function draws one picture and returns it as the bytes of a PNG file.

Bytes follow from what is drawn and from the version of matplotlib; no clock and no machine is in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.card.curves import Days, Failing, Seasons
from simulator.card.lives import AFTER_H, BEFORE_H, Life
from simulator.card.warning import EDGES_H, FALSE_ALARMS, Warnings
from simulator.card.world import Told
from simulator.world.devices import MODES
from simulator.world.homes import HOME_TYPE_CODE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which can be told apart without seeing red and green.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
_SHOWN: Final[Mapping[str, str]] = MappingProxyType(
    {"apartment": "#D55E00", "single_family_house": "#0072B2", "cottage": "#009E73"}
)
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "response_time_ms": "response time, ms",
        "error_rate": "error rate",
        "temperature_c": "temperature, °C",
        "connection_drops": "connection drops",
        "signal_dbm": "signal, dBm",
        "battery_pct": "battery, %",
        "voltage_v": "voltage, V",
        "power_w": "power, W",
        "humidity_pct": "humidity, %",
    }
)
_FEW_A_PLACE: Final = 5  # failures of a mode in each hour, day or month on average, below which a curve is noise
_MONTHS: Final = "JFMAMJJASOND"
_STYLE: Final[Any] = {
    "font.size": 9, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.alpha": 0.25, "legend.frameon": False, "legend.fontsize": 8, "figure.dpi": 110,
}  # fmt: skip


class Picture:
    """A picture while it is drawn.

    Attributes:
        axes: Its plots, row by row.
        png: The bytes, once it is done.
    """

    def __init__(self, figure: "Figure", axes: Sequence["Axes"]) -> None:
        self._figure = figure
        self.axes = axes
        self.png = b""

    def finish(self) -> None:
        """Turn it into bytes."""
        out = BytesIO()
        self._figure.savefig(out, format="png", metadata={"Software": None})
        self.png = out.getvalue()


@contextmanager
def _picture(rows: int, columns: int, width: float, height: float) -> Iterator[Picture]:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own style is
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False)
        picture = Picture(figure, list(grid.ravel()))
        yield picture
        picture.finish()


def draw_lives(lives: Sequence[Life]) -> bytes:
    """One row for each life: hidden health, then three metrics."""
    with _picture(len(lives), 4, 13, 1.75 * len(lives)) as picture:
        for i, life in enumerate(lives):
            health, *others = picture.axes[4 * i : 4 * i + 4]
            health.fill_between(life.hidden_h, life.hidden, color="#D55E00", alpha=0.35, linewidth=0)
            health.plot(life.hidden_h, life.hidden, color="#D55E00", linewidth=1)
            health.set_ylim(0, max(1.6, 1.05 * float(life.hidden.max())))
            health.set_title(life.mode, loc="left", fontweight="bold")
            health.text(0.03, 0.86, life.who, transform=health.transAxes, fontsize=8)
            health.set_ylabel("degradation")
            for axes, (name, values) in zip(others, life.metrics.items(), strict=True):
                axes.plot(*_broken(life.read_h, values), ".-", color="#0072B2", markersize=2.5, linewidth=0.5)
                axes.set_title(_UNITS[name], loc="left")
            for axes in (health, *others):
                axes.axvspan(life.onset_h, 0, color="#E69F00", alpha=0.15, linewidth=0)
                axes.axvspan(0, life.repair_h, color="#000000", alpha=0.12, linewidth=0)
                axes.axvline(0, color="#000000", linewidth=1)
                axes.set_xlim(-BEFORE_H, AFTER_H)
                axes.set_xticks(range(-96, 37, 24))
        for axes in picture.axes[-4:]:
            axes.set_xlabel("hours from the failure")
    return picture.png


def draw_times(curves: Days, seasons: Seasons, failing: Failing) -> bytes:
    """How readings move with the hour, the weekday and the season."""
    hours, days, months = np.arange(24), np.arange(7), np.arange(12)
    with _picture(2, 3, 13, 6) as picture:
        response, use, week, warmth, battery, _ = picture.axes
        for name, colour in _SHOWN.items():
            response.plot(hours, curves.response[HOME_TYPE_CODE[name]], color=colour, label=name)
            week.plot(days, curves.use_by_day[HOME_TYPE_CODE[name]], "o-", color=colour, label=name, markersize=3)
        response.set_title("Response time on workdays, against the day's mean", loc="left")
        week.set_title("Use by weekday, against the week's mean", loc="left")
        for row, name, colour in zip(curves.use, ("workday", "weekend", "holiday"), _COLOURS, strict=False):
            use.plot(hours, row, color=colour, label=name)
        use.set_title("Share of the time in use, all home types", loc="left")
        for row, battery_row, name, colour in zip(
            seasons.temperature_c, seasons.short_pct, ("indoors", "outdoors"), _COLOURS, strict=False
        ):
            warmth.plot(months, row, "o-", color=colour, label=name, markersize=3)
            battery.plot(months, battery_row, "o-", color=colour, label=name, markersize=3)
        warmth.set_title("Temperature that sensors measure, °C", loc="left")
        battery.set_title("Charge that sensors report, less what their cells hold, %", loc="left")
        _failures(picture.axes[5], months, failing.by_month, ("battery", "overheating", "wear"))
        picture.axes[5].set_title("Failures by month, against the mode's mean", loc="left")
        _legends(picture.axes)
        _ticks(picture.axes, ("hour", "hour", "day", "month", "month", "month"))
    return picture.png


def draw_failures(failing: Failing) -> bytes:
    """When devices fail, by hour and weekday."""
    with _picture(1, 2, 13, 3.2) as picture:
        by_hour, by_day = picture.axes
        _failures(by_hour, np.arange(24), failing.by_hour, ("battery", "overheating", "network", "wear"))
        _failures(by_day, np.arange(7), failing.by_day, ("battery", "sudden", "network", "wear"))
        by_hour.set_title("Failures by local hour, against the mode's mean", loc="left")
        by_day.set_title("Failures by weekday, against the mode's mean", loc="left")
        _legends(picture.axes)
        _ticks(picture.axes, ("hour", "day"))
    return picture.png


def draw_leads(leads_h: Sequence[Floats], told: Sequence[Told]) -> bytes:
    """How long failures build up, and how late they are reported."""
    with _picture(1, 2, 13, 3.6) as picture:
        lead, delay = picture.axes
        for code, mode in enumerate(MODES):
            for axes, hours in ((lead, leads_h[code]), (delay, told[code].delay_h)):
                if len(hours) >= 20:
                    axes.plot(hours, np.arange(1, len(hours) + 1) / len(hours), color=_colour(code), label=mode)
        lead.set_title("From the first sign to the failure: share of failures that took at most so long", loc="left")
        delay.set_title("From the failure to its report: share of reports that came within", loc="left")
        lead.set_xlim(0, 75)
        delay.set_xlim(0, 24)
        for axes in picture.axes:
            axes.set_xlabel("hours")
            axes.set_ylim(0, 1.02)
        if lead.lines:
            lead.legend(loc="lower right")
    return picture.png


def draw_warnings(warnings: Warnings) -> bytes:
    """How many samples stand out, by hours before the failure."""
    with _picture(1, 1, 9, 4) as picture:
        axes = picture.axes[0]
        middle = np.arange(len(EDGES_H) - 1)
        for code, mode in enumerate(MODES):
            if np.isfinite(warnings.share[code]).sum() >= 2:
                axes.plot(
                    middle, warnings.share[code], "o-", color=_colour(code), label=mode, markersize=4,
                    linewidth=3 if mode == "sudden" else 1.5,
                )  # fmt: skip
        axes.axhline(FALSE_ALARMS, color="#000000", linestyle="--", linewidth=1, label="healthy devices")
        axes.set_xticks(middle, [f"{low} to {high}" for low, high in pairwise(EDGES_H)])
        axes.invert_xaxis()
        axes.set_ylim(0, 1)
        axes.set_xlabel("hours before the failure")
        axes.set_title("Share of samples that stand out from the device's own normal", loc="left")
        axes.legend(loc="upper left")
    return picture.png


def _legends(axes: Sequence["Axes"]) -> None:
    for plot in axes:
        if plot.get_legend_handles_labels()[1]:  # a fleet of few homes may have too few failures for any curve
            plot.legend()


def _failures(axes: "Axes", place: Ints, counts: Ints, modes: Sequence[str]) -> None:
    for code, mode in enumerate(MODES):
        if mode in modes and counts[code].sum() >= _FEW_A_PLACE * len(place):
            axes.plot(place, counts[code] / counts[code].mean(), "o-", color=_colour(code), label=mode, markersize=3)
    axes.set_ylim(bottom=0)


def _broken(hours: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Put a hole into a line where the device was silent for long: nothing is drawn where nothing was read."""
    gaps = np.diff(hours)
    silent = np.flatnonzero(gaps > 4 * np.median(gaps)) + 1 if len(gaps) else np.zeros(0, np.int64)
    return np.insert(hours, silent, np.nan), np.insert(values, silent, np.nan)


def _colour(code: int) -> str:
    return _COLOURS[code % len(_COLOURS)]


def _ticks(axes: Sequence["Axes"], kinds: Sequence[str]) -> None:
    for plot, kind in zip(axes, kinds, strict=True):
        if kind == "hour":
            plot.set_xticks(range(0, 25, 6), [f"{hour}:00" for hour in range(0, 25, 6)])
        elif kind == "day":
            plot.set_xticks(range(7), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
        else:
            plot.set_xticks(range(12), list(_MONTHS))
