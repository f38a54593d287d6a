"""Data sets: how many, which, with the features of a service that knows only the past and labels that know all."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest

from service.contracts.outcomes import Repair
from service.features.windows import Windows
from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.blocks import Block, join_blocks
from simulator.dataset import Sampling, labelled_samples
from simulator.fleet import Fleet
from simulator.samples.panel import Panel, Unsuitable, plan_panel
from simulator.samples.samples import Samples, join_samples
from simulator.samples.truth import NO_FAILURE
from simulator.samples.turns import find_turns, most_at_a_time
from simulator.world.devices import DEVICE_TYPES

H = 12 * HOUR_S * SECOND


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Forty homes that join within twenty days: enough for every turn to happen, and soon done."""
    return plan_panel(3_000, horizon_us=H, year_s=20 * DAY_S, homes=40)


@pytest.fixture(scope="module")
def sampling(panel: Panel) -> Sampling:
    return Sampling(panel, 7)


@pytest.fixture(scope="module")
def samples(sampling: Sampling) -> Samples:
    return join_samples(list(sampling.batches()))


@pytest.fixture(scope="module")
def readings(sampling: Sampling) -> Block:
    """All readings of the fleet."""
    return join_blocks(list(sampling.fleet.blocks(DAY_S)))


def test_exactly_as_many_as_asked(panel: Panel, samples: Samples) -> None:
    """Of each home type its quota, every one another reading."""
    assert len(samples) == 3_000
    assert np.bincount(samples.home_type, minlength=8).tolist() == panel.quotas.tolist()
    assert len(set(zip(samples.device.tolist(), samples.ts.tolist(), strict=True))) == 3_000


def test_as_many_of_each_home_type() -> None:
    """Rare home types give as many as common ones."""
    panel = plan_panel(40, horizon_us=H, per_home_type=True, year_s=6 * DAY_S, homes=40)
    samples = join_samples(list(Sampling(panel, 2).batches()))

    assert np.bincount(samples.home_type).tolist() == [40] * 8


def test_they_come_in_order_of_time(samples: Samples) -> None:
    """By instant, then device."""
    order = np.lexsort((samples.device, samples.ts))

    assert np.array_equal(order, np.arange(len(samples)))


@pytest.mark.parametrize("step_s", [HOUR_S, 7 * HOUR_S, 3 * DAY_S])
def test_blocks_do_not_matter(panel: Panel, samples: Samples, step_s: int) -> None:
    """The same samples to the bit, however time is cut."""
    again = join_samples(list(Sampling(panel, 7, step_s=step_s).batches()))

    assert again.rows.tobytes() == samples.rows.tobytes()
    assert np.array_equal(again.ts, samples.ts)
    assert np.array_equal(again.device, samples.device)
    assert np.array_equal(again.mode, samples.mode)


def test_another_seed_gives_others(panel: Panel, samples: Samples) -> None:
    """Fleet and choice follow the seed."""
    other = join_samples(list(Sampling(panel, 8).batches()))

    assert not np.array_equal(other.ts, samples.ts)


def test_labels_are_the_hidden_truth(sampling: Sampling, samples: Samples) -> None:
    """A label computed sample by sample from the list of failures is the same, and so is its mode."""
    failures = sampling.fleet.failures
    by_device: dict[int, list[tuple[int, int, int]]] = {}
    for device, ts, mode, repaired in zip(
        failures.device.tolist(), failures.ts.tolist(), failures.mode.tolist(), failures.repaired.tolist(), strict=True
    ):
        by_device.setdefault(device, []).append((ts, mode, repaired))
    expected, modes, failed = [], [], []
    for device, now in zip(samples.device.tolist(), samples.ts.tolist(), strict=True):
        coming = [(ts, mode) for ts, mode, _ in by_device.get(device, []) if now < ts <= now + H]
        expected.append(bool(coming))
        modes.append(min(coming)[1] if coming else NO_FAILURE)
        failed.append(any(ts <= now < repaired for ts, _, repaired in by_device.get(device, [])))

    assert samples.labels.tolist() == expected
    assert samples.mode.tolist() == modes
    assert not any(failed)
    assert 20 < sum(expected) < 600


def test_the_whole_horizon_is_watched(panel: Panel, samples: Samples) -> None:
    """Samples are taken after the warm-up, and their homes stay for the horizon after the last."""
    joins, leaves = (stay[samples.home] * SECOND for stay in panel.stays)

    assert np.all(samples.ts >= joins + panel.warm_up_s * SECOND)
    assert np.all(samples.ts + H < leaves)


