"""``hearthbeat keys``: make, list and revoke keys in a data folder. A running service follows within a second."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from service.contracts.access import Scope
from service.contracts.errors import HearthbeatError
from service.settings import load_settings
from service.storage.keys import KeyFile

app = App(name="keys", help="Make, list and revoke the keys of the API.")

Data = Annotated[str | None, Parameter(help="Data folder of the service; else that of the settings.")]
Config = Annotated[Path | None, Parameter(help="Settings file; else the one that HEARTHBEAT_CONFIG names.")]


@app.command
def create(
    *,
    name: Annotated[str, Parameter(help="Whose key it is; told in lists, never used twice.")],
    scope: Annotated[
        tuple[Scope, ...],
        Parameter(help="What it is for; give it once for each.", negative="", consume_multiple=False),
    ],
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key. It is printed this once, on standard output, and kept nowhere."""
    with _one_line_errors():
        token = _file(data, config).create(name, scope, datetime.now(UTC))
        print("Keep it now, it cannot be shown again. Clients take it from HEARTHBEAT_KEY.", file=sys.stderr)
        print(token)


@app.command(name="list")
def list_keys(*, data: Data = None, config: Config = None) -> None:
    """List keys, the oldest first: name, scopes, when made, when revoked."""
    with _one_line_errors():
        rows = [("NAME", "SCOPES", "MADE", "REVOKED")]
        for key in _file(data, config).read():
            rows.append((key.name, " ".join(key.scopes), _instant(key.created_at), _instant(key.revoked_at)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command
def revoke(name: str, /, *, data: Data = None, config: Config = None) -> None:
    """Revoke a key for good.

    Args:
        name: Name of the key.
        data: Data folder.
        config: Settings file.
    """
    with _one_line_errors():
        was_good = _file(data, config).revoke(name, datetime.now(UTC))
        print(f"{name} is revoked" if was_good else f"{name} was revoked before")


def _file(data: str | None, config: Path | None) -> KeyFile:
    return KeyFile(load_settings(config=config, data_dir=data).folder)


def _instant(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%SZ}"


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except HearthbeatError as error:
        print(f"hearthbeat: {error}", file=sys.stderr)
        raise SystemExit(2) from None
