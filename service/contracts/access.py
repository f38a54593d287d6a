"""Access: what a key may be for, and what a key is called."""

from typing import Annotated, Final, Literal

from msgspec import Meta

Scope = Literal["ingest", "read", "admin"]
"""``ingest``: send readings and outcomes. ``read``: ask. ``admin``: acts that change what serves, or event time."""

SCOPES: Final[tuple[Scope, ...]] = ("ingest", "read", "admin")

KeyName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", description="Letters, digits, dots, hyphens; at most 64.")
]


def bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key; none without one.

    Raises:
        ValueError: It is no key. What was given is not repeated: it may be a key and a slip.
    """
    if key is None:
        return {}
    if not key or not all("!" <= character <= "~" for character in key):
        raise ValueError("--key, or HEARTHBEAT_KEY, is no key: there is a space in it, or a character no key has")
    return {"Authorization": f"Bearer {key}"}
