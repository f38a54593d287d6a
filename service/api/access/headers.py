"""Headers that every answer carries, whoever gave it: a handler, the framework, a stream, an error."""

from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

_USUAL: Final = {
    b"x-content-type-options": b"nosniff",
    # Nothing that is answered is a page: a browser that is made to show it loads, runs and frames nothing.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
    b"server": b"hearthbeat",  # the server would tell its own make
}
_PAIRS: Final = tuple(_USUAL.items())


def secured(app: ASGIApp) -> ASGIApp:
    """The application, with the usual headers on each answer that does not say otherwise itself."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name for name, _ in headers}  # in small letters, as ASGI has them
                message["headers"] = [*headers, *(pair for pair in _PAIRS if pair[0] not in own)]
            await send(message)

        await app(scope, receive, send_secured)

    return serve
