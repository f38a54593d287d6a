"""Markdown: a report as a page, to be kept or pasted where people talk about it."""

import re

from benchmarks.report import Report, figure_text, machine_text, shown_rows, version_text

_SPECIAL = re.compile(r"[\\`*_\[\]<>&~|]")


def report_page(report: Report, *, full: bool) -> str:
    """The page: what was measured where, a table with the rows, and the command that does it again.

    Args:
        report: The results.
        full: Whether this was the long run.
    """
    rows = [
        f"| {_code(row.id)} | {figure_text(row.value)} | {_plain(row.unit)} | {row.better} |"
        for row in shown_rows(report)
    ]
    command = f"hearthbeat bench {report.name}{' --full' if full else ''} --seed {report.seed}"
    return "\n".join(
        [
            f"# {_plain(report.name)}, {_plain(version_text(report))}",
            "",
            f"Machine: {_plain(machine_text(report.machine))}",
            "",
            "| id | value | unit | better |",
            "|---|---:|---|---|",
            *rows,
            "",
            "To repeat it:",
            "",
            "```sh",
            command,
            "```",
            "",
        ]
    )


def _code(text: str) -> str:
    """Within code, in a cell, only a bar can be escaped, and must be."""
    return "`" + text.replace("|", r"\|") + "`"


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup, or for the end of a cell."""
    return _SPECIAL.sub(r"\\\g<0>", text)
