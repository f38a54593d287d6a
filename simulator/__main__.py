"""``python -m simulator``: its commands on their own, without the service's command line."""

import sys

from cyclopts import App, CycloptsError

from simulator.commands.replay import replay
from simulator.commands.scenarios import scenarios
from simulator.commands.simulate import simulate

app = App(name="simulator", help="Stream a simulated fleet, or any table of device telemetry, to a Hearthbeat service.")
app.command(simulate)
app.command(replay)
app.command(scenarios)


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Raises:
        SystemExit: 2 if the arguments cannot be understood.
    """
    try:
        app(arguments, exit_on_error=False)
    except CycloptsError:
        sys.exit(2)


if __name__ == "__main__":
    main()
