"""The command ``bench`` with its parts: one benchmark by name, all of them as a report, one run beside another."""

from cyclopts import App

from benchmarks.run import bench

app = App(
    help="Run a benchmark by its name; without a name, list them. `report` runs all, `compare` holds two results "
    "against each other, `publish` keeps one with the code."
)
app.default(bench)
app.command("benchmarks.pages.command:report", help="Run all benchmarks and make a page of them.")
app.command("benchmarks.comparison.command:compare", help="Say what changed between two results; 1 if it is worse.")
app.command("benchmarks.pages.publish:publish", help="Keep results with the code: their report, and its headline.")
