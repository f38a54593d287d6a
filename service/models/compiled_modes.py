"""The compiled form of `service.models.online_modes`: which failure modes are likely, in plain numpy.

The learner compiles it; the service asks it about devices at risk, and needs no River for that.
"""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.errors import BadModel

_FLOAT_BYTES = 8


class CompiledOnlineModes(Struct, frozen=True, kw_only=True):
    """Softmax regression on signed logs, standardised.

    Attributes:
        names: Features; (f,).
        modes: Failure modes; (m,).
        mean, scale: float64 (f,); ``scale`` 0 leaves a feature out.
        weight: float64 (m, f).
    """

    names: list[str]
    modes: list[str]
    mean: bytes
    scale: bytes
    weight: bytes

    def shares(self, row: npt.NDArray[np.float32], columns: npt.NDArray[np.int32]) -> dict[str, float]:
        """Probability of each mode, given that the device fails; they add up to 1.

        Args:
            row: Feature row, NaN where unknown; float32 (k,). It may be shorter than the layout is by now.
            columns: Column of each of ``names`` in it, -1 where it has none; int32 (f,).

        Raises:
            BadModel: The arrays do not fit together.
        """
        features, modes = len(self.names), len(self.modes)
        if (
            not len(self.mean) == len(self.scale) == _FLOAT_BYTES * features
            or len(self.weight) != _FLOAT_BYTES * features * modes
            or len(columns) != features
        ):
            raise BadModel("the arrays of a model of modes do not fit together")
        mean, scale = np.frombuffer(self.mean), np.frombuffer(self.scale)
        known = (columns >= 0) & (columns < len(row)) & (scale > 0.0)
        value = np.where(known, row[np.where(known, columns, 0)], np.nan).astype(np.float64)
        known &= ~np.isnan(value)
        value, mean, scale = value[known], mean[known], scale[known]
        standard = (np.copysign(np.log1p(np.abs(value)), value) - mean) / scale
        odds = np.frombuffer(self.weight).reshape(modes, features)[:, known] @ standard
        power = np.exp(odds - odds.max())
        return dict(zip(self.modes, (power / power.sum()).tolist(), strict=True))
