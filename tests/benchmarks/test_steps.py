"""The bar of a benchmark: each step is shown as it begins."""

import io

import pytest
from rich.console import Console

from benchmarks.steps import steps


def test_each_step_is_shown_as_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how many are done, on a terminal; nothing of it is left in the end."""
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr("rich.progress.get_console", lambda: console)

    with steps(2) as step:
        step("starting")
        step("measuring")

    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert shown.index("starting") < shown.index("measuring")
    assert "50%" in shown
