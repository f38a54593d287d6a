"""Likely failure modes: who is asked, in which order, and that shares are probabilities."""

import numpy as np
import pytest

from service.contracts.events import CheckpointPublished
from service.contracts.predictions import WhatIf
from service.features.layout import Layout
from service.models import online_modes
from service.models.bound import ReadyModel
from service.models.compiled import ForestBuilder
from service.models.compiled_modes import CompiledOnlineModes
from service.models.modes import CompiledModes
from service.pipeline.publication import HomeTypeOut, Publication
from service.pipeline.scoring.modes import LikelyModes
from service.pipeline.scoring.score import Panel
from service.pipeline.versions import Versions
from service.pipeline.views.device_views import DeviceViews
from tests.pipeline.lockstep import LockStep, at
from tests.pipeline.streams import LIMITS, NOW_US, hourly

SHA = "a" * 64
COLUMN = "m.fast"
ONLINE = CompiledOnlineModes(
    names=[COLUMN],
    modes=["battery", "heat"],
    mean=np.zeros(1).tobytes(),
    scale=np.ones(1).tobytes(),
    weight=np.array([[-1.0], [1.0]]).tobytes(),
)


def forest() -> CompiledModes:
    builder = ForestBuilder()
    builder.begin_tree(1.0)
    branch = builder.branch(0, 0.5)
    builder.join(branch, builder.leaf(0.0), builder.leaf(1.0), missing_left=True)
    share = np.array([[0.9, 0.1], [0.3, 0.7]])
    return CompiledModes(modes=["jam", "worn"], trees=builder.build([COLUMN]), share=share.tobytes())


def panel(*, online: bool, checkpoint: bool) -> Panel:
    panel = Panel()
    out = HomeTypeOut(home_type="condo", members=[], modes={"sensor": {"heat": 1, "battery": 3}})
    panel.install(Publication(seq=1, models={}, home_types=[out], modes=ONLINE if online else None))
    if checkpoint:
        versions = Versions()
        versions.apply(
            CheckpointPublished(
                received_us=NOW_US,
                member="checkpoint",
                version=2,
                home_type="condo",
                metrics=["m"],
                shift=0.0,
                file="x",
                sha256=SHA,
            )
        )
        builder = ForestBuilder()
        builder.begin_tree(1.0)
        builder.leaf(0.5)
        panel.shelve(ReadyModel(builder.build(["m"])), SHA, forest())
        panel.decided(versions)
    return panel


def given(value: float) -> tuple[Layout, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    layout = Layout()
    layout.extend(["m"], ["sensor"])
    row = np.full(layout.width, np.nan, np.float32)
    row[layout.columns.index(COLUMN)] = value
    return layout, row


def test_the_online_model_goes_before_the_checkpoint_before_counts() -> None:
    """Each where the one before is not there."""
    everyone, trained, counted = (
        panel(online=online, checkpoint=checkpoint).modes("condo", "sensor", given(1.0))
        for online, checkpoint in ((True, True), (False, True), (False, False))
    )
    assert ["heat", "battery"] == list(everyone)
    assert {"worn": 0.7, "jam": 0.3} == trained
    assert {"battery": 0.75, "heat": 0.25} == counted
    assert {"battery": 0.75, "heat": 0.25} == panel(online=True, checkpoint=True).modes("condo", "sensor")


def test_a_checkpoint_of_other_metrics_is_not_asked() -> None:
    """It knows nothing of such devices."""
    layout = Layout()
    layout.extend(["a", "b", "c"], ["sensor"])
    row = np.zeros(layout.width, np.float32)
    assert {"battery": 0.75, "heat": 0.25} == panel(online=False, checkpoint=True).modes(
        "condo", "sensor", (layout, row)
    )


@pytest.mark.parametrize("value", [-5.0, 0.0, 5.0, np.nan])
@pytest.mark.parametrize("online", [True, False])
def test_probabilities_add_up_to_one(value: float, *, online: bool) -> None:
    """The likeliest first, also of a row from before the newest columns came."""
    of = panel(online=online, checkpoint=True)
    layout, row = given(value)
    layout.extend(["later"], [])
    shares = of.modes("condo", "sensor", (layout, row))
    assert 1.0 == pytest.approx(sum(shares.values()))
    assert sorted(shares.values(), reverse=True) == list(shares.values())


def test_columns_are_found_where_they_are() -> None:
    """In another layout, and in one that has grown since it was asked first."""
    modes = LikelyModes()
    modes.online = ONLINE
    layout, row = given(3.0)
    first = modes.shares("condo", None, (layout, row))
    other = Layout()
    other.extend(["before"], ["sensor"])
    assert {"battery": 0.5, "heat": 0.5} == modes.shares("condo", None, (other, np.zeros(other.width, np.float32)))
    other.extend(["m"], [])
    whole = np.zeros(other.width, np.float32)
    whole[other.columns.index(COLUMN)] = 3.0
    assert first == modes.shares("condo", None, (other, whole))


def test_answers_tell_the_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet that fails in two ways: once the online model is warm, devices and questions are answered by it."""
    monkeypatch.setattr(online_modes, "WARM_POSITIVES", 60)
    both = LockStep()
    for readings, outcomes in hourly(110, devices=20, home_type="condo", other_mode=True):
        both.tell(*outcomes)
        both.read(readings)
    assert both.fold._fleet.modes.warm
    views = DeviceViews(both.fleet, both.panel, both.log, LIMITS)
    device = views.device("home-0", "device-0")
    assert {"heat", "jam"} == set(device.modes)
    assert 1.0 == pytest.approx(sum(device.modes.values()))
    question = WhatIf(home_type="condo", device_type="sensor", ts=at(200), metrics={"temperature_c": 60.0})
    answer = views.what_if(question, NOW_US)
    assert 1.0 == pytest.approx(sum(answer.modes.values()))
    assert answer.mode == (next(iter(answer.modes)) if answer.risk >= LIMITS.alert_risk else None)
    x = dict(zip(("temperature_c",), (60.0,), strict=True))
    assert set(both.fold._fleet.modes.shares(x)) == set(answer.modes)
