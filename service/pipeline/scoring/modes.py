"""Likely failure modes of a feature row: by the online model once it is warm, until then by the checkpoint's forest."""

import numpy as np
import numpy.typing as npt

from service.features.layout import Layout
from service.models.compiled_modes import CompiledOnlineModes
from service.models.modes import CompiledModes

Given = tuple[Layout, npt.NDArray[np.float32]]
"""A feature row with the layout that names its columns; it may be from before the newest columns came."""

_ONLINE = "online"


class LikelyModes:
    """The models of failure modes in force, asked about devices at risk only.

    Attributes:
        online: The online model, once it may answer.
        forests: Mode forests by the SHA-256 of their checkpoint.
    """

    def __init__(self) -> None:
        self.online: CompiledOnlineModes | None = None
        self.forests: dict[str, CompiledModes] = {}
        self._columns: dict[tuple[str, str], tuple[Layout, int, list[str], npt.NDArray[np.int32]]] = {}

    def shares(self, home_type: str, sha256: str | None, given: Given) -> dict[str, float] | None:
        """Probability of each mode if the device fails, likeliest first; None if no model can tell.

        Args:
            home_type: The device's.
            sha256: The checkpoint that serves it and knows its metrics, or None.
            given: Its feature row.
        """
        layout, row = given
        forest = self.forests.get(sha256) if sha256 is not None else None
        if self.online is not None:
            shares = self.online.shares(row, self._bound(home_type, _ONLINE, self.online.names, layout))
        elif forest is not None:
            whole = np.pad(row, (0, layout.width - len(row)), constant_values=np.float32(np.nan))
            shares = forest.shares(whole, self._bound(home_type, sha256 or "", forest.names, layout))
        else:
            return None
        return ranked(shares)

    def _bound(self, home_type: str, model: str, names: list[str], layout: Layout) -> npt.NDArray[np.int32]:
        known = self._columns.get((home_type, model))
        if known is None or known[0] is not layout or known[1] != layout.width or known[2] is not names:
            known = (layout, layout.width, names, layout.bind(names))
            self._columns[home_type, model] = known
        return known[3]


def ranked(shares: dict[str, float]) -> dict[str, float]:
    """The likeliest first; of equals the first by name."""
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
