"""The board: a status as tables. Names that clients chose are shown as text, never as markup."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.contracts.journal import JournalEntry
from service.contracts.models import ServingModel
from service.contracts.status import HomeTypeState, Status

_STYLES = {"ok": "bold green", "degraded": "bold yellow", "starting": "bold cyan"}
_LAST = 6


class Rate:
    """Readings a second, from two statuses that follow each other."""

    def __init__(self) -> None:
        self._before: tuple[datetime, int] | None = None
        self.readings: float | None = None

    def take(self, status: Status) -> None:
        """Note the newer one. A service that was started in between begins anew."""
        seen = status.ingest.readings
        now = (status.at, seen.accepted + seen.duplicate + seen.late + seen.refused)
        self.readings = None
        if self._before is not None and now[0] > self._before[0] and now[1] >= self._before[1]:
            self.readings = (now[1] - self._before[1]) / (now[0] - self._before[0]).total_seconds()
        self._before = now


def board(status: Status, rate: Rate) -> Group:
    """The whole board."""
    parts: list[RenderableType] = [_head(status), _flow(status, rate)]
    if status.home_types:
        parts.append(_home_types(status.home_types))
        parts += _benched(status.home_types)
    if any(model.version is not None for model in status.models):
        parts.append(_checkpoints(status.models))
    parts += _trainings(status)
    parts += _decisions(status)
    return Group(*parts)


def _head(status: Status) -> Text:
    health = status.health
    text = Text.assemble(
        ("hearthbeat ", "bold"),
        f"{health.version}  ",
        (health.status, _STYLES[health.status]),
        f"  up for {_span((status.at - status.started_at).total_seconds())}",
        f"  horizon {_span(health.horizon_s)}",
    )
    for reason in health.reasons:
        text.append(f"\n  {reason}", "yellow")
    return text


def _flow(status: Status, rate: Rate) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    taken, ingest, state = status.ingest.readings, status.ingest, status.learner.state
    speed = "?" if rate.readings is None else f"{rate.readings:,.0f}"
    readings = (
        f"{taken.accepted:,} accepted, {taken.duplicate:,} duplicate, {taken.late:,} late, {taken.refused:,} refused"
    )
    table.add_row("readings", f"{speed} a second; since the start {readings}")
    table.add_row("queue", f"{ingest.queue_length} of {ingest.queue_capacity} requests")
    table.add_row("log", f"event {status.log.seq:,}, {_size(status.log.size_bytes)}")
    behind = (
        f"{state.lag_events:,} events, {_span(state.lag_s)} behind" if state.lag_events else "has learned everything"
    )
    lag = Text(f"{behind}; started again {status.learner.restarts} times" if status.learner.restarts else behind)
    for what in (state.stale, state.fault):
        if what is not None:
            lag.append(f"; {what}", "yellow")
    table.add_row("learner", lag)
    memory = ", ".join(f"{each.process} {_size(each.resident_bytes)}" for each in status.processes)
    table.add_row("memory", memory or "not known on this system")
    return table


def _home_types(home_types: list[HomeTypeState]) -> Table:
    table = Table(title="Home types", title_justify="left", title_style="bold")
    table.add_column("home type", overflow="fold")
    for name in ("devices", "learned", "PR-AUC"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("leads", no_wrap=True)
    table.add_column("lag", no_wrap=True)
    for state in home_types:
        detail, quality = state.detail, state.detail.quality
        weight = max((member.weight for member in detail.members), default=0.0)
        table.add_row(
            Text(detail.home_type),
            f"{detail.devices:,}",
            f"{detail.counts.learned:,}",
            "" if quality is None or quality.pr_auc is None else f"{quality.pr_auc:.3f}",
            Text(f"{detail.champion} {weight:.0%}", "dim" if detail.provisional else ""),
            "" if detail.lag_s is None else _span(detail.lag_s),
        )
    return table


def _benched(home_types: list[HomeTypeState]) -> list[RenderableType]:
    """Who may not vote and why, a line for all home types of which the same is true; a column would be cut."""
    whose: dict[str, list[str]] = {}
    for state in home_types:
        benched = ", ".join(f"{member.member} ({member.benched})" for member in state.detail.members if member.benched)
        if benched:
            whose.setdefault(benched, []).append(state.detail.home_type)
    lines: list[RenderableType] = [Text("\nBenched", "bold")] if whose else []
    return lines + [Text(f"  {', '.join(names)}: {benched}", "yellow") for benched, names in whose.items()]


def _checkpoints(models: list[ServingModel]) -> Table:
    table = Table(title="Checkpoints", title_justify="left", title_style="bold")
    for name in ("for", "serves", "version", "age", "behind", "pinned"):
        table.add_column(name, overflow="fold")
    for model in models:
        behind = "" if model.behind_s is None else _span(model.behind_s)
        version = "" if model.version is None else str(model.version)
        table.add_row(
            Text("the fleet" if model.home_type is None else model.home_type),
            Text(model.serves, "" if model.loaded else "red"),
            version,
            "" if model.age_s is None else _span(model.age_s),
            behind,
            Text(f"{model.pin.member} by {model.pin.by}" if model.pin is not None else "", "yellow"),
        )
    return table


def _trainings(status: Status) -> list[RenderableType]:
    lines: list[RenderableType] = [Text("\nTrainings", "bold")] if status.trainings.jobs else []
    for job in status.trainings.jobs:
        ends = ", ".join(f"{target.home_type or 'the fleet'} {target.state}" for target in job.targets)
        lines.append(Text(f"  {job.asked_at:%Y-%m-%d %H:%M:%S}  {job.state}: {ends}  ({job.by}: {job.why})"))
    return lines


def _decisions(status: Status) -> list[RenderableType]:
    drift, last = status.decisions.last_drift, status.decisions.last[:_LAST]
    lines: list[RenderableType] = []
    if drift is not None:
        lines.append(Text.assemble(("\nLast drift\n", "bold"), _line(drift)))
    if last:
        lines.append(Text("\nLast decisions", "bold"))
        lines += [Text(_line(each)) for each in last]
    return lines


def _line(entry: JournalEntry) -> str:
    at = "" if entry.at is None else f"{entry.at:%Y-%m-%d %H:%M}  "
    return f"  {at}{entry.home_type or 'the fleet'}: {entry.sentence}"


def _span(seconds: float) -> str:
    """A duration in its largest unit that is at least two."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0)):
        if seconds >= 2.0 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
