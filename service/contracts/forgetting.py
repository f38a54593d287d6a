"""Forgetting: an operator has a home, or one device of it, removed, and what stands in the log in its place.

The log is append-only and folds replay it, so a device is not cut out. Its name is replaced by an alias that says
nothing, in all events up to the one that forgets it; sequence numbers and device numbers stay what they are.
"""

import re
import secrets

from msgspec import Struct

from service.contracts.models import Reason, Who
from service.contracts.readings import DeviceName, HomeName

ALIAS = "forgotten-"
"""How the home of an alias begins; what follows is drawn."""
_ALIAS = re.compile(f"{ALIAS}[0-9a-f]{{32}}")

DeviceKey = tuple[str, str]
"""(home_id, device_id)."""


class Forget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forget a home, or one device of it: who wants it, and what for. Do not name the home in ``why``: that is kept."""

    home_id: HomeName
    device_id: DeviceName | None = None
    by: Who
    why: Reason


class ForgetReceipt(Struct, frozen=True, kw_only=True):
    """The event that holds the act, and how many devices it forgot.

    What was learned of them is gone from the answers now; names and raw values leave the log behind it, in the
    background, and ``GET /v1/forget/{seq}`` tells when that is done.
    """

    seq: int
    devices: int


class ErasureState(Struct, frozen=True, kw_only=True):
    """How far the erasure of what the act at ``seq`` forgot is; ``waits_for`` is empty once it is done."""

    seq: int
    done: bool
    waits_for: str = ""


class ForgottenDevice(Struct, frozen=True, array_like=True):
    """A device that is forgotten.

    Attributes:
        home_id, device_id: Its name; its alias once the log has been rewritten.
        home_type: Its home type, None if only outcomes named it.
        number: Its number there, -1 without a home type.
    """

    home_id: str
    device_id: str
    home_type: str | None
    number: int


class Forgotten(Struct, frozen=True, kw_only=True, tag="forget"):
    """Devices were forgotten: all of a home, or one.

    Attributes:
        received_us: When.
        alias: The home of their aliases; each one's device is its place among ``devices``.
        devices: Who.
        by, why: Who wanted it, and what for.
    """

    received_us: int
    alias: str
    devices: list[ForgottenDevice]
    by: str
    why: str

    def named(self) -> set[DeviceKey]:
        """Who is forgotten."""
        return {(device.home_id, device.device_id) for device in self.devices}

    def renamed(self) -> dict[DeviceKey, DeviceKey]:
        """Aliases by name."""
        return {(d.home_id, d.device_id): (self.alias, str(place)) for place, d in enumerate(self.devices)}

    def aliases(self) -> dict[str, dict[int, DeviceKey]]:
        """Aliases of those that have a number, by home type and number."""
        out: dict[str, dict[int, DeviceKey]] = {}
        for place, device in enumerate(self.devices):
            if device.home_type is not None:
                out.setdefault(device.home_type, {})[device.number] = (self.alias, str(place))
        return out


class Erased(Struct, frozen=True, kw_only=True, tag="erased"):
    """Nothing in the data folder names any longer what event ``forget_seq`` forgot."""

    received_us: int
    forget_seq: int


def new_alias() -> str:
    """A name that says nothing and that nobody has."""
    return ALIAS + secrets.token_hex(16)


def is_alias(home_id: str) -> bool:
    """Whether a home's name is one of `new_alias`."""
    return _ALIAS.fullmatch(home_id) is not None
