"""Asking: what all commands share that ask a running service something, its address, its key, and how they end."""

import sys
from typing import Annotated, Any, TypeVar

import httpx
import msgspec
from cyclopts import Parameter

from service.contracts.access import bearer
from service.contracts.decoding import UNDECODABLE

URL = "http://127.0.0.1:8000"
_TIMEOUT_S = 120.0

T = TypeVar("T")

Url = Annotated[str, Parameter(help="Address of the service.")]
Key = Annotated[
    str | None,
    Parameter(
        env_var="HEARTHBEAT_KEY",
        help="Key of the service. A flag can be seen in the list of processes.",
        show_default=False,
    ),
]


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
    return granted(answer)


def granted(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is not a refusal.

    Raises:
        SystemExit: It is; why has been printed.
    """
    if answer.is_success:
        return answer
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        detail = answer.text[:200]
    raise end(f"the service says {answer.status_code}: {detail}", 1)


def understood(answer: httpx.Response, kind: type[T]) -> T:
    """What an answer says.

    Raises:
        SystemExit: It is not of this kind, so who answered is no service of this version; that has been printed.
    """
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except UNDECODABLE as error:
        raise end(f"{answer.url} does not answer like a service of this version: {error}", 1) from None


def end(what: str, status: int) -> SystemExit:
    """The end of a command with this status, once what went wrong has been printed."""
    print(f"hearthbeat: {what}", file=sys.stderr)
    return SystemExit(status)
