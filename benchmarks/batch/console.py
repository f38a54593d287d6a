"""Console: tables beside those of the report, with what a reader asks first."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH = 160


def table_of(title: str, columns: Sequence[str], *, texts: int = 1) -> Table:
    """An empty table; its first ``texts`` columns are aligned to the left, figures to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    for n, column in enumerate(columns):
        table.add_column(column, justify="left" if n < texts else "right", no_wrap=n == 0)
    return table


def show(*parts: Table | str) -> None:
    """Print tables and notes; where there is no terminal, lines are long enough for them."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _WIDTH))
    for part in parts:
        console.print(part, markup=False)
