"""Played: what a service made of a stream, as columns."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOT_BELIEVED = -1

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]


class Cost(Struct, frozen=True, kw_only=True):
    """What a model costs.

    Attributes:
        cpu_s: CPU seconds a million readings, training and scoring.
        bytes: What the model takes, serialised; None where it is not told.
    """

    cpu_s: float
    bytes: int | None = None


class Failures(Struct, frozen=True, kw_only=True):
    """Failures as told in the end, k in all.

    Attributes:
        device: Numbers of the devices, as in `Played`; (k,).
        ts: When, in microseconds; (k,).
    """

    device: Ints
    ts: Ints


class Played(Struct, frozen=True, kw_only=True):
    """What a service made of a stream: its matured examples, in order of their instants.

    Attributes:
        columns: Feature names of all home types, (f,).
        rows: Feature rows, NaN where unknown or not of the home type; float32 (n, f).
        ts: Instants in microseconds; (n,).
        labels: Whether the device failed within the horizon, by what was known in the end; (n,).
        chosen: Whether it was learned; (n,).
        device: A number for each device of the fleet, home type by home type; (n,).
        blend: The risk answered; (n,).
        members: Risks by member, NaN where it gave none; each (n,).
        horizon_us: The horizon; 0 where labels are known at once.
        seconds: How long it took.
        believed: The label when it was first final: 1, 0, or `NOT_BELIEVED`; int8 (n,). None: as in ``labels``.
        corrected_us: From when on it was known as in ``labels``, if ever; (n,). None: as soon as it was final.
        failures: When what failed; None: not told.
        readings: How many readings there were, of which these examples are some; 0: as many.
        costs: Of the members, and as ``committee`` of the whole service.
    """

    columns: list[str]
    rows: Rows
    ts: Ints
    labels: Bools
    chosen: Bools
    device: Ints
    blend: Floats
    members: dict[str, Floats]
    horizon_us: int
    seconds: float
    believed: npt.NDArray[np.int8] | None = None
    corrected_us: Ints | None = None
    failures: Failures | None = None
    readings: int = 0
    costs: dict[str, Cost] = {}

    def closed(self) -> "Played":
        """Without the examples after the newest negative: whoever was asked so late can only have failed by now."""
        last_us = self.ts[~self.labels].max(initial=np.iinfo(np.int64).min)
        return self if last_us >= self.ts[-1] else self.where(self.ts <= last_us)

    def where(self, kept: Bools) -> "Played":
        """Only some of the examples."""
        columns = ("rows", "ts", "labels", "chosen", "device", "blend", "believed", "corrected_us")
        given = {name: getattr(self, name) for name in columns}
        parts = {name: column[kept] for name, column in given.items() if column is not None}
        return replace(self, **parts, members={name: risks[kept] for name, risks in self.members.items()})

    def final_us(self) -> Ints:
        """From when on each label was final: a horizon and its grace after its instant; (n,)."""
        return np.asarray(self.ts + self.horizon_us + self.horizon_us // 24)

    def days(self) -> Floats:
        """Days since the first example; (n,)."""
        return np.asarray((self.ts - self.ts[0]) / DAY_US)
