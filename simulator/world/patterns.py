"""Temporal patterns: what recurs in the life of a home, each to be turned down or off on its own.

They are data, read from TOML or flags (`simulator.commands.options`); what each does stands in `clock`, `context`,
`hazards` and `health`. A pattern moves things in time: switched off, which is
the same as a strength of 0, days, weeks or years are even, and the means over them stay what they were.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

Strength = Annotated[float, Meta(ge=0.0, le=3.0)]
Hour = Annotated[float, Meta(ge=0.0, lt=24.0)]


class Pattern(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all patterns with a strength share.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
    """

    on: bool = True
    strength: Strength = 1.0

    @property
    def size(self) -> float:
        """Its strength, or 0 if it is off."""
        return self.strength if self.on else 0.0


class Daily(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mornings and evenings: use follows people through their day, and the sun warms.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
        morning_h: Local hour of the morning peak of use.
        evening_h: Local hour of the evening peak of use.
    """

    morning_h: Hour = 7.2
    evening_h: Hour = 19.5


class Congestion(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The air full of neighbours' radio in the evening, most of all in apartments.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
        peak_h: Local hour at which it is worst.
    """

    peak_h: Hour = 20.5


class Weekly(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Workdays against weekends: when things are used, and on which days they give way.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
    """


class Seasonal(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Winter and summer: cold batteries, hot attics, heating and cooling.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
    """


class Holidays(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Public holidays of the home's country: people are at home all day, or away.

    Attributes:
        on: Whether there is such a pattern.
        strength: Factor on its size; 1 is usual.
    """


class DaylightSaving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clocks that are put forward in spring and back in autumn, where the home's country does so.

    Attributes:
        on: Whether local time follows daylight saving; otherwise it is standard time all year.
    """

    on: bool = True


class Patterns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All temporal patterns of a fleet.

    Attributes:
        daily: Mornings and evenings.
        congestion: Radio congestion in the evening.
        weekly: Workdays against weekends.
        seasonal: Winter and summer.
        holidays: Public holidays.
        daylight_saving: Whether local time follows it.
    """

    daily: Daily = Daily()
    congestion: Congestion = Congestion()
    weekly: Weekly = Weekly()
    seasonal: Seasonal = Seasonal()
    holidays: Holidays = Holidays()
    daylight_saving: DaylightSaving = DaylightSaving()


DEFAULT_PATTERNS: Final = Patterns()
