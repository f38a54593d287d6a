"""What pages say: the answer, who is compared, and what each benchmark found, in words and tables."""

import re
from html import unescape

import pytest
from msgspec import structs

from benchmarks.pages.answer import after_a_change, verdict
from benchmarks.pages.figures import Stream, interval_text
from benchmarks.pages.form.as_html import as_html
from benchmarks.pages.headline import overview
from benchmarks.pages.whole import whole_page
from benchmarks.questions import BENCHMARKS
from benchmarks.report import Report, Row
from tests.benchmarks.results import HOME_TYPES, SCALE, drifting, quality, report


def _html(made: Report) -> str:
    return unescape(as_html(whole_page({made.name: made}, (), BENCHMARKS)))


def _rows(html: str) -> list[list[str]]:
    """The cells of each row of its tables, as text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_the_head_says_what_came_of_it() -> None:
    """A verdict, what it rests on, quality before, soon and long after the change, and each stream with its rivals."""
    text = _html(drifting())
    head = text[: text.index("<h2>Online against batch</h2>")]

    assert (
        "Yes: without anybody training it, Hearthbeat is on average better than a model that somebody trains anew"
        in head
    )
    assert (
        "on average 0.061 better than a random forest that somebody trains anew every day. Of 1 stream it is better"
        in head
    )
    assert "the forest trained once has 0.650, Hearthbeat 0.850, and the one retrained daily 0.750" in head
    assert "Of 1 stream with a change Hearthbeat is then ahead of the one retrained daily on 1." in head
    assert "they come before 78\xa0% of the failures (retrained daily: 68\xa0%)" in head
    assert ["Hearthbeat (ours)", "0.900", "0.450", "0.850"] in _rows(head)
    assert ["Trained once", "0.700", "0.350", "0.650"] in _rows(head)
    assert ["Firmware update", "0.890", "0.790", "0.690", "+0.061 (+0.021 to +0.091)", "77\xa0%"] in _rows(head)
    assert head.count("<svg") == 1
    assert ">change</text>" in head
    assert "a random forest that was trained once on 10,000 samples, and never again" in head


def test_all_that_is_measured_of_a_model_stands_in_one_row() -> None:
    """Quality at all times, alarms, costs; whatever has a unit says it."""
    text = _html(drifting())

    assert [
        "Hearthbeat (ours)", "0.890", "0.900", "0.450", "0.850", "70\xa0%", "78\xa0%", "7.5\xa0h", "31"
    ] in _rows(text)  # fmt: skip


def test_a_smoke_run_gives_no_verdict() -> None:
    """Its figures say nothing, so they answer nothing."""
    quick = structs.replace(drifting(), size="quick")

    assert "Yes: " in _html(drifting())
    assert "Yes: " not in _html(quick)


@pytest.mark.parametrize(
    ("retrained", "once", "told"),
    [
        (
            0.02,
            0.02,
            "better than a model that somebody trains anew every day, and better than one that was trained once",
        ),
        (0.0, 0.0, "as good as a model that somebody trains anew every day, and as good as one that was trained once"),
        (
            0.02,
            -0.02,
            "In part: without anybody training it, Hearthbeat is on average better than a model that",
        ),
        (0.02, -0.02, "trains anew every day, but worse than one that was trained once."),
        (-0.02, 0.02, "trains anew every day, but better than one that was trained once."),
        (-0.02, -0.02, "No: without anybody training it, Hearthbeat is on average worse than a model that somebody"),
    ],
)
def test_the_verdict_is_that_of_the_means(retrained: float, once: float, told: str) -> None:
    """Of a hundredth it makes nothing."""
    values = {"minus_retrained": retrained, "minus_frozen": once}

    assert told in verdict([Stream("a", values, {}, {})])


def test_home_types_tell_what_fails_and_when() -> None:
    """Leading modes, hours, season and what the model looks at; all metrics of all models."""
    text = _html(HOME_TYPES)

    assert [
        "Villa",
        "battery 70\xa0%, wear 30\xa0%",
        "18 to 21 h 60\xa0%",
        "winter 100\xa0%",
        "battery pct 0.21",
    ] in _rows(text)
    assert ["Random forest", "0.710", "0.710", "-", "-", "0.710", "0.710"] in _rows(text)


def test_scale_says_why_some_have_no_figures() -> None:
    """In a sentence, beside each figure that is missing, and where the others saturate."""
    text = _html(SCALE)

    assert "TabPFN after 200 samples: its weights are not here." in text
    assert "Catboost after 500 samples: nobody has it." in text
    assert ["scale.tabpfn.200.pr_auc", "-", "", "", "higher", "its weights are not here"] in _rows(text)
    assert ["LightGBM", "0.400", "0.400", "500"] in _rows(text)


def test_what_is_no_drift_is_marked_by_its_own_name() -> None:
    """On the drawing of its stream."""
    name = "online_vs_batch.label_outage"
    days = (Row(f"{name}.event.begins", 8.0, "days", "higher"), Row(f"{name}.event.through", 13.0, "days", "higher"))
    curve = [
        row
        for k in range(3)
        for row in (
            Row(f"{name}.committee.curve.{k}.day", 5.0 * k, "days", "higher"),
            quality(f"{name}.committee.curve.{k}.pr_auc", 0.5),
        )
    ]

    html = _html(report("online-vs-batch", *days, quality(f"{name}.committee.pr_auc", 0.5), *curve))

    assert ">no reports</text>" in html
    assert 'class="band"' in html
    assert ">change</text>" not in html


def test_an_end_next_to_zero_shows_on_which_side_it_is() -> None:
    """A difference that is counted as a loss must not seem to hold 0."""
    values = {"minus_retrained": -0.0031, "minus_retrained.low": -0.006, "minus_retrained.high": -0.0004}

    assert "-0.003 (-0.006 to -0.0004)" == interval_text(values, "minus_retrained", signed=True)


def test_a_stream_on_which_nobody_could_be_judged_has_a_row_all_the_same() -> None:
    """Without a failure there is no PR-AUC, and so nobody is the best."""
    stream = Stream("dirty", {}, {"committee": {}, "prior": {}}, {})

    assert [["Dirty readings", "-"]] == [row[:2] for row in overview([stream]).rows]
    assert not overview([stream]).strong_cells


def test_who_learns_no_more_is_not_said_to_stay_behind_where_it_does_not() -> None:
    """The figures decide what is said of a change."""
    late = {"committee": 0.5, "retrained_forest": 0.4, "frozen": 0.3}

    def said(once: float) -> str:
        models = {name: {"long_after.pr_auc": value} for name, value in (late | {"frozen": once}).items()}
        stream = Stream("firmware", {}, models, {})
        return after_a_change(stream, [stream])[0]

    assert "stays behind" in said(0.3)
    assert "stays behind" not in said(0.45)
