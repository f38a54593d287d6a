"""Samples: what a data set is made of, as arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from simulator.arrays import Codes, Flags, Indices, Ints


class Samples(Struct, frozen=True, kw_only=True):
    """Labelled samples in order of time, then device; n rows.

    Attributes:
        columns: Feature names; (f,).
        rows: Feature rows, NaN where unknown; float32 (n, f).
        labels: Whether the device fails within the horizon; bool (n,).
        mode: Code of the mode in which it does, `simulator.samples.truth.NO_FAILURE` where it does not; int8 (n,).
            Gives the label away.
        ts: Instants in microseconds; int64 (n,).
        device: Row of the fleet's device table; int32 (n,).
        home: Number of the home; int32 (n,).
        home_type: Code into `simulator.world.homes.HOME_TYPES`; int8 (n,).
        device_type: Code into `simulator.world.devices.DEVICE_TYPES`; int8 (n,).
    """

    columns: list[str]
    rows: npt.NDArray[np.float32]
    labels: Flags
    mode: Codes
    ts: Ints
    device: Indices
    home: Indices
    home_type: Codes
    device_type: Codes

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, low: int, high: int) -> "Samples":
        """The samples from ``low`` to before ``high``."""
        return Samples(columns=self.columns, **{name: getattr(self, name)[low:high] for name in _ARRAYS})


_ARRAYS = tuple(name for name in Samples.__struct_fields__ if name != "columns")


def join_samples(parts: Sequence[Samples]) -> Samples:
    """Return several lots of samples as one; at least one."""
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Samples(columns=parts[0].columns, **joined)
