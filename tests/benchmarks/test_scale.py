"""Scale: every contender at every size, who cannot take part says why, and what it means to saturate."""

import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.batch.intervals import RESAMPLES
from benchmarks.report import make_report
from benchmarks.scale import measure
from benchmarks.scale.contenders import CONTENDERS, Unavailable
from benchmarks.scale.questions import saturation
from benchmarks.scale.resources import fitting
from benchmarks.workload import Workload

pytestmark = pytest.mark.timeout(300)
SIZES = (60, 120)
WORKLOAD = Workload(data=Path(), seed=1, full=False)


@pytest.fixture(scope="module")
def told() -> tuple[dict[str, float | None], str]:
    """The rows of a tiny run without TabPFN, and what it printed."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.setattr(
            "benchmarks.scale.contenders.find_spec", lambda name: None if name == "tabpfn" else find_spec(name)
        )
        rows = measure(WORKLOAD, sizes=SIZES, held_out=600, year_s=10 * 86_400)
    return {row.id: row.value for row in make_report("scale", 1, rows).rows}, " ".join(out.getvalue().split())


def test_every_contender_is_measured_at_every_size(told: tuple[dict[str, float | None], str]) -> None:
    """Quality with intervals and within bounds, costs above 0, and those of the compiled form where there is one."""
    values, _ = told

    for name in set(CONTENDERS) - {"tabpfn"}:
        for size in SIZES:
            prefix = f"scale.{name}.{size}"
            for metric in ("pr_auc", "roc_auc"):
                for end in ("", ".low", ".high"):
                    assert 0.0 <= (values[f"{prefix}.{metric}{end}"] or 0.0) <= 1.0
            for cost in ("fit_s", "model_mb", "single_us", "batch_us", "log_loss"):
                assert (values[f"{prefix}.{cost}"] or 0.0) > 0.0, f"{prefix}.{cost}"
            assert f"{prefix}.peak_mb" in values
            compiled = [f"{prefix}.compiled_{cost}" for cost in ("model_mb", "single_us", "batch_us")]
            has_one = name == "random_forest" or name.startswith("river_")
            assert [key in values for key in compiled] == [has_one] * 3
        assert values[f"scale.{name}.saturates_at"] in SIZES
    assert (values["scale.prior.log_loss"] or 0.0) > 0.0


def test_without_tabpfn_its_rows_have_no_value(told: tuple[dict[str, float | None], str]) -> None:
    """The rows are there, and the console says what to install."""
    values = {name: value for name, value in told[0].items() if name.startswith("scale.tabpfn.")}

    assert set(values.values()) == {None}
    assert {"scale.tabpfn.60.pr_auc", "scale.tabpfn.120.fit_s", "scale.tabpfn.saturates_at"} <= set(values)
    assert "tabpfn is not installed: pip install 'hearthbeat[tabpfn]'" in told[1]


class _Pretender:
    """Answers as TabPFN's classifier does; the base rate to everybody."""

    def __init__(self, **settings: Any) -> None:
        assert settings == {"device": "cpu", "random_state": 1}

    def fit(self, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> None:
        self.classes_ = np.unique(labels)
        self.share = labels.mean()

    def predict_proba(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return np.tile([1.0 - self.share, self.share], (len(rows), 1))


class _Locked(_Pretender):
    """Has no weights, which shows when it is first asked."""

    def predict_proba(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        raise RuntimeError("the weights are not here\nread on elsewhere")


def _install(monkeypatch: pytest.MonkeyPatch, classifier: type[_Pretender]) -> None:
    tabpfn, torch = ModuleType("tabpfn"), ModuleType("torch")
    tabpfn.TabPFNClassifier = classifier  # type: ignore[attr-defined]  # a module made here
    torch.cuda = type("cuda", (), {"is_available": staticmethod(lambda: False)})  # type: ignore[attr-defined]  # and this
    monkeypatch.setitem(sys.modules, "tabpfn", tabpfn)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr("benchmarks.scale.contenders.find_spec", lambda name: name)


def test_tabpfn_takes_part_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its probability of a failure is taken, in pieces; without a GPU it is asked about few samples only."""
    _install(monkeypatch, _Pretender)
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(1_500, 3)).astype(np.float32), rng.random(1_500) < 0.3
    fitted = CONTENDERS["tabpfn"](["a", "b", "c"], rows[:200], labels[:200], 1)

    assert fitted.score(rows) == pytest.approx(np.full(1_500, labels[:200].mean()))
    with pytest.raises(Unavailable, match="1,000 samples at most"):
        CONTENDERS["tabpfn"](["a", "b", "c"], rows, labels, 1)


def test_tabpfn_without_weights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it fails with is the reason, in one line."""
    _install(monkeypatch, _Locked)
    rows, labels = np.zeros((4, 1), np.float32), np.array([True, False, True, False])

    with pytest.raises(Unavailable, match=r"^tabpfn cannot be used: RuntimeError: the weights are not here$"):
        CONTENDERS["tabpfn"](["a"], rows, labels, 1)


def _area(value: float, spread: float, seed: int) -> npt.NDArray[np.float64]:
    return np.append(value, value + spread * np.random.default_rng(seed).normal(size=RESAMPLES))


def test_it_saturates_where_more_brings_little() -> None:
    """The smallest size from which on all are within the margin of the largest, or not surely below it."""
    steep = [(1, _area(0.2, 0.001, 1)), (2, _area(0.3, 0.001, 2)), (3, _area(0.4, 0.001, 3))]
    early = [(1, _area(0.2, 0.001, 1)), (2, _area(0.395, 0.001, 2)), (3, _area(0.4, 0.001, 3))]
    unsure = [(1, _area(0.3, 0.1, 1)), (2, _area(0.38, 0.1, 2)), (3, _area(0.4, 0.1, 3))]
    sagging = [(1, _area(0.4, 0.001, 1)), (2, _area(0.3, 0.001, 2)), (3, _area(0.4, 0.001, 3))]

    assert [saturation(areas) for areas in (steep, early, unsure, sagging)] == [3, 2, 1, 3]
    assert saturation([]) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak of a process")
def test_the_peak_holds_what_was_let_go_again() -> None:
    """Memory that fitting needs and frees counts, however much was needed and freed before."""

    def needs(mb: int) -> int:
        return int(np.ones(mb * 125_000).sum())  # float64

    first, _, more = fitting(lambda: needs(80))
    second, seconds, less = fitting(lambda: needs(40))

    assert (first, second) == (10_000_000, 5_000_000)
    assert more == pytest.approx(80, abs=8)
    assert less == pytest.approx(40, abs=8)
    assert seconds >= 0.0
