"""``hearthbeat models``: the file of a version out of a running service, and into one, over its HTTP API."""

import hashlib
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from cyclopts import App, Parameter

from service.api.commands.asking import URL, Key, Url, ask, end, understood
from service.contracts.models import GLOBAL_NAME, LITERAL, OCTETS, ImportReceipt

app = App(name="models", help="Export a version of a checkpoint from a running service, or import one.")

HomeType = Annotated[
    str, Parameter(help=f"Whose checkpoint; `{GLOBAL_NAME}` is the global one, `{LITERAL}NAME` any home type.")
]
File = Annotated[Path, Parameter(help="The file.")]


@app.command(name="export")
def export_version(*, home_type: HomeType, version: int, out: File, url: Url = URL, key: Key = None) -> None:
    """Write the file of a version, verified by the service and again here."""
    answer = ask("GET", url, key, f"{_path(home_type)}/{version}/file")
    digest = hashlib.sha256(answer.content).hexdigest()
    if answer.headers.get("etag", "").strip('"') != digest:
        raise end("the file did not arrive as it was sent", 1)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(answer.content)
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise end(f"{out}: {error.strerror}", 2) from None
    print(f"{out}: {len(answer.content)} bytes, SHA-256 {digest}")


@app.command(name="import")
def import_version(
    file: File,
    *,
    home_type: HomeType,
    by: Annotated[str, Parameter(help="Who does it; stands in the log.")],
    why: Annotated[str, Parameter(help="What for; stands in the log.")],
    url: Url = URL,
    key: Key = None,
) -> None:
    """Give a running service a file. It becomes a candidate, which serves once somebody rolls back to it."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise end(f"{file}: {error.strerror}", 2) from None
    answer = ask(
        "POST",
        url,
        key,
        _path(home_type),
        content=content,
        params={"by": by, "why": why},
        media_type=OCTETS,
    )
    print(f"version {understood(answer, ImportReceipt).version} of {home_type}: a candidate")


def _path(home_type: str) -> str:
    plain = home_type == GLOBAL_NAME or home_type.startswith(LITERAL)
    return f"/v1/models/{quote(home_type if plain else LITERAL + home_type, safe=LITERAL)}/versions"
