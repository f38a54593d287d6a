"""Progress: a line on stderr with speed, quality and lag while a stream runs. Never on stdout, never in the way."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulator.errors import ServiceError
from simulator.stream.client import Client

_POLL_S = 2.0


class StreamProgress:
    """A progress bar; a context manager. Without a terminal it stays silent and polls nothing.

    Args:
        client: Where quality and lag are asked for, about every two seconds.
        total: How many readings are expected.
        title: What is being streamed.
    """

    def __init__(self, client: Client, total: int, title: str) -> None:
        console = Console(stderr=True)
        self._client = client
        self._visible = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(), console=console, disable=not self._visible, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(title, total=total, facts="")
        self._began = time.monotonic()
        self._polled = self._began
        self._seen = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()

    def update(self, sent: int) -> None:
        """Show that ``sent`` readings have been sent so far."""
        if not self._visible:
            return
        now = time.monotonic()
        if now - self._polled >= _POLL_S:
            self._seen, self._polled = self._ask(), now
        rate = sent / max(1e-9, now - self._began)
        self._bar.update(self._task, completed=sent, facts=f"{rate:,.0f} readings/s{self._seen}")

    def _ask(self) -> str:
        """Ask how well the blend does (home types weighed by positives learned) and how far the learner is behind."""
        try:
            kinds = [kind for kind in self._client.home_types(attempts=1).home_types if kind.pr_auc is not None]
            health = self._client.health(attempts=1)
        except ServiceError:
            return self._seen
        weight = sum(kind.positives_learned for kind in kinds)
        quality = "-"
        if weight:
            quality = f"{sum((kind.pr_auc or 0.0) * kind.positives_learned for kind in kinds) / weight:.3f}"
        return f" · PR-AUC {quality} · lag {max(0, health.seq - health.learned_seq)} events"
