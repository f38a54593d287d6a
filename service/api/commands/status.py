"""``hearthbeat status``: asks a running service how it stands, once or again and again."""

import time
from typing import Annotated

import httpx
import msgspec
from cyclopts import Parameter

from service.api.commands.asking import URL, Key, Url, end, granted
from service.contracts.access import bearer
from service.contracts.decoding import UNDECODABLE
from service.contracts.status import Status
from service.observe.board import Rate, board

_TIMEOUT_S = 30.0
_SAMPLE_S = 1.0
_STATUS = msgspec.json.Decoder(Status)


def status(
    *,
    url: Url = URL,
    key: Key = None,
    json: Annotated[bool, Parameter(help="Print the answer as it is, one JSON object a line.", negative="")] = False,
    watch: Annotated[float | None, Parameter(help="Ask again every so many seconds, until Ctrl-C.")] = None,
) -> None:
    """Show how a running service stands: health, rate, lag, home types, checkpoints, trainings, decisions."""
    if watch is not None and not 0.1 <= watch <= 3600.0:
        raise end("--watch must be between 0.1 and 3600 seconds", 2)
    try:
        headers = bearer(key)
    except ValueError as error:
        raise end(str(error), 2) from None
    with httpx.Client(base_url=url.rstrip("/"), timeout=_TIMEOUT_S, headers=headers) as client:
        try:
            if json:
                _lines(client, watch)
            else:
                _boards(client, watch)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise end(f"{url} cannot be reached: {error}", 1) from None
        except UNDECODABLE as error:
            raise end(f"{url} does not answer like a service of this version: {error}", 1) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None


def _lines(client: httpx.Client, watch: float | None) -> None:
    while True:
        print(_ask(client).decode(), flush=True)
        if watch is None:
            return
        time.sleep(watch)


def _boards(client: httpx.Client, watch: float | None) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console()
    rate = Rate()
    rate.take(_STATUS.decode(_ask(client)))
    time.sleep(_SAMPLE_S if watch is None else min(watch, _SAMPLE_S))
    now = _STATUS.decode(_ask(client))
    rate.take(now)
    if watch is None:
        console.print(board(now, rate))
        return
    with Live(board(now, rate), console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while True:
            time.sleep(watch)
            now = _STATUS.decode(_ask(client))
            rate.take(now)
            live.update(board(now, rate), refresh=True)


def _ask(client: httpx.Client) -> bytes:
    return granted(client.get("/v1/status")).content
