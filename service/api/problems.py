"""Problems: every error becomes one JSON shape, RFC 9457 ``application/problem+json`` with a stable type.

One table maps domain errors to status and type; the framework's own HTTP errors follow their status. Nothing that a
client sends may end as a 500; what does is a defect, and says nothing of its inside.
"""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct
from msgspec.structs import replace

from service.contracts.errors import (
    BadQuery,
    Busy,
    Conflict,
    HearthbeatError,
    MalformedBody,
    MalformedItem,
    MissingScope,
    NoKey,
    NotKnown,
    NotLocal,
    RefusedItem,
    TooFast,
    Unavailable,
    UnsupportedMediaType,
)
from service.observe.logs import REQUEST_ID

PROBLEM_JSON = "application/problem+json"
_LOG = logging.getLogger("hearthbeat.api")


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as it is answered.

    Attributes:
        type: Stable URI reference of the kind of problem, ``/problems/…``.
        title: The kind in words.
        status: The HTTP status.
        detail: What is wrong with this request.
        item: Place of the faulty item in the request, from 0.
        field: Path of the faulty field or name of the faulty parameter.
        reason: For a refused item, the word of its `Refusal`.
        scope: The scope that the key lacks.
        request_id: Of the request, as in the header `X-Request-ID` and in the service's log.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    item: int | None = None
    field: str | None = None
    reason: str | None = None
    scope: str | None = None
    request_id: str | None = None


_TABLE: dict[type[HearthbeatError], tuple[int, str, str]] = {
    MalformedBody: (400, "malformed-body", "The body is not JSON"),
    MalformedItem: (422, "malformed-item", "An item does not have the required form"),
    RefusedItem: (422, "refused-item", "The item cannot be taken"),
    BadQuery: (400, "bad-query", "A query parameter cannot be used"),
    NoKey: (401, "no-key", "A key is needed"),
    MissingScope: (403, "missing-scope", "The key is not for this"),
    NotLocal: (403, "not-local", "Without keys the service answers to its own machine only"),
    Conflict: (409, "conflict", "What is there does not allow it"),
    NotKnown: (404, "not-known", "Nothing of that name has been seen"),
    UnsupportedMediaType: (415, "unsupported-media-type", "The media type of the body is not supported"),
    TooFast: (429, "too-fast", "More than the rate limit allows"),
    Busy: (429, "busy", "Too many requests are waiting"),
    Unavailable: (503, "unavailable", "The service cannot take this now"),
}


_PLAIN = {
    400: ("bad-request", "The request cannot be used"),
    404: ("not-found", "There is no such path"),
    405: ("method-not-allowed", "The path has no such method"),
    408: ("request-timeout", "The body came too slowly"),
    413: ("request-entity-too-large", "The body is too large"),
    415: ("unsupported-media-type", "The media type of the body is not supported"),
}
"""Errors by status alone. The words are ours, since those of the standard library change with Python's version."""

TYPES = {word: status for status, (word, _) in _PLAIN.items()} | {word: status for status, word, _ in _TABLE.values()}
TYPES["internal"] = 500
"""The usual status of all problems, by the last part of their type."""


_HEADERS = (("Retry-After", "retry_after_s"), ("WWW-Authenticate", "challenge"))


def problem_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem that an error is answered with, and its extra headers; called where the request is answered."""
    problem, headers = _kind_of(error)
    request_id = REQUEST_ID.get()
    return (problem if request_id is None else replace(problem, request_id=request_id.decode())), headers


def _kind_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    for kind, (status, word, title) in _TABLE.items():
        if isinstance(error, kind):
            headers = {name: getattr(error, field, None) for name, field in _HEADERS}
            status = 409 if getattr(error, "reason", None) == "conflict" else status
            out = Problem(
                type=f"/problems/{word}",
                title=title,
                status=status,
                detail=str(error),
                item=getattr(error, "item", None),
                field=getattr(error, "field", None),
                reason=getattr(error, "reason", None),
                scope=getattr(error, "scope", None),
            )
            return out, {name: str(value) for name, value in headers.items() if value is not None}
    if isinstance(error, HTTPException) and error.status_code < 500:
        word, title = _PLAIN.get(error.status_code, _PLAIN[400])
        out = Problem(
            type=f"/problems/{word}",
            title=title,
            status=error.status_code,
            detail=error.detail,
            field=_parameter(error),
        )
        return out, dict(error.headers or {})
    return Problem(type="/problems/internal", title="Internal error", status=500, detail="see the service's log"), {}


_PUBLIC_NAMES = {"device_state": "state"}  # a handler's argument may not be called `state` in this framework


def _parameter(error: HTTPException) -> str | None:
    """Name of the query or path parameter that the framework could not convert."""
    extra = error.extra
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        key = extra[0].get("key")
        return _PUBLIC_NAMES.get(str(key), str(key)) if key is not None else None
    return None


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of the whole application."""
    problem, headers = problem_of(error)
    if problem.status >= 500 and not isinstance(error, HearthbeatError):
        route = request.scope.get("path_template", "")
        _LOG.error("a request failed by a defect", exc_info=error, extra={"method": request.method, "route": route})
    body = msgspec.json.encode(problem)
    return Response(body, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)
