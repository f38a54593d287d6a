"""The command ``scenarios``: lists what can be asked for by ``--scenario``."""

from rich.console import Console
from rich.table import Table

from simulator.scenarios import SCENARIOS, Scenario

COLUMNS = ("scenario", "homes", "days", "onset (day)", "failures", "what happens")


def row(scenario: Scenario) -> tuple[str, ...]:
    """Return a scenario's row under `COLUMNS`; the onset is in days from the start, or ``-``."""
    onset = "-" if scenario.onset is None else f"{scenario.onset * scenario.days:.1f}"
    return (
        scenario.name, str(scenario.homes), f"{scenario.days:g}", onset, f"about {scenario.failures}", scenario.story,
    )  # fmt: skip


def scenarios() -> None:
    """List the scenarios of a simulated fleet: their size, when the world begins to change, and how."""
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    for scenario in SCENARIOS.values():
        table.add_row(*row(scenario))
    Console(highlight=False).print(table)
