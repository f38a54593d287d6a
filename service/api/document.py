"""The OpenAPI document: what the framework derives from the handlers, completed by what it cannot see.

Bodies are decoded from the raw request, so their schemas and examples are entered here, and so are the problems.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from service.api.access.scopes import scopes_of
from service.api.bodies import JSON, NDJSON
from service.api.problems import PROBLEM_JSON, Problem
from service.contracts.access import Scope
from service.contracts.forgetting import Forget
from service.contracts.models import OCTETS, Deed, PinMember, Rollback
from service.contracts.outcomes import Failure, Repair, Retraction
from service.contracts.predictions import Receipt, WhatIf
from service.contracts.readings import Reading
from service.contracts.standing import Advance

_READING: dict[str, Any] = {
    "home_id": "home-1",
    "device_id": "sensor.kitchen",
    "home_type": "apartment",
    "device_type": "sensor",
    "ts": "2026-03-01T18:30:00+01:00",
    "metrics": {"battery_pct": 71.0, "signal_dbm": -67.0, "response_time_ms": 41.0},
}
_FAILURE: dict[str, Any] = {
    "kind": "failure",
    "outcome_id": "ticket-4711",
    "home_id": "home-1",
    "device_id": "sensor.kitchen",
    "ts": "2026-03-02T07:10:00+01:00",
    "mode": "battery",
}
_DEED: dict[str, Any] = {"by": "ada", "why": "the new firmware is everywhere now"}
_WHAT_IF = {name: value for name, value in _READING.items() if name not in ("home_id", "device_id")}

_BODIES: dict[str, tuple[tuple[type, ...], Any, bool]] = {
    "/v1/readings": ((Reading,), _READING, True),
    "/v1/outcomes": ((Failure, Repair, Retraction), _FAILURE, True),
    "/v1/predict": ((WhatIf,), _WHAT_IF, False),
    "/v1/advance": ((Advance,), {"to": "2026-03-03T00:00:00Z"}, False),
    "/v1/forget": ((Forget,), _DEED | {"home_id": "home-1", "why": "the customer left"}, False),
    "/v1/models/{home_type}/refresh": ((Deed,), _DEED, False),
    "/v1/models/{home_type}/rollback": ((Rollback,), _DEED | {"version": 3}, False),
    "/v1/models/{home_type}/pin": ((PinMember,), _DEED | {"member": "checkpoint"}, False),
    "/v1/models/{home_type}/unpin": ((Deed,), _DEED, False),
}
_KEY: Final = "key"
_SCHEME = {"type": "http", "scheme": "bearer", "description": "A key made with `hearthbeat keys create`."}
_IMPORT = "/v1/models/{home_type}/versions"
_TEXT = {"schema": {"type": "string"}}
_TEXTS = {"/metrics": "text/plain", "/v1/stream": "text/event-stream"}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_RECEIPT = {"$ref": "#/components/schemas/Receipt"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PROBLEMS = {
    "400": "The body is not JSON, or a query parameter cannot be used",
    "401": "No key, or none that is good; see WWW-Authenticate",
    "403": "The key has not the scope; it is named",
    "404": "Not known",
    "408": "The body came too slowly, or not at all",
    "409": "Contradicts what is known, or what is there does not allow it",
    "413": "Body too large",
    "415": "Media type not supported",
    "422": "An item is malformed or refused; item and field are named",
    "429": "Too many requests wait, or the rate limit is reached; see Retry-After",
    "503": "Starting, stopping or unable to write; see Retry-After",
}


def complete(
    document: dict[str, Any], scopes: Mapping[tuple[str, str], Scope | None], *, is_open: bool = False
) -> dict[str, Any]:
    """The document with request bodies, examples, problems, and the scope that each operation needs, entered.

    Args:
        document: As the framework derives it; completed in place.
        scopes: Of each method and path; None where no key is needed.
        is_open: Whether the service asks for no key now.
    """
    kinds = {kind for kinds, _, _ in _BODIES.values() for kind in kinds} | {Problem, Receipt}
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in components.items():
        schemas.setdefault(name, schema)
    document["components"]["securitySchemes"] = {_KEY: _SCHEME}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation.setdefault("responses", {})
            responses.pop("400", None)
            scope = scopes[method, path]
            without: list[dict[str, Any]] = [{}] if is_open else []
            operation["security"] = [] if scope is None else [*without, {_KEY: [scope]}]
            guarded = () if scope is None else ("401", "403", "429")
            for status in sorted({*_statuses(path, method), *guarded}):
                content = {PROBLEM_JSON: {"schema": _PROBLEM}}
                responses[status] = {"description": _PROBLEMS[status], "content": content}
            if path in _BODIES and method == "post":
                operation["requestBody"] = _request_body(*_BODIES[path])
            if path == _IMPORT and method == "post":
                operation["requestBody"] = {"required": True, "content": {OCTETS: _FILE}}
            if path in _TEXTS:
                responses["200"] = {"description": operation["summary"], "content": {_TEXTS[path]: _TEXT}}
            if path.endswith("/file"):
                responses["200"] = {"description": "The file, as it is", "content": {OCTETS: _FILE}}
            if path in ("/v1/readings", "/v1/outcomes"):
                lines = _lines({"oneOf": [_RECEIPT, _PROBLEM]}, "A receipt for each chunk; a problem ends them.")
                content = {JSON: {"schema": _RECEIPT}, NDJSON: {"schema": lines}}
                responses["200"] = {"description": "Durable; here is what became of it", "content": content}
    return document


def _statuses(path: str, method: str) -> tuple[str, ...]:
    if path.startswith(("/health", "/version", "/metrics", "/v1/status")):
        return ()
    if path == "/v1/stream":
        return ("400", "429", "503")
    if path.startswith("/v1/jobs"):
        return ("404",) if "{" in path else ()
    if path.startswith("/v1/models/{"):
        return _of_versions(path, method)
    if path.startswith("/v1/models"):
        return ("400", "404", "503") if path.endswith("/compare") else ("503",)
    if path == "/v1/outcomes":
        return ("400", "408", "409", "413", "415", "422", "429", "503")
    if method == "post":
        also = ("404",) if path in ("/v1/advance", "/v1/forget") else ()
        return ("400", "408", *also, "413", "415", "422", "429", "503")
    return ("400", "404", "503")


def _of_versions(path: str, method: str) -> tuple[str, ...]:
    if method == "get":
        return ("404", "409", "503") if path.endswith("/file") else ("404", "503")
    conflict = () if path in (_IMPORT, "/v1/models/{home_type}/refresh") else ("409",)
    return ("400", "404", "408", *conflict, "413", "415", "422", "429", "503")


def _request_body(kinds: tuple[type, ...], example: Any, many: bool) -> dict[str, Any]:
    refs = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    one: dict[str, Any] = refs[0] if len(refs) == 1 else {"oneOf": refs}
    if not many:
        return {"required": True, "content": {JSON: {"schema": one, "example": example}}}
    either = {"oneOf": [*refs, {"type": "array", "items": one}]}
    examples = {"one": {"value": example}, "array": {"value": [example]}}
    text = "One item a line. A line that is none affects only itself: it is counted as refused, and why."
    lines = {"schema": _lines(one, text), "example": msgspec.json.encode(example).decode() + "\n"}
    return {"required": True, "content": {JSON: {"schema": either, "examples": examples}, NDJSON: lines}}


def _lines(one: dict[str, Any], description: str) -> dict[str, Any]:
    """A text of JSON lines. What a line should be is said beside: by JSON Schema the whole is a string."""
    return {"type": "string", "description": description, "contentMediaType": NDJSON, "contentSchema": one}


class DocumentPlugin(JsonRenderPlugin):
    """Serves the completed document; no page, hence nothing that a browser would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON."""
        is_open = request.app.state.gate.open
        return super().render(request, complete(openapi_schema, scopes_of(request.app), is_open=is_open))
