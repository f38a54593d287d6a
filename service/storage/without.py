"""A block of matured examples without those of some devices, the same for every backend."""

from collections.abc import Collection

import msgspec
import numpy as np

from service.contracts.ports import MaturedExamples

_COLUMNS = {
    "seq": np.int64,
    "row": np.int32,
    "device": np.int32,
    "ts": np.int64,
    "label": np.int8,
    "blend": np.float64,
}


def without_devices(block: MaturedExamples, devices: Collection[int]) -> tuple[MaturedExamples | None, int]:
    """What is left of a block without some devices, and how many examples are gone.

    Returns:
        None and 0 if nothing is gone, None and the count if nothing is left.
    """
    kept = ~np.isin(np.frombuffer(block.device, np.int32), list(devices))
    gone = int((~kept).sum())
    if not gone or not kept.any():
        return None, gone
    columns = {name: np.frombuffer(getattr(block, name), dtype)[kept].tobytes() for name, dtype in _COLUMNS.items()}
    risks = np.frombuffer(block.member_risk, np.float32)
    if len(risks):
        risks = risks.reshape(len(kept), -1)[kept]
    chosen = np.frombuffer(block.chosen, np.int32)
    stay = kept[chosen]
    place = np.cumsum(kept) - 1
    rows = np.frombuffer(block.features, np.float32).reshape(len(chosen), -1 if len(chosen) else 0)
    return msgspec.structs.replace(
        block,
        **columns,
        member_risk=risks.tobytes(),
        chosen=place[chosen[stay]].astype(np.int32).tobytes(),
        learned=block.was_learned()[stay].tobytes(),
        features=rows[stay].tobytes(),
        modes=[mode for mode, stays in zip(block.modes, stay.tolist(), strict=False) if stays],
    ), gone
