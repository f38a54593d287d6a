"""Home types: what kind of place a device lives in, and what that does to it.

First in the flow: a home type decides which devices there are, what they go through (radio, climate, people), which
failures are common, and which of their signs mean something. Shares are of homes in the fleet; they follow the usual
mix of dwellings, large to rare.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from msgspec import Struct

from simulator.arrays import Codes


class Habits(Struct, frozen=True, kw_only=True):
    """When the people of a home are there and use things; all hours are local.

    Attributes:
        morning_h: How much later than usual their morning is, in hours.
        evening_h: How much later than usual their evening is, in hours.
        at_home: Share of a workday's middle that somebody is at home, in [0, 1].
        weekend: Use on a weekend's day against that on a workday.
        holiday: Use on a public holiday against that on a workday.
    """

    morning_h: float
    evening_h: float
    at_home: float
    weekend: float
    holiday: float


class HomeType(Struct, frozen=True, kw_only=True):
    """One kind of home.

    Attributes:
        name: Its name on the wire.
        share: Share of the fleet's homes, in [0, 1].
        mean_devices: Mean number of devices.
        mix: Relative numbers of device types.
        outdoor_share: Share of those devices that can be outdoors which are.
        attic_share: Share of the devices indoors that stand right under the roof.
        congestion: How much the neighbours' radios disturb in the evening, in [0, 1].
        insulation: How little the weather is felt indoors, in [0, 1].
        occupancy: Mean number of people; scales use.
        habits: When they are there.
        climate_c: Yearly mean of the outdoor temperature, in degC.
        season_c: Half the difference between summer and winter, in K.
        hazard: Factors on the rates of failure modes; absent ones are 1.
        recovers: Share of degradations of a mode that pass without a failure, where it is another than usual
            (`simulator.world.courses`). What announces a failure in one kind of home is a passing trouble in another.
    """

    name: str
    share: float
    mean_devices: float
    mix: dict[str, float]
    outdoor_share: float
    attic_share: float
    congestion: float
    insulation: float
    occupancy: float
    habits: Habits
    climate_c: float
    season_c: float
    hazard: dict[str, float]
    recovers: dict[str, float]


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
        outdoor_share=0.3, attic_share=0.1, congestion=0.25, insulation=0.6, occupancy=3.0,
        habits=Habits(morning_h=-0.2, evening_h=-0.5, at_home=0.25, weekend=1.6, holiday=1.3),
        climate_c=11, season_c=10,
        hazard={"wear": 2.2, "drift": 0.6},
        recovers={"drift": 0.7, "overheating": 0.6},
    ),
    HomeType(
        name="apartment", share=0.2, mean_devices=8, mix=_mix(3, 2, 3, 0.8, 0.5, 1, 1.5, 0.4),
        outdoor_share=0.05, attic_share=0.02, congestion=0.95, insulation=0.75, occupancy=1.9,
        habits=Habits(morning_h=0.6, evening_h=1.0, at_home=0.15, weekend=0.7, holiday=0.7),
        climate_c=12, season_c=9,
        hazard={"network": 4.5, "intermittent": 0.8, "drift": 0.5, "overheating": 0.6},
        recovers={"intermittent": 0.8, "wear": 0.6},
    ),
    HomeType(
        name="condo", share=0.15, mean_devices=9, mix=_mix(3, 2, 3, 1, 1, 1, 1.6, 0.5),
        outdoor_share=0.08, attic_share=0.04, congestion=0.75, insulation=0.8, occupancy=2.0,
        habits=Habits(morning_h=0.3, evening_h=0.2, at_home=0.4, weekend=0.6, holiday=1.0),
        climate_c=17, season_c=6,
        hazard={"wear": 3.0, "network": 0.6, "battery": 0.6},
        recovers={"network": 0.8, "battery": 0.6},
    ),
    HomeType(
        name="townhouse", share=0.12, mean_devices=11, mix=_mix(4, 2.5, 3.5, 1.2, 1.2, 1.5, 1.4, 0.5),
        outdoor_share=0.18, attic_share=0.1, congestion=0.55, insulation=0.65, occupancy=2.6,
        habits=Habits(morning_h=-0.5, evening_h=-1.5, at_home=0.5, weekend=2.0, holiday=1.5),
        climate_c=11, season_c=9,
        hazard={"intermittent": 4.5, "overheating": 0.5},
        recovers={"overheating": 0.8, "network": 0.6},
    ),
    HomeType(
        name="ranch_house", share=0.08, mean_devices=13, mix=_mix(5, 2.5, 3, 1.8, 2.2, 2.5, 1, 0.4),
        outdoor_share=0.45, attic_share=0.2, congestion=0.08, insulation=0.45, occupancy=2.8,
        habits=Habits(morning_h=-1.2, evening_h=-1.2, at_home=0.75, weekend=1.2, holiday=1.0),
        climate_c=20, season_c=11,
        hazard={"overheating": 4.5, "battery": 1.6, "network": 0.5, "intermittent": 0.6},
        recovers={"network": 0.8, "intermittent": 0.7},
    ),
    HomeType(
        name="multi_story", share=0.05, mean_devices=17, mix=_mix(6, 3.5, 5, 2, 2, 2, 2, 0.6),
        outdoor_share=0.22, attic_share=0.12, congestion=0.4, insulation=0.6, occupancy=3.6,
        habits=Habits(morning_h=0.0, evening_h=0.5, at_home=0.55, weekend=1.5, holiday=1.4),
        climate_c=8, season_c=10,
        hazard={"network": 3.5, "wear": 0.6, "drift": 2.5},
        recovers={"wear": 0.75, "battery": 0.6},
    ),
    HomeType(
        name="cottage", share=0.03, mean_devices=7, mix=_mix(3.5, 1.2, 2, 1.2, 1.2, 2, 0.6, 0.2),
        outdoor_share=0.5, attic_share=0.25, congestion=0.03, insulation=0.25, occupancy=1.2,
        habits=Habits(morning_h=2.0, evening_h=-0.5, at_home=0.8, weekend=4.0, holiday=5.0),
        climate_c=6, season_c=13,
        hazard={"battery": 4.0, "drift": 3.0, "wear": 0.6},
        recovers={"overheating": 0.85, "wear": 0.6},
    ),
    HomeType(
        name="studio", share=0.02, mean_devices=5, mix=_mix(2, 1.5, 2, 0.5, 0.3, 0.6, 1.4, 0.4),
        outdoor_share=0.02, attic_share=0.02, congestion=1.0, insulation=0.7, occupancy=1.1,
        habits=Habits(morning_h=1.5, evening_h=2.5, at_home=0.1, weekend=0.5, holiday=0.3),
        climate_c=13, season_c=9,
        hazard={"overheating": 4.0, "intermittent": 3.0, "battery": 0.6},
        recovers={"network": 0.85, "battery": 0.8},
    ),
)  # fmt: skip

HOME_TYPE_CODE: Mapping[str, int] = MappingProxyType({kind.name: code for code, kind in enumerate(HOME_TYPES)})
"""Code of each home type: its place in `HOME_TYPES`."""


def draw_home_types(homes: int, rng: np.random.Generator, shares: Sequence[float] | None = None) -> Codes:
    """Deal the home types out to ``homes`` homes.

    Each type gets its share, exact to one home (largest remainders); only who is what is random. So a small fleet has
    the same mix as a large one.

    Args:
        homes: How many.
        rng: Says who is what.
        shares: Relative shares of the eight types, instead of their own.

    Returns:
        Codes (homes,) into `HOME_TYPES`.
    """
    share = np.array([kind.share for kind in HOME_TYPES] if shares is None else shares, dtype=np.float64)
    wanted = share / share.sum() * homes
    counts = np.floor(wanted).astype(np.int64)
    largest = np.argsort(-(wanted - counts), kind="stable")
    counts[largest[: homes - int(counts.sum())]] += 1
    dealt = np.repeat(np.arange(len(HOME_TYPES), dtype=np.int8), counts)
    return rng.permutation(dealt)
