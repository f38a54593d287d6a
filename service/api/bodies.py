"""Request bodies: read raw, bounded, decoded once by a cached decoder, with errors that name item and field."""

import asyncio
import re
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException

from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import MalformedBody, MalformedItem, Unavailable, UnsupportedMediaType
from service.contracts.models import OCTETS
from service.settings import Settings

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
_BYTES_A_S = 10_000
_PATIENCE = 8  # a body up to so many times too large is read to its end: who is still sending hears no answer
_NDJSON_NAMES = {NDJSON, "application/jsonl", "application/x-jsonlines"}
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_NAMED = re.compile(r"field `(?P<name>[^`]+)`")
_STEP = re.compile(r"\[(\d+)\]|\.([^.\[]+)|\[\.\.\.\]")

T = TypeVar("T")


class Waits:
    """The bodies that are being waited for. All of it happens in the event loop.

    Attributes:
        open: Each ends at its own time.
        ended: Whether none may be waited for any longer.
    """

    def __init__(self) -> None:
        self.open: set[asyncio.Timeout] = set()
        self.ended = False

    def end(self) -> None:
        """Wait for no body any longer: the service stops."""
        self.ended = True
        for wait in tuple(self.open):
            if not wait.expired():
                wait.reschedule(asyncio.get_running_loop().time())


def waits_of(request: Request[Any, Any, Any]) -> Waits:
    """The application's."""
    waits: Waits = request.app.state.waits
    return waits


def settings_of(request: Request[Any, Any, Any]) -> Settings:
    """The application's settings."""
    settings: Settings = request.app.state.settings
    return settings


def media_type(request: Request[Any, Any, Any]) -> str:
    """Media type of the body, without parameters: `JSON` or `NDJSON`; no header means JSON.

    Raises:
        UnsupportedMediaType: It is another.
    """
    encoding = header(request, b"content-encoding") or "identity"
    if encoding != "identity":
        raise UnsupportedMediaType(f"a body of encoding {encoding} is not supported; send it as it is")
    found = header(request, b"content-type")
    given = JSON if found is None else found.split(";")[0].strip().lower()
    if given == JSON:
        return JSON
    if given in _NDJSON_NAMES:
        return NDJSON
    raise UnsupportedMediaType(f"{given or 'an empty media type'} is not supported; send {JSON} or {NDJSON}")


def header(connection: ASGIConnection[Any, Any, Any, Any], name: bytes) -> str | None:
    """A header as it came. The framework would make a dictionary of all of them."""
    for key, value in connection.scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None


def require_json(request: Request[Any, Any, Any]) -> None:
    """Raises `UnsupportedMediaType` if the body is not one JSON document."""
    if media_type(request) != JSON:
        raise UnsupportedMediaType(f"send {JSON}")


def require_octets(request: Request[Any, Any, Any]) -> None:
    """Raises `UnsupportedMediaType` if the body is not a file as it is."""
    encoding = header(request, b"content-encoding") or "identity"
    given = (header(request, b"content-type") or OCTETS).split(";")[0].strip().lower()
    if given != OCTETS or encoding != "identity":
        raise UnsupportedMediaType(f"send the file as it is, as {OCTETS}")


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """The whole body.

    Raises:
        HTTPException: 413, it is larger than the settings allow; 408, it came too slowly or not at all.
        Unavailable: The service stops before the body is there.
    """
    settings, waits = settings_of(request), waits_of(request)
    limit, patience_s = settings.max_body_bytes, settings.body_timeout_s
    loop = asyncio.get_running_loop()
    began = loop.time()
    declared = header(request, b"content-length")
    expected = int(declared) if declared is not None and re.fullmatch(r"[0-9]{1,18}", declared) else None
    if expected is not None and expected > _PATIENCE * limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        try:
            # Who sends a byte now and then would hold a place for days: on the whole there is a least speed, too.
            deadline = began + patience_s + size / _BYTES_A_S
            until = loop.time() if waits.ended else min(loop.time() + patience_s, deadline)
            async with asyncio.timeout_at(until) as wait:
                waits.open.add(wait)
                message: Any = await request.receive()
        except TimeoutError:
            if waits.ended:
                raise Unavailable("the service is stopping, and the body is not there yet", retry_after_s=5) from None
            raise HTTPException(status_code=408, detail=_too_slow(patience_s)) from None
        finally:
            waits.open.discard(wait)
        if message["type"] == "http.disconnect":
            raise HTTPException(status_code=400, detail="the body ended early")
        part = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size > _PATIENCE * limit:
            raise _too_large(limit)
        if size <= limit:
            parts.append(part)
        more = more and size != expected  # the server's last message would be empty
    if size > limit:
        raise _too_large(limit)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_slow(patience_s: float) -> str:
    return f"the body came too slowly: it may take {patience_s:g} s, and a second more for each {_BYTES_A_S:,} bytes"


def _too_large(limit: int) -> HTTPException:
    return HTTPException(status_code=413, detail=f"the body is larger than {limit} bytes; send it in parts")


def decode_one(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """One object.

    Raises:
        MalformedBody: The body is not JSON.
        MalformedItem: It is not of the required form.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise malformed(error) from None
    except UNDECODABLE as error:
        raise MalformedBody(str(error)) from None


def decode_items(
    one: msgspec.json.Decoder[T], many: msgspec.json.Decoder[list[T]], body: bytes, max_items: int
) -> tuple[list[T], bool]:
    """One object or an array of them, and whether it was an array.

    Raises:
        MalformedBody: The body is not JSON.
        MalformedItem: An item is not of the required form.
        HTTPException: 413, there are more than ``max_items``.
    """
    if body.lstrip()[:1] != b"[":
        return [decode_one(one, body)], False
    try:
        items = many.decode(body)
    except msgspec.ValidationError as error:
        raise malformed(error) from None
    except UNDECODABLE as error:
        raise MalformedBody(str(error)) from None
    if len(items) > max_items:
        raise HTTPException(status_code=413, detail=f"{len(items)} items; at most {max_items} fit in one array")
    return items, True


def malformed(error: Exception) -> MalformedItem:
    """A decoding error with the item and the field it names taken apart.

    msgspec says where: ``Expected `float`, got `str` - at `$[3].metrics[...]```.
    """
    text = str(error)
    found = _PATH.search(text)
    what = text[: found.start()] if found is not None else text
    item: int | None = None
    fields: list[str] = []
    for place, (index, name) in enumerate(_STEP.findall(found["path"]) if found is not None else []):
        if index and place == 0:
            item = int(index)
        elif name:
            fields.append(name)
    named = _NAMED.search(what)
    if named is not None:
        fields.append(named["name"])
    return MalformedItem(what, item=item, field=".".join(fields) or None)