def test_a_device_has_one_sample_in_a_slot(samples: Samples) -> None:
    """As a service keeps one example."""
    slots = Counter(zip(samples.device.tolist(), (samples.ts // (H // 48)).tolist(), strict=True))

    assert max(slots.values()) == 1


def test_features_are_those_of_a_service_that_knows_only_the_past(
    sampling: Sampling, samples: Samples, readings: Block
) -> None:
    """Windows that are fed a device's readings one by one, and are told of its repairs, give the same rows, to the bit.

    A row is compared as soon as its reading has been fed, so nothing that came later is in it.
    """
    fleet = sampling.fleet
    told: dict[int, list[int]] = {}
    for report in fleet.reports():
        if isinstance(report.outcome, Repair):
            key = (report.outcome.home_id, report.outcome.device_id)
            row = next(i for i, name in enumerate(zip(*names_of(fleet), strict=True)) if name == key)
            told.setdefault(row, []).append(report.at)
    repaired = [device for device in told if (samples.device == device).sum() > 5][:8]
    often = np.argsort(-np.bincount(samples.device))[:8].tolist()
    compared = 0
    for device in {*repaired, *often}:
        expected = {int(samples.ts[i]): samples.rows[i] for i in np.flatnonzero(samples.device == device)}
        for ts, features in fed_one_by_one(fleet, readings, device, told.get(device, [])):
            if ts in expected:
                compared += 1
                assert features.tobytes() == expected.pop(ts).tobytes()
        assert not expected

    assert len(repaired) == 8
    assert compared > 100


def names_of(fleet: Fleet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return fleet.devices.home_id, fleet.devices.device_id


def fed_one_by_one(
    fleet: Fleet, readings: Block, device: int, told: list[int]
) -> list[tuple[int, npt.NDArray[np.float32]]]:
    """Instants and feature rows of one device, from windows that hold nothing else."""
    windows = Windows(horizon_us=H, slot_us=H // 48)
    windows.layout.extend(fleet.metric_names, [kind.name for kind in DEVICE_TYPES])
    windows.reserve(1)
    kind = np.array([fleet.devices.device_type[device]], np.int16)
    out = []
    for i in np.flatnonzero(readings.device == device):
        ts = readings.ts[i : i + 1]
        while told and told[0] < ts[0]:
            told = told[1:]
            windows.forget_past(0)
        row, _ = windows.fold(
            np.zeros(1, np.int32), kind, ts, readings.offset_s[i : i + 1], np.zeros(1, np.bool_),
            readings.metrics[i : i + 1].copy(),
        )  # fmt: skip
        out.append((int(ts[0]), row[0]))
    return out


def test_rows_of_the_windows_are_used_again(panel: Panel, sampling: Sampling) -> None:
    """Room is for the homes of one stay; whoever takes over a row, its former device has left."""
    devices = sampling.fleet.devices
    room = most_at_a_time(devices, panel)
    joins, leaves = panel.stays
    former = np.arange(len(devices) - room)
    turns = find_turns(devices, [], panel)

    assert room < len(devices)
    assert np.all(leaves[devices.home[former]] < joins[devices.home[former + room]])
    assert turns.joins.all()
    assert np.array_equal(np.sort(turns.at), turns.at)
    assert (turns.first[0], turns.last[-1]) == (0, len(devices))


def test_all_at_once() -> None:
    """The form in memory covers the year and says who is who."""
    samples = labelled_samples(1_000, seed=1, horizon_us=24 * HOUR_S * SECOND)

    assert samples.rows.shape == (1_000, len(samples.columns))
    assert samples.rows.dtype == np.float32
    assert len(np.unique(samples.ts // (30 * DAY_S * SECOND))) >= 12
    assert set(samples.device_type.tolist()) == set(range(8))
    assert np.array_equal(samples.labels, samples.mode != NO_FAILURE)
    assert not {"mode", "label", "home_id"} & set(samples.columns)


def test_too_many_for_the_homes_is_an_error() -> None:
    """A fleet that cannot offer as many says which home type falls short."""
    panel = plan_panel(30_000, horizon_us=H, year_s=DAY_S, homes=8)

    with pytest.raises(Unsuitable, match="offer only"):
        list(Sampling(panel, 0).batches())
