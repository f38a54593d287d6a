"""The data card: measured as told, the same for the same seed, with pictures that are there."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.card.card import Effort, write_card
from simulator.card.curves import count_failures, local_time, measure_days, measure_seasons
from simulator.card.lives import AFTER_H, BEFORE_H, TELLING, typical_lives
from simulator.card.tables import table
from simulator.card.warning import measure_warnings
from simulator.card.world import (
    World,
    averted_shares,
    failures_by,
    fleet_weights,
    lead_times_h,
    make_world,
    what_is_told,
)
from simulator.delivery.outcomes import NEVER
from simulator.errors import UsageError
from simulator.samples.formats import ABOUT
from simulator.samples.panel import plan_panel
from simulator.scenarios import SCENARIOS
from simulator.world.devices import DEVICE_TYPES, MODE_CODE, MODES
from simulator.world.homes import HOME_TYPE_CODE, HOME_TYPES

SMALL = Effort(truth_homes=160, read_homes=80, year_homes=4, samples=400)
PANEL = plan_panel(400, horizon_us=DAY_S * SECOND, per_home_type=True, homes=240)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(PANEL, 5)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_card(tmp_path_factory.mktemp("card") / "new", 3, SMALL)


def test_the_page_shows_what_is_there(page: Path) -> None:
    """Every picture of the page exists, and no other; every column, home type, device type and scenario is named."""
    text = page.read_text()
    pictures = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", text, flags=re.MULTILINE)

    assert page.name == "README.md"
    assert {path.name for path in page.parent.iterdir()} == {"README.md", *pictures}
    assert all((page.parent / name).read_bytes().startswith(b"\x89PNG") for name in pictures)
    kinds = [kind.name for kind in HOME_TYPES] + [kind.name for kind in DEVICE_TYPES]
    for name in (*ABOUT, *SCENARIOS, *kinds):
        assert re.search(rf"^\| `?{name}`? \|", text, flags=re.MULTILINE), name
    assert "nan" not in text
    assert not re.search(r"[{}]", text)


def test_same_seed_same_card(page: Path, tmp_path: Path) -> None:
    """Page and pictures, to the byte."""
    again = write_card(tmp_path, 3, SMALL)

    for path in page.parent.iterdir():
        assert (again.parent / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_page_of_ones_own_name_has_its_pictures_beside_it(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their names begin with its own."""
    pictures = {"lives.png": b"one", "times.png": b"two"}
    monkeypatch.setattr(
        "simulator.card.card._made", lambda seed, effort, prefix: (f"![x]({prefix}lives.png)", pictures)
    )
    written = write_card(tmp_path / "fleet.md", 3)

    assert written.read_text() == "![x](fleet-lives.png)"
    assert {path.name for path in tmp_path.iterdir()} == {"fleet.md", "fleet-lives.png", "fleet-times.png"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone/card", "is no folder and cannot become one"),
        ("file", "is no folder and cannot become one"),
        ("gone/card.md", "there is no folder"),
        ("folder.md", "it is a folder"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is measured."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.md").mkdir()

    monkeypatch.setattr("simulator.card.card._made", None)

    with pytest.raises(UsageError, match=said):
        write_card(tmp_path / name, 1, SMALL)


def test_without_matplotlib_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(UsageError, match=r"pip install 'hearthbeat\[data\]'"):
        write_card(tmp_path, 1, SMALL)


def test_failures_are_counted_while_homes_are_watched(world: World) -> None:
    """By home type and mode, all of them once; rates are near those that the fleet is made with."""
    counts, rate = failures_by(world, world.fleet.devices.home_type, len(HOME_TYPES))
    home = world.fleet.devices.home[world.failures.device]
    joins, leaves = (stay[home] * SECOND for stay in PANEL.stays)

    assert counts.sum() == len(world.failures.ts)
    assert np.all((world.failures.ts >= joins) & (world.failures.ts <= leaves))
    assert np.all((1.5 < rate) & (rate < 5.0))


def test_weights_restore_the_shares(world: World) -> None:
    """Homes weighed so are the fleet's mix again."""
    weights, devices = fleet_weights(world), world.fleet.devices
    first = np.unique(devices.home, return_index=True)[1]
    by_kind = np.bincount(devices.home_type[first], weights[first], minlength=len(HOME_TYPES))

    assert np.mean(weights) == pytest.approx(1.0)
    assert by_kind / by_kind.sum() == pytest.approx([kind.share for kind in HOME_TYPES])


def test_sudden_failures_give_no_time(world: World) -> None:
    """They come within the hour and none passes; all others take hours, and some pass."""
    leads, averted = lead_times_h(world), averted_shares(world)

    assert leads[MODE_CODE["sudden"]].max() <= 1.0
    assert all(np.median(leads[MODE_CODE[mode]]) > 12 for mode in TELLING if mode != "sudden")
    assert averted[:, MODE_CODE["sudden"]].max() == 0
    assert averted[HOME_TYPE_CODE["apartment"]].max() > 0.3


def test_what_is_told_is_what_was_drawn(world: World) -> None:
    """Shares of failures never reported are those of the outcomes, as far as so few can tell."""
    told, mistaken = what_is_told(world)
    known = sum(len(one.delay_h) for one in told)
    never = sum(one.never * len(one.delay_h) for one in told) / known

    assert never == pytest.approx(np.mean([NEVER[mode] for mode in MODES]), abs=0.05)
    assert all(np.all(one.delay_h > 0) for one in told)
    assert mistaken > 0


def test_local_time() -> None:
    """2026-01-01T23:30Z, a Thursday, is already Friday an hour further east."""
    ts = np.array([1_767_225_600 + 23 * HOUR_S + 1_800] * 2) * SECOND
    hour, weekday, month = local_time(ts, np.array([0, 3_600], np.int32))

    assert (hour.tolist(), weekday.tolist(), month.tolist()) == ([23, 0], [3, 4], [0, 0])


def test_days_and_seasons_show_in_the_curves(world: World) -> None:
    """Apartments answer late in the evening, cottages do not; winter is cold outdoors, and cells give less there."""
    days, seasons, failing = measure_days(world), measure_seasons(16, 5), count_failures(world)
    evening = days.response[:, 20] / days.response[:, 4]

    assert evening[HOME_TYPE_CODE["apartment"]] > 2.0 > 1.3 > evening[HOME_TYPE_CODE["cottage"]]
    assert days.use[0, 12] < 0.6 * days.use[1, 12]
    assert days.use_by_day[HOME_TYPE_CODE["cottage"], 5] > 1.2
    assert days.readings > 100_000
    assert 0.0 < days.missing < 0.03
    assert seasons.temperature_c[1, 0] < 10 < 15 < seasons.temperature_c[1, 6]
    assert seasons.short_pct[1, 0] < -2.0 < -1.0 < seasons.short_pct[1, 6]
    assert {int(part.sum()) for part in (failing.by_hour, failing.by_day, failing.by_month)} == {len(world.failures.ts)}


def test_a_life_is_drawn_around_its_failure(world: World) -> None:
    """One for each mode that occurs often enough: well, then degrading, failed, repaired, all within the picture."""
    lives = typical_lives(world)

    assert [life.mode for life in lives] == [mode for mode in TELLING if mode in {life.mode for life in lives}]
    assert len(lives) >= 6
    for life in lives:
        assert -BEFORE_H < life.onset_h < 0 < life.repair_h < AFTER_H
        assert life.hidden[life.hidden_h < life.onset_h].max() == 0
        assert 0.5 < life.hidden[(life.hidden_h > life.onset_h) & (life.hidden_h <= 0)].max() < 2.5
        assert life.hidden[life.hidden_h > life.repair_h].max() == 0
        assert tuple(life.metrics) == TELLING[life.mode]
        assert all(len(values) == len(life.read_h) > 50 for values in life.metrics.values())


def test_batteries_stand_out_and_sudden_failures_do_not() -> None:
    """Measured without any model."""
    panel = plan_panel(4_000, horizon_us=DAY_S * SECOND, per_home_type=True, homes=160)
    warnings = measure_warnings(panel, 5)

    assert warnings.within[MODE_CODE["battery"]] > 0.6
    assert warnings.within[MODE_CODE["sudden"]] < 0.2
    assert warnings.samples.tolist() == [4_000] * 8
    assert int(warnings.positives.sum()) == pytest.approx((warnings.positive_share * 4_000).sum())
    assert warnings.features == 99


def test_tables_are_markdown() -> None:
    """Head, rule, rows."""
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
