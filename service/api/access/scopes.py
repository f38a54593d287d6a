"""Scopes of endpoints: each handler, or its controller, is given one of these as its ``opt``."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar
from litestar.routes import HTTPRoute

from service.contracts.access import SCOPES, Scope

_SCOPE = "scope"

INGEST: Final[Mapping[str, Any]] = {_SCOPE: "ingest"}
READ: Final[Mapping[str, Any]] = {_SCOPE: "read"}
ADMIN: Final[Mapping[str, Any]] = {_SCOPE: "admin"}
OPEN: Final[Mapping[str, Any]] = {_SCOPE: None}
"""For everybody, without a key."""


def scope_of(opt: Mapping[str, Any]) -> Scope | None:
    """The scope that a handler's ``opt`` asks for, None if it is open; ``admin`` where nothing is said."""
    scope: Scope | None = opt.get(_SCOPE, "admin")
    return scope


def scopes_of(app: Litestar) -> dict[tuple[str, str], Scope | None]:
    """Scope of each endpoint by its method in small letters and its path as in the OpenAPI document.

    Raises:
        ValueError: A handler does not say whom it is for.
    """
    out: dict[tuple[str, str], Scope | None] = {}
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            for method in handler.http_methods:
                if method == "OPTIONS":  # the framework's own
                    continue
                if handler.opt.get(_SCOPE, "?") not in (None, *SCOPES):
                    raise ValueError(f"{method} {route.path_format} says no scope")
                out[method.lower(), route.path_format or "/"] = scope_of(handler.opt)
    return out
