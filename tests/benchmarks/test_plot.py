"""A report as a picture: a valid file of the format asked for, with every figure, and readable."""

import struct
import subprocess
import sys
import zlib
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchmarks.plot import check_plot, draw_report, report_picture
from benchmarks.report import BenchError, Machine, Report, Row

ROWS = (
    Row("a.fast.rows_per_s", 2_812_615.1, "rows/s", "higher"),
    Row("a.slow.rows_per_s", 531.4, "rows/s", "higher"),
    Row("a.resent", 0.0, "requests", "lower"),
    Row("a.loss", -0.25, "nats", "lower"),
    Row("a.other_loss", 0.5, "nats", "lower"),
    Row("a.none", None, "forests", "lower"),
    Row("a.with_a_name_that_is_quite_long.and_longer_still.share", 0.75, "", "higher"),
    Row("a.largest_difference", 1e-16, "", "lower"),
    Row("a.zero", 0.0, "", "lower"),
    Row("a.bytes", 123_456_789_012.0, "bytes", "lower"),
)


def _report(*rows: Row) -> Report:
    machine = Machine(cpu="A CPU for $2 & a name " + "that is long " * 6, cores=2, memory_gb=7.5, python="3.11.7")
    return Report(name="a", version="1.2.3", commit=None, machine=machine, seed=7, rows=list(rows))


def _texts(picture: bytes) -> set[str]:
    """What is written in an SVG."""
    return {text for element in ElementTree.fromstring(picture).iter() if (text := (element.text or "").strip())}


def _shown(figure: Figure) -> list[Text]:
    """All that is written, without the labels that matplotlib keeps for places beyond the ends of an axis."""
    beyond: list[Text] = []
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        beyond += [label for place, label in ticks if not low <= place <= high]
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible() and text not in beyond]


@pytest.mark.parametrize("rows", [ROWS, ROWS[5:6], ()], ids=["many", "none with a value", "none"])
def test_a_png_is_one(rows: tuple[Row, ...]) -> None:
    """All its parts are whole; also when there is nothing to draw."""
    picture = report_picture(_report(*rows), Path("x.PNG"))

    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, at = [], 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        part = picture[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", picture, at + 8 + length) == (zlib.crc32(part),)
        kinds.append(part[:4])
        at += 12 + length
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")


def test_an_svg_has_every_id_and_value() -> None:
    """As text that can be searched for; what has no value is left out."""
    picture = report_picture(_report(*ROWS), Path("x.svg"))

    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    texts = _texts(picture)
    assert {row.id for row in ROWS if row.value is not None} <= texts
    assert {"2,812,615", "531.4", "0", "-0.25", "0.5", "0.75", "1.00e-16", "123,456,789,012"} <= texts
    assert texts.isdisjoint({"a.none", "forests"})


def test_a_unit_has_a_panel() -> None:
    """In the order of the report, and with a log scale where one bar would make others vanish."""
    panels = draw_report(_report(*ROWS)).axes

    assert [(axes.get_title("left"), axes.get_xscale()) for axes in panels] == [
        ("rows/s, log scale", "log"),
        ("requests", "linear"),
        ("nats", "linear"),
        ("no unit, log scale", "log"),
        ("bytes", "linear"),
    ]


@pytest.mark.parametrize(("largest", "scale"), [(50.0, "linear"), (50.1, "log")])
def test_a_factor_of_fifty_is_still_linear(largest: float, scale: str) -> None:
    """Above it the scale is logarithmic; zeros and negative values do not count."""
    values = (1.0, largest, 0.0, -7.0)
    (axes,) = draw_report(_report(*(Row(f"a.{value}", value, "s", "lower") for value in values))).axes

    assert axes.get_xscale() == scale


@pytest.mark.parametrize("count", [len(ROWS), 120])
def test_nothing_is_written_over_anything_else(count: int) -> None:
    """No two texts overlap, and none is cut off, however long names and numbers are and however many."""
    more = [Row(f"a.more{number}.rows_per_s", 10.0 * number, "1/s", "higher") for number in range(count - len(ROWS))]
    figure = draw_report(_report(*ROWS, *more))
    figure.draw_without_rendering()

    boxes = [(text.get_text(), text.get_window_extent()) for text in _shown(figure)]
    whole = figure.bbox
    cut_off = [
        text
        for text, box in boxes
        if not (whole.x0 <= box.x0 <= box.x1 <= whole.x1 and whole.y0 <= box.y0 <= box.y1 <= whole.y1)
    ]
    overlaps = [(text, other) for (text, box), (other, its) in combinations(boxes, 2) if box.overlaps(its)]
    assert len(boxes) > 2 * count
    assert (cut_off, overlaps) == ([], [])


@pytest.mark.parametrize("name", ["plot.pdf", "plot", "png"])
def test_an_unknown_suffix_is_refused(name: str) -> None:
    """The error names those that there are."""
    with pytest.raises(BenchError, match=r"--plot \S+: the name of a picture ends with \.png or \.svg"):
        check_plot(Path(name))


def test_without_matplotlib_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(BenchError, match=r"pip install 'hearthbeat\[data\]'"):
        check_plot(Path("plot.png"))


def test_matplotlib_is_loaded_for_a_picture_only() -> None:
    """The command is known without it."""
    code = "import sys, benchmarks.run; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"
