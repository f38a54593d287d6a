"""Steps: a bar for benchmarks that wait for a service, of whose work no share is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress

Step = Callable[[str], None]
"""Says what begins now."""


@contextmanager
def steps(total: int) -> Iterator[Step]:
    """Show a bar of so many steps; what is given is to be called as each of them begins.

    The bar is drawn at these moments and no others: a thread that draws would disturb what is measured.
    """
    with Progress(transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def step(what: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=what, refresh=True)
            begun += 1

        yield step
