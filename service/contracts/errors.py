"""Domain errors. `service.api.problems` maps each, in one table, to an RFC 9457 problem with a stable type."""


class HearthbeatError(Exception):
    """Base of all errors that a user of the service can meet."""


class MalformedItem(HearthbeatError):
    """A body, or an item in it, does not decode.

    Args:
        detail: What is wrong, in a sentence.
        item: Place of the item in the request, from 0, or None for a single object.
        field: Path of the field within the item, such as ``metrics.battery_pct``, or None.
    """

    def __init__(self, detail: str, *, item: int | None = None, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.item = item
        self.field = field


class MalformedBody(HearthbeatError):
    """A body is not JSON at all."""


class RefusedItem(HearthbeatError):
    """A well-formed single object that the service cannot take; ``reason`` is the word of its `Refusal`."""

    def __init__(self, reason: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.field = field


class NotKnown(HearthbeatError):
    """The device, home or home type asked for has not been seen."""


class Conflict(HearthbeatError):
    """What is there does not allow it: no version to go back to, a damaged file, a member that cannot speak."""


class BadQuery(HearthbeatError):
    """A query parameter cannot be used; ``field`` names it."""

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class UnsupportedMediaType(HearthbeatError):
    """The Content-Type of a body is none that the endpoint takes."""


class Busy(HearthbeatError):
    """The queue before the scorer is full; try again after ``retry_after_s`` seconds."""

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooFast(HearthbeatError):
    """A client sends more than the rate limit allows; try again after ``retry_after_s`` seconds."""

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class NoKey(HearthbeatError):
    """No key was sent, or none that is good; ``challenge`` says how to send one (RFC 6750)."""

    def __init__(self, detail: str, *, sent: bool) -> None:
        super().__init__(detail)
        self.challenge = 'Bearer realm="hearthbeat"' + (', error="invalid_token"' if sent else "")


class MissingScope(HearthbeatError):
    """The key is good, but not for this; ``scope`` is the one that it lacks."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs a key of scope {scope!r}, which the one that was sent has not")
        self.scope = scope
        self.challenge = f'Bearer realm="hearthbeat", error="insufficient_scope", scope="{scope}"'


class NotLocal(HearthbeatError):
    """A service without keys was asked under a name, or from a web page, that is not of its own machine."""


class Unavailable(HearthbeatError):
    """The service is starting, stopping or unable to write; try again after ``retry_after_s`` seconds."""

    def __init__(self, detail: str, *, retry_after_s: int = 2) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class LogDamaged(HearthbeatError):
    """The event log cannot be read at ``seq``."""

    def __init__(self, detail: str, *, seq: int) -> None:
        super().__init__(detail)
        self.seq = seq


class BadSetting(HearthbeatError):
    """A setting has a value it cannot have; ``field`` names it."""

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field


class BadBackup(HearthbeatError):
    """A backup, or a data folder, is not what it should be, or not where it should go."""


class BadModel(HearthbeatError):
    """A model file does not hold what its manifest says."""
