"""The command ``scenarios``: lists what can be asked for by ``--scenario``."""

from rich.console import Console
from rich.table import Table

from simulator.scenarios import COLUMNS, SCENARIOS, row


def scenarios() -> None:
    """List the scenarios of a simulated fleet: their size, when the world begins to change, and how."""
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    for scenario in SCENARIOS.values():
        table.add_row(*row(scenario))
    Console(highlight=False).print(table)
