"""The flags of a fleet's world, and their mistakes."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.commands.options import USUAL_WORLD, WorldOptions, rates_of, world_of
from simulator.errors import UsageError
from simulator.scenarios import SCENARIOS
from simulator.world.patterns import Daily, DaylightSaving, Patterns, Seasonal, Weekly
from tests.simulator.fake_service import FakeService
from tests.simulator.stream.test_run import command


def test_nothing_asked_for_is_the_usual_world() -> None:
    """All patterns as by default, no scenario, factors of 1."""
    assert world_of(USUAL_WORLD) == (Patterns(), None)
    assert rates_of(USUAL_WORLD, None) == (1.0, 1.0)


def test_patterns_come_from_a_file(tmp_path: Path) -> None:
    """What the file does not say stays as it is by default."""
    path = tmp_path / "patterns.toml"
    path.write_text("[daily]\nstrength = 2\nmorning_h = 9.5\n[daylight_saving]\non = false\n")

    assert world_of(WorldOptions(patterns=path))[0] == Patterns(
        daily=Daily(strength=2.0, morning_h=9.5), daylight_saving=DaylightSaving(on=False)
    )


def test_flags_go_before_the_file(tmp_path: Path) -> None:
    """One value is set over the file's; to switch a pattern off is the last word."""
    path = tmp_path / "patterns.toml"
    path.write_text("[seasonal]\nstrength = 2.0\n[weekly]\nstrength = 0.5\n")
    options = WorldOptions(
        patterns=path,
        changed=("seasonal.strength=0.5", "seasonal.on = false", "seasonal.on=true", "daily.on=true"),
        without=("daily,congestion", "weekly"),
    )
    patterns, _ = world_of(options)

    assert (patterns.seasonal, patterns.weekly) == (Seasonal(strength=0.5), Weekly(on=False, strength=0.5))
    assert [name for name in Patterns.__struct_fields__ if not getattr(patterns, name).on] == [
        "daily", "congestion", "weekly",
    ]  # fmt: skip


@pytest.mark.parametrize("name", Patterns.__struct_fields__)
def test_every_pattern_can_be_switched_off_alone(name: str) -> None:
    """The others stay."""
    patterns, _ = world_of(WorldOptions(without=(name,)))

    assert [other for other in Patterns.__struct_fields__ if not getattr(patterns, other).on] == [name]


def test_a_scenario_sets_rates_and_flags_go_before_it() -> None:
    """By name; the explicit factor wins."""
    _, seasonal = world_of(WorldOptions(scenario="seasonal"))

    assert seasonal is SCENARIOS["seasonal"]
    assert rates_of(USUAL_WORLD, seasonal) == (seasonal.failure_rate, seasonal.interval_scale) == (0.2, 3.0)
    assert rates_of(WorldOptions(failure_rate=2.0, interval_scale=1.0), seasonal) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"scenario": "flood"}, "--scenario 'flood' is none of stationary, seasonal"),
        ({"without": ("daily,winter",)}, "--without: 'winter' is no pattern; there are daily, congestion"),
        ({"without": ("",)}, "--without: '' is no pattern"),
        ({"changed": ("daily.strength",)}, "--set 'daily.strength' is not written like daily.strength=0.5"),
        ({"changed": ("strength=1",)}, "--set 'strength=1' is not written like"),
        ({"changed": ("winter.strength=1",)}, "--set: 'winter' is no pattern"),
        ({"changed": ("daily.strength=strong",)}, "--set daily.strength=strong: daily.strength: Expected `float`"),
        ({"changed": ("daily.strength=nan",)}, "daily.strength: Expected `float` >= 0.0"),
        ({"changed": ("daily.morning_h=24",)}, "daily.morning_h: Expected `float` < 24.0"),
        ({"changed": ("daily.peak=2",)}, "daily: Object contains unknown field `peak`"),
    ],
)
def test_mistakes_in_flags_are_told(asked: dict[str, Any], says: str) -> None:
    """In one line that names flag and key."""
    with pytest.raises(UsageError) as error:
        world_of(WorldOptions(**asked))

    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[daily]\nstrength = 9\n", "daily.strength: Expected `float` <= 3.0"),
        (b"[daily]\nstrength = nan\n", "daily.strength: Expected `float` >= 0.0"),
        (b"[daily]\non = 1\n", "daily.on: Expected `bool`"),
        (b"[daily]\npeak_h = 1\n", "daily: Object contains unknown field `peak_h`"),
        (b"[winter]\non = true\n", "Object contains unknown field `winter`"),
        (b"daily = 3\n", "daily: Expected `object`"),
        (b"[daily\n", "no valid TOML"),
        (b"\xff\xfe", "no valid TOML"),
        (None, "No such file"),
    ],
)
def test_mistakes_in_files_are_told(tmp_path: Path, text: bytes | None, says: str) -> None:
    """In one line that names file and key."""
    path = tmp_path / "mine.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UsageError) as error:
        world_of(WorldOptions(patterns=path))

    assert str(error.value).startswith(f"{path}: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "asked",
    [{"failure_rate": 0.0}, {"failure_rate": 101.0}, {"interval_scale": float("nan")}, {"interval_scale": -1.0}],
)
def test_factors_out_of_range_are_told(asked: dict[str, Any]) -> None:
    """With the flag's name."""
    (name,) = asked
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} must be more than 0"):
        rates_of(WorldOptions(**asked), None)


def test_scenarios_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one with its size."""
    monkeypatch.setenv("COLUMNS", "80")
    assert command(["scenarios"]) == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]

    for scenario in SCENARIOS.values():
        assert [scenario.name, str(scenario.homes), f"{scenario.days:g}"] in rows


def test_a_scenario_is_streamed(fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    """Its changes reach the service; homes and days as given go before its own."""
    arguments = [
        "simulate",
        "--homes",
        "6",
        "--days",
        "1",
        "--end",
        "2025-06-01T00:00:00Z",
        "--json",
        "--url",
        fake.url,
    ]
    assert command(arguments) == 0
    clean = json.loads(capsys.readouterr().out)
    assert command([*arguments, "--scenario", "dirty", "--seed", "1", "--interval-scale", "0.5"]) == 0
    dirty = json.loads(capsys.readouterr().out)

    assert clean["sent"] == clean["accepted"]
    assert dirty["sent"] > 1.5 * clean["sent"]
    assert dirty["sent"] == sum(dirty[status] for status in ("accepted", "duplicate", "late", "refused"))
    assert dirty["duplicate"] + dirty["late"] > 0


@pytest.mark.parametrize("flags", [["--scenario", "flood"], ["--without", "winter"], ["--set", "x=1"]])
def test_mistakes_end_a_command(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2 and one line, before anything is sent."""
    assert command(["simulate", *flags, "--url", "http://127.0.0.1:9"]) == 2
    err = capsys.readouterr().err

    assert err.startswith(f"error: {flags[0]}")
    assert err.count("\n") == 1
