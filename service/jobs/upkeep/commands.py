"""The commands that keep and move data: ``backup``, ``restore``, ``verify`` and ``export``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from service.contracts.errors import HearthbeatError
from service.labels.book import instant_us

Data = Annotated[Path, Parameter(help="Data folder of a service.")]


@contextmanager
def _told(about: Path) -> Iterator[None]:
    """What cannot be done ends the command with 1 and one line."""
    try:
        yield
    except (HearthbeatError, OSError) as error:
        print(f"hearthbeat: {about}: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def backup(
    *,
    data: Data = Path("./data"),
    out: Annotated[Path, Parameter(help="The new folder, or a tar file if the name ends in .tar.")],
) -> None:
    """Copy the data of a service, running or not, to a new folder or tar file."""
    from service.jobs.upkeep.backup import back_up

    with _told(out):
        made = back_up(data, out)
    size = sum(entry.bytes for entry in made.files.values())
    print(f"{out}: events {made.first_seq} to {made.last_seq}, {len(made.files)} files, {size} bytes")


def restore(
    source: Annotated[Path, Parameter(help="The backup.")],
    *,
    data: Annotated[Path, Parameter(help="The data folder to make; not there yet, or empty.")],
) -> None:
    """Make a data folder of a backup, once all of its digests are right."""
    from service.jobs.upkeep.restore import restore as put_back

    with _told(source):
        made = put_back(source, data)
    print(f"{data}: events {made.first_seq} to {made.last_seq}; check it with verify, then serve it")


def verify(
    path: Annotated[Path, Parameter(help="A backup, or the data folder of a service, running or not.")],
) -> None:
    """Check a backup or a data folder, all of it, and say what is wrong. Changes nothing."""
    from service.jobs.upkeep.verify import verify as look

    with _told(path):
        found = look(path)
    for fault in found.faults:
        print(f"wrong: {fault}")
    print(
        f"{path}: {found.what}, events {found.first_seq} to {found.last_seq}, {found.snapshots} snapshots, "
        f"{found.models} models, {found.blocks} blocks of examples: "
        f"{'whole' if not found.faults else f'{len(found.faults)} faults'}"
    )
    if found.faults:
        raise SystemExit(1)


def export(
    *,
    data: Annotated[Path, Parameter(help="Data folder of a service, running or not, or a backup in a folder.")] = Path(
        "./data"
    ),
    out: Annotated[Path, Parameter(help="The folder to make.")],
    since: Annotated[datetime | None, Parameter(help="Only from this instant on, UTC if without offset.")] = None,
    until: Annotated[datetime | None, Parameter(help="Only before this instant.")] = None,
    home_type: Annotated[str | None, Parameter(help="Only homes of this type.")] = None,
) -> None:
    """Write readings, risks, members, examples and outcomes as Parquet files."""
    from service.jobs.upkeep.export import export as write
    from service.jobs.upkeep.tables import Selection

    wanted = Selection(
        since_us=_us(since) if since is not None else -(2**62),
        until_us=_us(until) if until is not None else 2**62,
        home_type=home_type,
    )
    with _told(data):
        rows = write(data, out, wanted)
    for name, count in rows.items():
        print(f"{out / name}.parquet: {count} rows")


def _us(instant: datetime) -> int:
    return instant_us(instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC))
