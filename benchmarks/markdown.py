"""Markdown: a report as a page, to be kept or pasted where people talk about it."""

import re
import shlex
from collections.abc import Sequence

from benchmarks.report import Report, figure_text, machine_text, shown_rows, version_text

_SPECIAL = re.compile(r"[\\`*_\[\]<>&~|]")


def report_page(report: Report, *, full: bool, arguments: Sequence[str] = ()) -> str:
    """The page: what was measured where, a table with the rows, and the command that does it again.

    Args:
        report: The results.
        full: Whether this was the long run.
        arguments: What else was given on the command line.
    """
    rows = [
        f"| {_code(row.id)} | {figure_text(row.value)} | {_plain(row.unit)} | {row.better} |"
        for row in shown_rows(report)
    ]
    words = ["hearthbeat", "bench", report.name, *arguments, *(["--full"] if full else []), "--seed", str(report.seed)]
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
            shlex.join(words),
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
