"""Plot: a report as a picture, with one panel of horizontal bars for each unit.

Needs matplotlib, which is imported when a picture is drawn and not before.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from benchmarks.report import BenchError, Report, Row, figure_text, machine_text, shown_rows, version_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SUFFIXES: Final = (".png", ".svg")
WIDE: Final = 50.0  # ratio of largest to smallest positive value, above which short bars need a log scale
_LABEL: Final = 0.18  # share of a panel's width that a value needs beside the longest bar

# Inches; a panel also has a title and an axis, the picture a title and a legend.
_ROW: Final = 0.21
_PANEL: Final = 0.62
_EDGES: Final = 1.0
_BARS: Final = 6.5
_LETTER: Final = 0.075

# Okabe and Ito's colours, which can be told apart without seeing red and green.
_COLOURS: Final[Mapping[str, str]] = MappingProxyType({"higher": "#0072B2", "lower": "#E69F00"})
_STYLE: Final[Any] = {
    "font.size": 8, "axes.titlesize": 9, "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.grid": True,
    "axes.grid.axis": "x", "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "axes.formatter.useoffset": False, "grid.alpha": 0.25, "ytick.major.size": 0, "legend.frameon": False,
    "figure.dpi": 110, "savefig.dpi": "figure",
    "text.parse_math": False,  # a dollar sign in a text is one
    "svg.fonttype": "none",  # letters stay letters, which can be searched for
}  # fmt: skip


def check_plot(path: Path) -> None:
    """Tell before a long run that no picture can be drawn.

    Raises:
        BenchError: The name has no suffix of a picture, or matplotlib is absent.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise BenchError(f"--plot {path}: the name of a picture ends with {' or '.join(_SUFFIXES)}")
    if find_spec("matplotlib") is None:
        raise BenchError("--plot needs matplotlib: pip install 'hearthbeat[data]'")


def report_picture(report: Report, path: Path) -> bytes:
    """The picture, in the format that the suffix of the path names."""
    kind = path.suffix.lower().removeprefix(".")
    out = BytesIO()
    with _style():
        draw_report(report).savefig(out, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def draw_report(report: Report) -> "Figure":
    """Draw the rows that have a value; those of a unit share a panel, in the order of the report."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    panels: dict[str, list[tuple[Row, float]]] = {}
    for row in shown_rows(report):
        if row.value is not None:
            panels.setdefault(row.unit, []).append((row, row.value))
    drawn = [row for rows in panels.values() for row, _ in rows]
    title = [f"{report.name}, seed {report.seed}", machine_text(report.machine), version_text(report)]
    beside = _LETTER * max((len(row.id) for row in drawn), default=0)
    width = max(_BARS + beside, _LETTER * max(map(len, title)))
    height = _EDGES + _PANEL * len(panels) + _ROW * len(drawn)
    with _style():
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.suptitle("\n".join(title), fontsize=9)
        if panels:
            # The height of one row is the same in all panels.
            ratios = [len(rows) + 0.2 for rows in panels.values()]
            grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=ratios)
            for axes, (unit, rows) in zip(grid.ravel(), panels.items(), strict=True):
                _draw_panel(axes, unit or "no unit", rows)
        colours = {better: colour for better, colour in _COLOURS.items() if better in {row.better for row in drawn}}
        figure.legend(
            handles=[Patch(color=colour, label=f"{better} is better") for better, colour in colours.items()],
            loc="outside lower center",
            ncols=2,
        )
    return figure


def _draw_panel(axes: "Axes", title: str, rows: Sequence[tuple[Row, float]]) -> None:
    """One bar a row. On a log scale a value that is not positive has its number only."""
    values = [value for _, value in rows]
    positive = [value for value in values if value > 0]
    if positive and max(positive) > WIDE * min(positive):
        title += ", log scale"
        start = min(positive) / 2
        axes.set_xscale("log")
        axes.set_xlim(start, max(positive) * (max(positive) / start) ** _LABEL)
        axes.xaxis.set_major_formatter(lambda value, _: figure_text(value))
    else:
        start = 0.0
        low, high = min(0.0, *values), max(0.0, *values)
        axes.set_xlim(low, high + _LABEL * (high - low) or 1.0)
    places = range(len(rows))
    ends = [max(value, start) if start else value for value in values]
    axes.barh(
        places, [end - start for end in ends], left=start, height=0.7, color=[_COLOURS[row.better] for row, _ in rows]
    )
    for place, value, end in zip(places, values, ends, strict=True):
        axes.annotate(
            figure_text(value), (max(end, start), place), (3, 0), textcoords="offset points", verticalalignment="center"
        )
    axes.set_title(title)
    axes.set_yticks(places, [row.id for row, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own style is
        mpl.rcParams.update(_STYLE)
        yield
