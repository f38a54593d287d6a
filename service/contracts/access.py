"""Access: what a key may be for, and what a key is called."""

from typing import Annotated, Final, Literal

from msgspec import Meta

Scope = Literal["ingest", "read", "admin"]
"""``ingest``: send readings and outcomes. ``read``: ask. ``admin``: acts that change what serves, or event time."""

SCOPES: Final[tuple[Scope, ...]] = ("ingest", "read", "admin")

KeyName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", description="Letters, digits, dots, hyphens; at most 64.")
]
