"""What reaches the service, and when, when lines go down and devices are dirty."""

import numpy as np
import pytest
from msgspec.structs import astuple

from service.contracts.readings import CATALOGUE
from simulator.arrays import DAY_S, HOUR_S, SECOND, Flags, Ints
from simulator.blocks import Block, join_blocks
from simulator.delivery.delivery import REPORTS_CATCH_UP_S, deliver
from simulator.fleet import Fleet
from simulator.scenarios import NO_CHANGES, SCENARIOS, Changes, Dirt, LabelOutage, Outage
from simulator.world.homes import HOME_TYPES

END = 1_750_000_000 * SECOND
DAYS = 3
START = END - DAYS * DAY_S * SECOND
OUTAGE = Outage(home_type="apartment", begin=0.4, end=0.6, backfill_h=3.0)
LINE_DOWN, LINE_UP = (START + int(share * DAYS * DAY_S) * SECOND for share in (0.4, 0.6))
CAUGHT_UP = LINE_UP + 3 * HOUR_S * SECOND
NO_DIRT = {"missing": 0.0, "duplicate": 0.0, "out_of_order": 0.0, "wrong_clock": 0.0, "stuck": 0.0, "absurd": 0.0}
DIRTY_SINCE = START + int(0.3 * DAYS * DAY_S) * SECOND
ALL_DIRT = {
    "missing": 0.1, "duplicate": 0.05, "out_of_order": 0.03, "wrong_clock": 0.1, "stuck": 0.2, "absurd": 0.01,
}  # fmt: skip


def fleet_with(changes: Changes, homes: int = 60) -> Fleet:
    return Fleet(homes, 3, START, END, changes=changes)


def dirty(**shares: float) -> Changes:
    return Changes(dirt=Dirt(begin=0.3, **(NO_DIRT | shares)))


def delivered(fleet: Fleet, step_s: int = HOUR_S) -> Block:
    return join_blocks(list(fleet.deliveries(step_s)))


def measured(fleet: Fleet) -> Block:
    return join_blocks(list(fleet.blocks()))


def equal(one: Block, two: Block) -> bool:
    pairs = zip(astuple(one), astuple(two), strict=True)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def picked(block: Block, rows: Flags | Ints) -> Block:
    return Block(*(column[rows] for column in astuple(block)))


def by_device(block: Block) -> Block:
    """The readings of each device in order of their time stamps."""
    return picked(block, np.lexsort((block.ts, block.device)))


def in_order_of_time(block: Block) -> bool:
    """Whether each device's readings arrive in order of their time stamps."""
    order = np.argsort(block.device, kind="stable")
    same = np.diff(block.device[order]) == 0
    return bool(np.all(np.diff(block.ts[order])[same] > 0))


