"""Single: one benchmark's result as a page."""

from benchmarks.pages.chapters import title_of
from benchmarks.pages.form.as_html import as_html
from benchmarks.pages.form.blocks import Block, Code, Heading, Page, Paragraph
from benchmarks.pages.sections import all_figures, section
from benchmarks.pages.words import QUICK
from benchmarks.report import Report, machine_text, repeat_command, version_text


def single_page(report: Report) -> str:
    """The page as HTML: what it means, all figures, and where and how they were measured."""
    blocks: list[Block] = [Paragraph(QUICK, "warning")] if report.size == "quick" else []
    blocks += [*section(report, heading=False, figures=False), Heading("All figures"), *all_figures(report.rows)]
    blocks += [
        Heading("How it was measured"),
        Paragraph(f"{report.name}, {version_text(report)}, seed {report.seed}. {machine_text(report.machine)}."),
        Paragraph("To repeat it:"),
        Code([repeat_command(report)]),
    ]
    return as_html(Page(f"Hearthbeat benchmark: {title_of(report.name)}", blocks))
