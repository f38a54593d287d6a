"""The report that is kept in docs/report and the headline in README.md are of the figures in docs/report/results."""

import re
from pathlib import Path

from benchmarks.pages.publish import BEGIN, END, PAGE, headline_text
from benchmarks.pages.results import read_results

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "report"
AGAIN = "make it again: hearthbeat bench publish --from docs/report"
MOST_MB = 2.0


def test_the_readme_has_a_place_for_the_headline() -> None:
    """Between two marks, once each and in order."""
    lines = (ROOT / "README.md").read_text().splitlines()

    assert [BEGIN, END] == [line for line in lines if line in (BEGIN, END)]


def test_the_headline_is_that_of_the_results() -> None:
    """Every word and figure between the marks of README.md is what ``bench publish`` makes of docs/report/results."""
    reports, damaged = read_results(REPORT)
    text = (ROOT / "README.md").read_text()

    assert damaged == []
    assert headline_text(reports, "docs/report/README.md") == text.split(BEGIN)[1].split(END)[0].strip(), AGAIN


def test_the_report_is_of_the_results() -> None:
    """Its page tells of the same commits and days, each picture that it shows is there, and no other."""
    reports, _ = read_results(REPORT)
    page = (REPORT / PAGE).read_text()
    shown = re.findall(r"\]\((plots/[^)]+)\)", page)

    for report in reports.values():
        assert report.size != "quick"
        assert report.measured in page.replace("\\", ""), AGAIN
        assert (report.commit or "no commit")[:12] in page, AGAIN
    assert sorted(set(shown)) == sorted(f"plots/{path.name}" for path in (REPORT / "plots").iterdir()), AGAIN


def test_the_report_is_small() -> None:
    """Who clones the project gets it in a moment."""
    size = sum(path.stat().st_size for path in REPORT.rglob("*") if path.is_file())

    assert size / 1e6 < MOST_MB