def test_a_clean_fleet_is_delivered_as_it_is() -> None:
    """Without outage and dirt the very blocks of the fleet are handed on."""
    fleet = fleet_with(NO_CHANGES, homes=5)
    blocks = list(fleet.blocks())
    handed_on = list(deliver(blocks, fleet.changes, fleet.devices, fleet.seed, START // SECOND, END // SECOND))

    assert all(one is two for one, two in zip(handed_on, blocks, strict=True))
    assert equal(join_blocks(blocks), delivered(fleet))


@pytest.mark.parametrize(
    "changes",
    [Changes(outage=OUTAGE), dirty(**ALL_DIRT), Changes(outage=OUTAGE, dirt=dirty(**ALL_DIRT).dirt)],
    ids=["outage", "dirt", "both"],
)
def test_blocks_can_be_cut_at_will(changes: Changes) -> None:
    """The same readings arrive in the same order in whatever blocks, even when one instant is cut in two."""
    fleet = fleet_with(changes, homes=20)
    whole = delivered(fleet)
    truth = measured(fleet)
    odd = [picked(truth, np.arange(low, min(low + 997, len(truth)))) for low in range(0, len(truth), 997)]
    cut_oddly = deliver(odd, changes, fleet.devices, fleet.seed, START // SECOND, END // SECOND)

    assert np.all(np.diff(whole.sent) >= 0)
    assert START <= whole.sent[0] <= whole.sent[-1] <= END
    assert equal(whole, delivered(fleet, 600))
    assert equal(whole, delivered(fleet, DAY_S))
    assert equal(whole, join_blocks(list(cut_oddly)))
    assert all(len(block) for block in fleet.deliveries(600))


def test_dirt_follows_from_the_seed_and_leaves_the_truth_alone() -> None:
    """Another seed, other dirt; what the fleet measured stays as it was."""
    fleet = fleet_with(dirty(**ALL_DIRT), homes=5)
    blocks = list(fleet.blocks())
    before = join_blocks(blocks)
    one, other = (
        join_blocks(list(deliver(blocks, fleet.changes, fleet.devices, seed, START // SECOND, END // SECOND)))
        for seed in (3, 4)
    )

    assert equal(one, delivered(fleet))
    assert not equal(one, other)
    assert equal(before, join_blocks(blocks))


def test_an_outage_is_silence_and_then_everything() -> None:
    """Nothing of that home type arrives meanwhile; then all of it does, with its own instants, a device's in order."""
    fleet = fleet_with(Changes(outage=OUTAGE))
    truth, arrived = measured(fleet), delivered(fleet)
    apartment = fleet.devices.home_type[arrived.device] == [kind.name for kind in HOME_TYPES].index("apartment")
    waited = arrived.sent != arrived.ts

    assert not np.any(apartment & (arrived.sent >= LINE_DOWN) & (arrived.sent < LINE_UP))
    assert np.any(~apartment & (arrived.sent >= LINE_DOWN) & (arrived.sent < LINE_UP))
    assert in_order_of_time(arrived)
    assert np.array_equal(apartment & (arrived.ts >= LINE_DOWN) & (arrived.ts < CAUGHT_UP), waited)
    assert np.all(arrived.sent >= arrived.ts)
    assert np.array_equal(by_device(arrived).ts, by_device(truth).ts)
    assert np.array_equal(by_device(arrived).metrics, by_device(truth).metrics, equal_nan=True)


def test_a_backlog_arrives_evenly() -> None:
    """Each third of the backfill carries about a third of what has waited, and the line is free when it is over."""
    arrived = delivered(fleet_with(Changes(outage=OUTAGE)))
    waited = arrived.sent[arrived.sent != arrived.ts]
    thirds = np.histogram(waited, bins=3, range=(LINE_UP, CAUGHT_UP))[0]

    assert thirds.sum() == len(waited) > 1000
    assert thirds.max() < 1.3 * thirds.min()


def test_no_outcome_is_told_in_a_label_outage_and_all_are_after() -> None:
    """The same outcomes are told in the same order; those held back within minutes of the end of the outage."""
    outage = Changes(label_outage=LabelOutage(begin=0.4, end=0.6))
    expected = Fleet(100, 3, START, END, failure_rate=3.0).reports()
    reports = Fleet(100, 3, START, END, failure_rate=3.0, changes=outage).reports()
    soon = LINE_UP + REPORTS_CATCH_UP_S * SECOND
    held = [was.at for was in expected if LINE_DOWN <= was.at < LINE_UP]

    assert [report.outcome for report in reports] == [report.outcome for report in expected]
    assert [report.at for report in reports] == sorted(report.at for report in reports)
    assert not any(LINE_DOWN <= report.at < LINE_UP for report in reports)
    assert len(held) == sum(LINE_UP <= report.at < soon for report in reports) - sum(
        LINE_UP <= was.at < soon for was in expected
    )
    assert len(held) > 10
    for report, was in zip(reports, expected, strict=True):
        assert report.at == was.at or was.at < report.at < soon


def test_what_would_arrive_after_the_end_does_not() -> None:
    """An outage that outlasts the fleet's span swallows readings and outcomes."""
    forever = Changes(
        outage=Outage(home_type="apartment", begin=0.5, end=1.0, backfill_h=1.0),
        label_outage=LabelOutage(begin=0.5, end=1.0),
    )
    fleet = fleet_with(forever)
    half = START + (END - START) // 2

    assert delivered(fleet).sent[-1] <= END
    assert len(delivered(fleet)) < len(measured(fleet))
    assert max(report.at for report in fleet.reports()) < half


def test_nothing_is_dirty_before_its_time() -> None:
    """Up to the onset the truth arrives."""
    fleet = fleet_with(dirty(**ALL_DIRT))
    truth, arrived = measured(fleet), delivered(fleet)
    n = int(np.searchsorted(truth.ts, DIRTY_SINCE))

    assert equal(picked(truth, np.arange(n)), picked(arrived, np.arange(n)))
    assert not equal(picked(truth, np.arange(2 * n)), picked(arrived, np.arange(2 * n)))


def test_values_go_missing() -> None:
    """About the stated share of values is lost, of every metric; the others are the truth."""
    fleet = fleet_with(dirty(missing=0.1))
    truth, arrived = measured(fleet), delivered(fleet)
    later = truth.ts >= DIRTY_SINCE
    known = ~np.isnan(truth.metrics)
    lost = known & np.isnan(arrived.metrics)

    assert lost[later].sum() / known[later].sum() == pytest.approx(0.1, abs=0.005)
    assert np.all(np.abs(lost[later].sum(axis=0) / known[later].sum(axis=0) - 0.1) < 0.03)
    assert np.array_equal(np.where(lost, truth.metrics, arrived.metrics), truth.metrics, equal_nan=True)


def test_absurd_values_are_impossible_and_can_be_written_as_json() -> None:
    """About the stated share of values lies outside the catalogue's bounds; all are finite."""
    fleet = fleet_with(dirty(absurd=0.02))
    truth, arrived = measured(fleet), delivered(fleet)
    low = np.array([CATALOGUE[name].low for name in fleet.metric_names])
    high = np.array([CATALOGUE[name].high for name in fleet.metric_names])
    later, known = truth.ts >= DIRTY_SINCE, ~np.isnan(truth.metrics)
    absurd = (arrived.metrics < low) | (arrived.metrics > high)

    assert np.array_equal(absurd, known & (arrived.metrics != truth.metrics))
    assert absurd[later].sum() / known[later].sum() == pytest.approx(0.02, abs=0.002)
    assert not np.isinf(arrived.metrics).any()
    battery = arrived.metrics[:, fleet.metric_names.index("battery_pct")]
    assert set(battery[battery > 100]) == {250.0, 1e12}
    assert set(battery[battery < 0]) == {-9999.0}


def test_some_readings_come_twice() -> None:
    """About the stated share, seconds to minutes later, in every detail the same."""
    fleet = fleet_with(dirty(duplicate=0.05, missing=0.1, absurd=0.01))
    arrived = delivered(fleet)
    order = np.lexsort((arrived.sent, arrived.ts, arrived.device))
    ordered = picked(arrived, order)
    again = np.flatnonzero((np.diff(ordered.ts) == 0) & (np.diff(ordered.device) == 0)) + 1
    gap_s = (ordered.sent[again] - ordered.sent[again - 1]) / SECOND
    one, two = picked(ordered, again - 1), picked(ordered, again)

    assert len(arrived) - len(again) == len(measured(fleet))
    assert len(again) / np.count_nonzero(measured(fleet).ts >= DIRTY_SINCE) == pytest.approx(0.05, abs=0.005)
    assert 5 <= gap_s.min() < 30
    assert 500 < gap_s.max() <= 600
    assert np.array_equal(one.metrics, two.metrics, equal_nan=True)
    assert np.array_equal(one.offset_s, two.offset_s)


def test_some_readings_are_overtaken() -> None:
    """About the stated share arrives some hours late, nearly all of it after newer ones of the same device."""
    fleet = fleet_with(dirty(out_of_order=0.03))
    arrived = delivered(fleet)
    held = arrived.sent != arrived.ts
    order = np.argsort(arrived.device, kind="stable")
    device, ts = arrived.device[order], arrived.ts[order]
    newest = np.maximum.accumulate(device.astype(np.int64) * 2**52 + ts)
    overtaken = newest > device.astype(np.int64) * 2**52 + ts
    delay_h = (arrived.sent - arrived.ts)[held] / SECOND / HOUR_S

    due = np.count_nonzero(measured(fleet).ts >= DIRTY_SINCE)
    assert held.sum() / due == pytest.approx(0.03, abs=0.004)
    assert overtaken.sum() / held.sum() > 0.85
    assert 0.2 < delay_h.min() < delay_h.max() < 8
    assert len(measured(fleet)) - len(arrived) < 100


def test_some_clocks_are_wrong() -> None:
    """About the stated share of devices, from the onset on, by hours that stay the same, most of them behind."""
    fleet = fleet_with(dirty(wrong_clock=0.1), homes=150)
    arrived = delivered(fleet)
    off_s = (arrived.ts - arrived.sent) // SECOND
    later = arrived.sent >= DIRTY_SINCE
    of_device = np.zeros(len(fleet.devices), dtype=np.int64)
    of_device[arrived.device[later]] = off_s[later]
    wrong = of_device[of_device != 0]

    assert np.array_equal(off_s, np.where(later, of_device[arrived.device], 0))
    assert len(wrong) / len(of_device) == pytest.approx(0.1, abs=0.03)
    assert np.all((HOUR_S <= np.abs(wrong)) & (np.abs(wrong) <= 12 * HOUR_S))
    assert 0.6 < np.mean(wrong < 0) < 0.95


def test_some_metrics_stick() -> None:
    """One metric of about the stated share of devices stays at what it was, without a gap; then it moves again."""
    fleet = Fleet(60, 3, END - 20 * DAY_S * SECOND, END, changes=dirty(stuck=0.2))
    truth, arrived = measured(fleet), delivered(fleet)
    differs = (truth.metrics != arrived.metrics) & ~np.isnan(truth.metrics)
    freed = 0
    stuck = np.unique(truth.device[differs.any(axis=1)])
    for device in stuck.tolist():
        rows = np.flatnonzero(truth.device == device)
        (column,) = np.flatnonzero(differs[rows].any(axis=0))
        changed = np.flatnonzero(differs[rows, column])
        first, last = rows[changed[0]], rows[changed[-1]]
        known = rows[~np.isnan(truth.metrics[rows, column])]
        between = arrived.metrics[known[(known >= first) & (known <= last)], column]
        frozen_at = known[known < first][-1]

        assert np.all(between == truth.metrics[frozen_at, column])
        assert truth.ts[last] - truth.ts[first] <= 7 * DAY_S * SECOND
        freed += bool(known[-1] > last)

    assert len(stuck) / len(fleet.devices) == pytest.approx(0.2, abs=0.05)
    assert freed > len(stuck) // 2
    assert np.array_equal(np.isnan(truth.metrics), np.isnan(arrived.metrics))


@pytest.mark.parametrize("name", ["dirty", "outage", "label_outage"])
def test_scenarios_are_carried_out(name: str) -> None:
    """Each scenario that is about delivery changes what arrives, and no other does."""
    scenario = SCENARIOS[name]
    clean, changed = fleet_with(NO_CHANGES, 30), fleet_with(scenario.changes, 30)

    assert equal(measured(clean), measured(changed))
    assert (name == "label_outage") == equal(delivered(clean), delivered(changed))
    assert (name != "label_outage") == (clean.reports() == changed.reports())
