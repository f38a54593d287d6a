"""Home types: what kind of place a device lives in, and what that does to it.

First in the flow: a home type decides which devices there are, what they go through (radio, climate, people) and which
failures are common. Shares are of homes in the fleet; they follow the usual mix of dwellings, large to rare.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from msgspec import Struct

from simulator.arrays import Codes


class HomeType(Struct, frozen=True, kw_only=True):
    """One kind of home.

    Attributes:
        name: Its name on the wire.
        share: Share of the fleet's homes, in [0, 1].
        mean_devices: Mean number of devices.
        mix: Relative numbers of device types.
        outdoor_share: Share of those devices that can be outdoors which are.
        congestion: How much the neighbours' radios disturb in the evening, in [0, 1].
        insulation: How little the weather is felt indoors, in [0, 1].
        occupancy: Mean number of people; scales use.
        climate_c: Yearly mean of the outdoor temperature, in degC.
        season_c: Half the difference between summer and winter, in K.
        hazard: Factors on the rates of failure modes; absent ones are 1.
    """

    name: str
    share: float
    mean_devices: float
    mix: dict[str, float]
    outdoor_share: float
    congestion: float
    insulation: float
    occupancy: float
    climate_c: float
    season_c: float
    hazard: dict[str, float]


def _mix(
    sensor: float,
    switch: float,
    light: float,
    climate: float,
    security: float,
    battery_powered: float,
    media: float,
    vacuum: float,
) -> dict[str, float]:
    return {
        "sensor": sensor,
        "switch": switch,
        "light": light,
        "climate": climate,
        "security": security,
        "battery_powered": battery_powered,
        "media": media,
        "vacuum": vacuum,
    }


HOME_TYPES: tuple[HomeType, ...] = (
    HomeType(
        name="single_family_house", share=0.35, mean_devices=14, mix=_mix(5, 3, 4, 1.5, 2, 2, 1.5, 0.5),
        outdoor_share=0.30, congestion=0.25, insulation=0.6, occupancy=3.0, climate_c=11, season_c=10,
        hazard={},
    ),
    HomeType(
        name="apartment", share=0.20, mean_devices=8, mix=_mix(3, 2, 3, 0.8, 0.5, 1, 1.5, 0.4),
        outdoor_share=0.05, congestion=0.95, insulation=0.75, occupancy=1.9, climate_c=12, season_c=9,
        hazard={"network": 2.0, "intermittent": 1.4, "drift": 0.7},
    ),
    HomeType(
        name="condo", share=0.15, mean_devices=9, mix=_mix(3, 2, 3, 1, 1, 1, 1.6, 0.5),
        outdoor_share=0.08, congestion=0.75, insulation=0.8, occupancy=2.0, climate_c=15, season_c=8,
        hazard={"network": 1.5, "wear": 0.8},
    ),
    HomeType(
        name="townhouse", share=0.12, mean_devices=11, mix=_mix(4, 2.5, 3.5, 1.2, 1.2, 1.5, 1.4, 0.5),
        outdoor_share=0.18, congestion=0.55, insulation=0.65, occupancy=2.6, climate_c=11, season_c=9,
        hazard={"network": 1.2},
    ),
    HomeType(
        name="ranch_house", share=0.08, mean_devices=13, mix=_mix(5, 2.5, 3, 1.8, 2.2, 2.5, 1, 0.4),
        outdoor_share=0.45, congestion=0.08, insulation=0.45, occupancy=2.8, climate_c=18, season_c=11,
        hazard={"overheating": 1.8, "drift": 1.5, "battery": 1.2},
    ),
    HomeType(
        name="multi_story", share=0.05, mean_devices=17, mix=_mix(6, 3.5, 5, 2, 2, 2, 2, 0.6),
        outdoor_share=0.22, congestion=0.40, insulation=0.6, occupancy=3.6, climate_c=10, season_c=10,
        hazard={"network": 1.7, "wear": 1.2},
    ),
    HomeType(
        name="cottage", share=0.03, mean_devices=7, mix=_mix(3.5, 1.2, 2, 1.2, 1.2, 2, 0.6, 0.2),
        outdoor_share=0.50, congestion=0.03, insulation=0.25, occupancy=1.2, climate_c=7, season_c=12,
        hazard={"battery": 1.9, "drift": 1.4, "network": 1.2},
    ),
    HomeType(
        name="studio", share=0.02, mean_devices=5, mix=_mix(2, 1.5, 2, 0.5, 0.3, 0.6, 1.4, 0.4),
        outdoor_share=0.02, congestion=1.0, insulation=0.7, occupancy=1.1, climate_c=13, season_c=9,
        hazard={"network": 1.8, "overheating": 1.5},
    ),
)  # fmt: skip

HOME_TYPE_CODE: Mapping[str, int] = MappingProxyType({kind.name: code for code, kind in enumerate(HOME_TYPES)})
"""Code of each home type: its place in `HOME_TYPES`."""


def draw_home_types(homes: int, rng: np.random.Generator) -> Codes:
    """Deal the home types out to ``homes`` homes.

    Each type gets its share, exact to one home (largest remainders); only who is what is random. So a small fleet has
    the same mix as a large one.

    Returns:
        Codes (homes,) into `HOME_TYPES`.
    """
    wanted = np.array([kind.share for kind in HOME_TYPES]) * homes
    counts = np.floor(wanted).astype(np.int64)
    largest = np.argsort(-(wanted - counts), kind="stable")
    counts[largest[: homes - int(counts.sum())]] += 1
    dealt = np.repeat(np.arange(len(HOME_TYPES), dtype=np.int8), counts)
    return rng.permutation(dealt)
