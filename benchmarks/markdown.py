"""Markdown: a report as a page, to be kept or pasted where people talk about it."""

import re

from benchmarks.report import Report, figure_text, machine_text, repeat_command, shown_rows, version_text

_SPECIAL = re.compile(r"[\\`*_\[\]<>&~|]")


def report_page(report: Report) -> str:
    """The page: what was measured where, a table with the rows, and the command that does it again."""
    shown = shown_rows(report)
    noted = any(row.note for row in shown)
    rows = [
        f"| {code(row.id)} | {figure_text(row.value)} | {plain(row.unit)} | {row.better} |"
        + (f" {plain(row.note)} |" if noted else "")
        for row in shown
    ]
    return "\n".join(
        [
            f"# {plain(report.name)}, {plain(version_text(report))}",
            "",
            f"Machine: {plain(machine_text(report.machine))}",
            "",
            "| id | value | unit | better |" + (" note |" if noted else ""),
            "|---|---:|---|---|" + ("---|" if noted else ""),
            *rows,
            "",
            "To repeat it:",
            "",
            "```sh",
            repeat_command(report),
            "```",
            "",
        ]
    )


def code(text: str) -> str:
    """Text as code within a cell, where only a bar can be escaped, and must be; more backticks hold those within."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if len(fence) > 1 else ""
    return fence + space + text.replace("|", r"\|") + space + fence


def plain(text: str) -> str:
    """Escape what Markdown would take for markup, or for the end of a cell."""
    return _SPECIAL.sub(r"\\\g<0>", text)
