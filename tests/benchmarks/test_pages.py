"""Pages: whole in themselves, every figure in them, names as text, and legible when results are missing."""

import re
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.pages.chapters import CHAPTERS
from benchmarks.pages.command import report as make
from benchmarks.pages.figures import streams_of
from benchmarks.pages.form.chart import Line, line_chart
from benchmarks.pages.phases import phases
from benchmarks.pages.single import single_page
from benchmarks.pages.whole import Run, whole_page, write_pages
from benchmarks.questions import BENCHMARKS
from benchmarks.report import Report, Row, figure_text
from tests.benchmarks.results import ALL, COMMITTEE, LATENCY, drifting, quality, report, written

EVIL = "<script>alert(1)</script>&\"'|`*"


class _Reader(HTMLParser):
    """Notes elements, what they would load, and the cells of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        loading = {"src", "href", "xlink:href", "srcset", "data", "action"}
        self.loads += [f"{name}={value}" for name, value in attrs if name in loading or name.startswith("on")]
        if tag not in ("meta", "rect", "path", "circle", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _html(reports: dict[str, Report], folder: Path, runs: tuple[Run, ...] = ()) -> str:
    write_pages(folder, reports, runs, BENCHMARKS)
    return (folder / "report.html").read_text()


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    """No file, no address, no script; the browser is told so, too. Every element that is opened is closed."""
    for text in (_html(ALL, tmp_path), single_page(drifting())):
        reader = _Reader(text)

        assert reader.open == []
        assert reader.loads == []
        assert {"script", "link", "img", "iframe", "object", "embed", "base"}.isdisjoint(reader.tags)
        assert re.findall(r"https?://|url\(|@import", text) == []
        assert "default-src &#x27;none&#x27;" in text
        assert "prefers-color-scheme:dark" in text
        assert 'name="viewport"' in text


@pytest.mark.parametrize("each", ALL.values(), ids=ALL)
def test_every_figure_is_in_both_pages(each: Report, tmp_path: Path) -> None:
    """Each id with its figure, in the page of one benchmark and in that of all, as HTML and as Markdown."""
    texts = [single_page(each), _html(ALL, tmp_path)]
    markdown = (tmp_path / "report.md").read_text()
    for row in each.rows:
        cell = f'<td class="code"><code>{escape(row.id)}</code></td><td class="number">{figure_text(row.value)}</td>'
        assert all(cell in text for text in texts)
        assert f"| `{row.id}` | {figure_text(row.value)} |" in markdown.replace("\\", "")


def test_names_are_text(tmp_path: Path) -> None:
    """Whatever a benchmark, a stream, a model, a unit or an error is called."""
    evil = report(EVIL, Row(f"{EVIL}.x", 1.0, EVIL, "higher"))
    real = report("real", quality(f"real.{EVIL}.{EVIL}.pr_auc", 0.5))
    drift = drifting(stream=EVIL, models=(EVIL, "frozen"))
    text = _html(
        {each.name: each for each in (evil, real, drift)}, tmp_path, (Run(name="latency", error=f"died: {EVIL}"),)
    )

    assert "<script" not in text
    assert _Reader(text).open == []
    assert EVIL in unescape(text)
    markdown = re.sub(r"^```sh\n.*?^```$", "", (tmp_path / "report.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    assert "<script" not in re.sub(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown).replace("\\<", "")
    assert all(re.fullmatch(r"[a-z0-9-]+\.svg", path.name) for path in (tmp_path / "plots").iterdir())


def test_phases_are_read_off_the_curve_where_no_row_says_them() -> None:
    """Before the drift, the three days after it, and from then on."""
    whole = drifting()
    curve = report(
        "online-vs-batch", *(row for row in whole.rows if not re.search(r"before|three_days|long_after", row.id))
    )
    (stream,) = streams_of(curve)

    assert phases(stream, "committee")["before"] == pytest.approx(0.9)
    assert phases(stream, "committee")["soon"] == pytest.approx(0.45)
    assert phases(stream, "committee")["late"] == pytest.approx(0.45)


def test_the_committee_heads_the_page_where_online_vs_batch_is_missing(tmp_path: Path) -> None:
    """And where that is missing, too, the page says so."""
    with_committee = _html({"committee": COMMITTEE}, tmp_path)
    assert "0.321" in with_committee
    assert "Firmware update" in with_committee[: with_committee.index("<h2>The committee</h2>")]

    assert "no models to compare" in _html({"latency": LATENCY}, tmp_path)


@pytest.mark.parametrize("missing", ALL)
def test_any_benchmark_may_be_missing(missing: str, tmp_path: Path) -> None:
    """The others are told as ever, the missing one by name."""
    rest = {name: each for name, each in ALL.items() if name != missing}

    text = _html(rest, tmp_path, (Run(name=missing, seconds=3.0, error="ended with status 2: no data"),))

    assert f"Without a result: {missing} (ended with status 2: no data)." in text
    assert all(f"<h2>{CHAPTERS[name].title}</h2>" in text for name in rest)
    assert f"<h2>{CHAPTERS[missing].title}</h2>" not in text


@pytest.mark.parametrize("each", ALL.values(), ids=ALL)
def test_rows_without_a_figure_are_dashes(each: Report, tmp_path: Path) -> None:
    """Not even one value need be there."""
    empty = report(each.name, *(Row(row.id, None, row.unit, row.better) for row in each.rows))

    text = _html({each.name: empty}, tmp_path) + single_page(empty)

    assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower().replace("finance", "")
    assert f'<code>{each.rows[0].id}</code></td><td class="number">-</td>' in text


def test_a_smoke_run_is_called_one() -> None:
    """Nobody takes its figures for results."""
    quick = report("latency", *LATENCY.rows, size="quick")

    assert "smoke run" in single_page(quick)
    assert "smoke run" not in single_page(LATENCY)
    assert "smoke run" in str(whole_page({"latency": quick}, (), BENCHMARKS))


def test_what_does_not_belong_together_is_said(tmp_path: Path) -> None:
    """Different sizes, versions or machines."""
    other = report("memory", Row("memory.empty_mb", 200.0, "MB", "lower"), size="full")

    assert "of different sizes" in _html({"latency": LATENCY, "memory": other}, tmp_path)


def test_machine_versions_seeds_and_commands_are_told(tmp_path: Path) -> None:
    """At the end."""
    text = _html({"latency": report("latency", *LATENCY.rows, seed=7, size="full")}, tmp_path)

    for told in (
        "Some CPU, 2 cores, 7.5 GB, Python 3.11.7", "version 1.2.3, 0123456789ab",
        "hearthbeat bench latency --full --seed 7", "hearthbeat bench report --full --seed 7 --out results",
    ):  # fmt: skip
        assert told in text


def test_every_benchmark_has_its_words() -> None:
    """A title, a question, and what its figures mean."""
    assert BENCHMARKS.keys() - CHAPTERS.keys() == set()


def test_pictures_lie_beside_the_markdown_page(tmp_path: Path) -> None:
    """Each that it shows is there, is an SVG with colours of its own, and none is left from before."""
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "old.svg").write_text("<svg/>")
    _html(ALL, tmp_path)

    shown = re.findall(r"!\[[^\]]*\]\((plots/[^)]+)\)", (tmp_path / "report.md").read_text())
    assert sorted(shown) == sorted(f"plots/{path.name}" for path in (tmp_path / "plots").iterdir())
    assert len(shown) == 4
    for path in shown:
        root = ElementTree.fromstring((tmp_path / path).read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    "points",
    [[(1.0, 0.5)], [(1.0, 0.0), (2.0, 0.0)], [(1.0, -3.0), (2.0, 7.0)], [(5.0, 1.0), (5.0, 2.0)], [(1.0, 1e-9)] * 2],
)
def test_any_points_can_be_drawn(points: list[tuple[float, float]]) -> None:
    """One, equal ones, negative ones; all that is drawn lies on the sheet."""
    drawn = line_chart([Line("a", points, 0)], x_title="x", y_title="y", title="t", mark=(0.5, 1.5, "drift"))

    root = ElementTree.fromstring(drawn)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for circle in root.iter("circle"):
        assert 0.0 <= float(circle.attrib["cx"]) <= width
        assert 0.0 <= float(circle.attrib["cy"]) <= height


def test_the_report_is_made_of_files_that_are_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no report is left out and told on stderr."""
    folder = written(tmp_path / "there", *ALL.values())
    (folder / "broken.json").write_text("{")

    make(out=tmp_path / "out", from_=folder)

    assert f"left out: {folder / 'broken.json'} is not" in capsys.readouterr().err
    text = (tmp_path / "out" / "report.html").read_text()
    assert all(f"<h2>{CHAPTERS[name].title}</h2>" in text for name in ALL)


def test_a_folder_without_a_report_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2, and nothing is written."""
    for folder in (tmp_path, tmp_path / "no"):
        with pytest.raises(SystemExit) as ended:
            make(out=tmp_path / "out", from_=folder)
        assert ended.value.code == 2
        assert capsys.readouterr().err.startswith(f"error: {folder} ")
    assert not (tmp_path / "out").exists()
