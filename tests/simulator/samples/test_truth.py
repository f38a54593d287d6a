"""The edges of the horizon, and what a failed device is."""

import numpy as np
import pytest

from simulator.arrays import SECOND
from simulator.fleet import Failures
from simulator.samples.truth import NO_FAILURE, Truth

H = 100 * SECOND
NEAR, NEXT = 3, 5


def truth() -> Truth:
    """Device 1 fails at 1,000 s, is repaired at 1,050 s, and fails again at 1,080 s; device 4 fails at 1,000 s."""
    return Truth(
        Failures(
            device=np.array([1, 4, 1], np.int32),
            ts=np.array([1_000, 1_000, 1_080]) * SECOND,
            mode=np.array([NEAR, 0, NEXT], np.int8),
            repaired=np.array([1_050, 2_000, 1_200]) * SECOND,
        ),
        H,
    )


@pytest.mark.parametrize(
    ("device", "second", "mode", "failed"),
    [
        (1, 899.9, NO_FAILURE, False),
        (1, 900, NEAR, False),  # the horizon's end belongs to it
        (1, 999.999999, NEAR, False),
        (1, 1_000, NEXT, True),  # a failure at the instant itself is no longer ahead
        (1, 1_049.9, NEXT, True),
        (1, 1_050, NEXT, False),
        (1, 1_080.5, NO_FAILURE, True),
        (1, 1_200, NO_FAILURE, False),
        (0, 990, NO_FAILURE, False),
        (2, 990, NO_FAILURE, False),
        (4, 990, 0, False),
        (9, 990, NO_FAILURE, False),
    ],
)
def test_what_is_true(device: int, second: float, mode: int, failed: bool) -> None:
    """Positive if a failure lies in (ts, ts + H]; failed from the failure to the repair."""
    standing = truth().at(np.array([device], np.int32), np.array([round(second * SECOND)]))

    assert (standing.mode.tolist(), standing.failed.tolist()) == ([mode], [failed])
    assert (standing.ahead_us[0] > 0) == (mode != NO_FAILURE)


def test_how_far_ahead_it_is() -> None:
    """To the microsecond."""
    assert truth().at(np.array([1], np.int32), np.array([950 * SECOND + 3])).ahead_us.tolist() == [50 * SECOND - 3]


def test_a_fleet_without_failures() -> None:
    """Nothing fails, nothing is failed."""
    none = np.zeros(0, np.int64)
    nothing = Failures(device=none.astype(np.int32), ts=none, mode=none.astype(np.int8), repaired=none)
    standing = Truth(nothing, H).at(np.array([0, 1], np.int32), np.array([5, 6]))

    assert (standing.mode.tolist(), standing.failed.tolist()) == ([NO_FAILURE] * 2, [False] * 2)
