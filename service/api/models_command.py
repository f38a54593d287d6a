"""``hearthbeat models``: the file of a version out of a running service, and into one, over its HTTP API."""

import hashlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from cyclopts import App, Parameter

from service.contracts.access import bearer
from service.contracts.models import GLOBAL_NAME, LITERAL, OCTETS

app = App(name="models", help="Export a version of a checkpoint from a running service, or import one.")

_URL = "http://127.0.0.1:8000"
_TIMEOUT_S = 120.0

Url = Annotated[str, Parameter(help="Address of the service.")]
HomeType = Annotated[
    str, Parameter(help=f"Whose checkpoint; `{GLOBAL_NAME}` is the global one, `{LITERAL}NAME` any home type.")
]
Key = Annotated[
    str | None,
    Parameter(
        env_var="HEARTHBEAT_KEY",
        help="Key of the service. A flag can be seen in the list of processes.",
        show_default=False,
    ),
]
File = Annotated[Path, Parameter(help="The file.")]


@app.command(name="export")
def export_version(*, home_type: HomeType, version: int, out: File, url: Url = _URL, key: Key = None) -> None:
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
    url: Url = _URL,
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
    print(f"version {answer.json()['version']} of {home_type}: a candidate")


def _path(home_type: str) -> str:
    plain = home_type == GLOBAL_NAME or home_type.startswith(LITERAL)
    return f"/v1/models/{quote(home_type if plain else LITERAL + home_type, safe=LITERAL)}/versions"


def ask(
    method: str, url: str, key: str | None, path: str, media_type: str | None = None, **request: Any
) -> httpx.Response:
    """The answer of a running service to a request that must succeed.

    Raises:
        SystemExit: The key is none, or the service cannot be reached, or refuses; what is wrong has been printed.
    """
    headers = {} if media_type is None else {"Content-Type": media_type}
    try:
        headers |= bearer(key)
    except ValueError as error:
        raise end(str(error), 2) from None
    try:
        answer = httpx.request(method, url.rstrip("/") + path, timeout=_TIMEOUT_S, headers=headers, **request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise end(f"{url} cannot be reached: {error}", 1) from None
    if answer.is_success:
        return answer
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text[:200]
    raise end(f"the service says {answer.status_code}: {detail}", 1)


def end(what: str, status: int) -> SystemExit:
    """The end of a command with this status, once what went wrong has been printed."""
    print(f"hearthbeat: {what}", file=sys.stderr)
    return SystemExit(status)
