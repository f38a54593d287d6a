"""Options: what world is asked for, by the flags that all commands share that make a fleet.

    --scenario NAME                 a row of `simulator.scenarios`
    --patterns FILE.toml            the temporal patterns, those of `simulator.world.patterns`; what is not said stays
    --set daily.strength=0.5        one value of them, over the file
    --without daily,weekly          switches patterns off, over everything else

Every mistake is one line that names the flag or the file, and the key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from service.contracts.decoding import UNDECODABLE
from simulator.errors import UsageError
from simulator.scenarios import SCENARIOS, Scenario
from simulator.world.patterns import Patterns

Repeatable = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PatternOptions:
    """Flags of the temporal patterns.

    Attributes:
        patterns: TOML file of temporal patterns.
        changed: One value of the patterns, such as daily.strength=0.5; may be given again.
        without: Patterns to switch off, such as daily,weekly; may be given again.
    """

    patterns: Path | None = None
    changed: Annotated[Repeatable, Parameter(name="--set")] = ()
    without: Repeatable = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class WorldOptions(PatternOptions):
    """Flags of a fleet's world.

    Attributes:
        scenario: Name of what happens to the fleet, which also sets its usual size; the command scenarios lists them.
        patterns: TOML file of temporal patterns.
        changed: One value of the patterns, such as daily.strength=0.5; may be given again.
        without: Patterns to switch off, such as daily,weekly; may be given again.
        failure_rate: Factor on the failure rates; 1 breaks about 3 % of the devices a day, 10 some 22 %. Usually 1.
        interval_scale: Factor on the reporting intervals, 12 to 75 minutes at 1. Usually 1.
    """

    scenario: str | None = None
    failure_rate: float | None = None
    interval_scale: float | None = None


USUAL_PATTERNS: Final = PatternOptions()
"""All patterns are as they usually are."""

USUAL_WORLD: Final = WorldOptions()
"""Nothing happens, and all patterns are as they usually are."""


def world_of(options: WorldOptions) -> tuple[Patterns, Scenario | None]:
    """Return the temporal patterns and the scenario that are asked for.

    Raises:
        UsageError: If there is no such scenario, pattern or key, the file cannot be read, or a value makes no sense.
    """
    return patterns_of(options), scenario_of(options.scenario)


def patterns_of(options: PatternOptions) -> Patterns:
    """Return the temporal patterns that are asked for.

    Raises:
        UsageError: If there is no such pattern or key, the file cannot be read, or a value makes no sense.
    """
    patterns = Patterns() if options.patterns is None else load_patterns(options.patterns)
    for text in options.changed:
        patterns = _set(patterns, text)
    return _without(patterns, options.without)


def scenario_of(name: str | None) -> Scenario | None:
    """Return the scenario of a name, or None for None.

    Raises:
        UsageError: If there is none of that name.
    """
    if name is None:
        return None
    if name not in SCENARIOS:
        raise UsageError(f"--scenario {name!r} is none of {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def rates_of(options: WorldOptions, scenario: Scenario | None) -> tuple[float, float]:
    """Return the factors on failure rates and on reporting intervals: as given, else the scenario's, else 1.

    Raises:
        UsageError: If one is out of its range.
    """
    factors = []
    for name in ("failure_rate", "interval_scale"):
        given = getattr(options, name)
        usual = 1.0 if scenario is None else getattr(scenario, name)
        factor = float(usual if given is None else given)
        if not 0 < factor <= 100:
            raise UsageError(f"--{name.replace('_', '-')} must be more than 0 and at most 100, not {factor:g}")
        factors.append(factor)
    return factors[0], factors[1]


def load_patterns(path: Path) -> Patterns:
    """Read temporal patterns from a TOML file; what it does not say is as by default.

    Raises:
        UsageError: If the file cannot be read, is no TOML, or says something that makes no sense; names file and key.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Patterns)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {_told(error)}") from None
    except (*UNDECODABLE, ValueError) as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from None


def _set(patterns: Patterns, text: str) -> Patterns:
    """Set one value, written ``pattern.key=value``."""
    place, equals, value = text.partition("=")
    name, dot, key = place.strip().partition(".")
    if not (equals and dot):
        raise UsageError(f"--set {text!r} is not written like daily.strength=0.5")
    _check_name("--set", name)
    tables: dict[str, dict[str, Any]] = msgspec.to_builtins(patterns)
    tables[name][key] = value.strip()
    try:
        # Not strict, for on the command line all values are text.
        return msgspec.convert(tables, Patterns, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"--set {text}: {_told(error)}") from None


def _without(patterns: Patterns, texts: Iterable[str]) -> Patterns:
    for name in (name.strip() for text in texts for name in text.split(",")):
        _check_name("--without", name)
        off = msgspec.structs.replace(getattr(patterns, name), on=False)
        patterns = msgspec.structs.replace(patterns, **{name: off})
    return patterns


def _check_name(flag: str, name: str) -> None:
    if name not in Patterns.__struct_fields__:
        raise UsageError(f"{flag}: {name!r} is no pattern; there are {', '.join(Patterns.__struct_fields__)}")


def _told(error: msgspec.ValidationError) -> str:
    """Return what is wrong, the key first."""
    text, _, place = str(error).partition(" - at `$.")
    return f"{place.rstrip('`')}: {text}" if place else text
