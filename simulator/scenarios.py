"""Scenarios: what happens to a fleet while it is watched, by name, with a size and an onset that are always the same.

A scenario is a row of `SCENARIOS`: a fleet's size and the `Changes` that come over it. Instants are shares of the
fleet's span, so a scenario keeps its shape when it is run for more days or fewer. Who carries a change out:
`simulator.world.signals` (firmware), `simulator.world.hazards` (new mode), `simulator.world.health` (gradual),
`simulator.fleet` (growth), `simulator.delivery.delivery` (outage, label outage), `simulator.delivery.dirt`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class Firmware(Struct, frozen=True, kw_only=True):
    """An update changes what some device types report: when they are well, and what they show of a failure to come.

    Attributes:
        device_types: Which ones.
        at: When, as a share of the span.
    """

    device_types: tuple[str, ...]
    at: float


class NewMode(Struct, frozen=True, kw_only=True):
    """A failure mode that nobody has seen before, ``lockup``, becomes common.

    Attributes:
        at: When, as a share of the span.
        share: Share of all failures from then on.
    """

    at: float
    share: float


class Gradual(Struct, frozen=True, kw_only=True):
    """Little by little the fleet's failures announce themselves in another way.

    Attributes:
        begin: When the first device changes, as a share of the span.
        done: When all have.
    """

    begin: float
    done: float


class Outage(Struct, frozen=True, kw_only=True):
    """All homes of a type go silent; their readings arrive afterwards, in order, with their own instants.

    Attributes:
        home_type: Which one.
        begin: When, as a share of the span.
        end: When readings arrive again.
        backfill_h: In how many hours of event time the backlog arrives.
    """

    home_type: str
    begin: float
    end: float
    backfill_h: float


class LabelOutage(Struct, frozen=True, kw_only=True):
    """Outcomes stop; those held back are told when it is over.

    Attributes:
        begin: When, as a share of the span.
        end: When outcomes are told again.
    """

    begin: float
    end: float


class Dirt(Struct, frozen=True, kw_only=True):
    """What arrives is not what was measured.

    Attributes:
        begin: From when on, as a share of the span.
        missing: Share of metric values that are lost.
        duplicate: Share of readings that are sent twice.
        out_of_order: Share of readings that arrive some hours late.
        wrong_clock: Share of devices whose clock is wrong, by hours, most of them behind.
        stuck: Share of devices one of whose metrics has stuck for days.
        absurd: Share of metric values that no such metric can have.
    """

    begin: float
    missing: float
    duplicate: float
    out_of_order: float
    wrong_clock: float
    stuck: float
    absurd: float


class Growth(Struct, frozen=True, kw_only=True):
    """Homes join while the fleet runs.

    Attributes:
        initial: Share of the homes that are there from the start; the others join evenly over the span.
    """

    initial: float


class Changes(Struct, frozen=True, kw_only=True):
    """What comes over a fleet; None is a change that does not."""

    firmware: Firmware | None = None
    new_mode: NewMode | None = None
    gradual: Gradual | None = None
    outage: Outage | None = None
    label_outage: LabelOutage | None = None
    dirt: Dirt | None = None
    growth: Growth | None = None


NO_CHANGES: Final = Changes()


class Scenario(Struct, frozen=True, kw_only=True):
    """A named fleet and what happens to it.

    Attributes:
        name: Permanent name.
        story: What happens, in a sentence.
        homes: How many homes.
        days: Days of event time.
        failures: About how many failures there are.
        onset: When the world begins to change, as a share of the span; None if it does not.
        failure_rate: Factor on the failure rates.
        interval_scale: Factor on the reporting intervals.
        changes: What comes over the fleet.
    """

    name: str
    story: str
    homes: int
    days: float
    failures: int
    onset: float | None = None
    failure_rate: float = 1.0
    interval_scale: float = 1.0
    changes: Changes = Changes()


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario(
                name="stationary", story="Nothing changes but the hours and the days.",
                homes=100, days=21, failures=700,
            ),
            Scenario(
                name="seasonal", story="A whole year, with its winters and summers; fewer readings and failures a day.",
                homes=40, days=365, failures=1100, failure_rate=0.2, interval_scale=3.0,
            ),
            Scenario(
                name="firmware", story="An update changes what sensors, switches, lights and security devices report.",
                homes=100, days=21, failures=700, onset=0.5,
                changes=Changes(firmware=Firmware(device_types=("sensor", "switch", "light", "security"), at=0.5)),
            ),
            Scenario(
                name="new_failure_mode", story="A failure mode that nobody has seen before becomes the most common.",
                homes=100, days=21, failures=800, onset=0.5, changes=Changes(new_mode=NewMode(at=0.5, share=0.6)),
            ),
            Scenario(
                name="gradual", story="Over a week, failures come to announce themselves in another way.",
                homes=100, days=24, failures=800, onset=0.4, changes=Changes(gradual=Gradual(begin=0.4, done=0.7)),
            ),
            Scenario(
                name="outage", story="All apartments go silent for 18 hours; then their readings arrive late.",
                homes=100, days=14, failures=460, onset=0.5,
                changes=Changes(outage=Outage(home_type="apartment", begin=0.5, end=0.5536, backfill_h=3.0)),
            ),
            Scenario(
                name="label_outage", story="For five days no outcome arrives.", homes=100, days=21, failures=700,
                onset=0.4, changes=Changes(label_outage=LabelOutage(begin=0.4, end=0.64)),
            ),
            Scenario(
                name="dirty", story="Values go missing, stick or are absurd, readings come twice, late, misdated.",
                homes=100, days=14, failures=460, onset=0.3,
                changes=Changes(dirt=Dirt(
                    begin=0.3, missing=0.10, duplicate=0.05, out_of_order=0.03, wrong_clock=0.02, stuck=0.05,
                    absurd=0.005,
                )),
            ),
            Scenario(
                name="growth", story="The fleet grows tenfold.", homes=150, days=21, failures=550, onset=0.0,
                changes=Changes(growth=Growth(initial=0.1)),
            ),
        )
    }
)  # fmt: skip
"""All scenarios by name. Size and onset are part of the name: a scenario that means something else gets another."""

COLUMNS: Final = ("scenario", "homes", "days", "onset (day)", "failures", "what happens")


def row(scenario: Scenario) -> tuple[str, ...]:
    """Return a scenario's row under `COLUMNS`; the onset is in days from the start, or ``-``."""
    onset = "-" if scenario.onset is None else f"{scenario.onset * scenario.days:.1f}"
    return (
        scenario.name, str(scenario.homes), f"{scenario.days:g}", onset, f"about {scenario.failures}", scenario.story,
    )  # fmt: skip
