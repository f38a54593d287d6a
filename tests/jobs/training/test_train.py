"""A target from order to result: published, rejected, too few, failed."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from service.contracts.checkpoints import Present, Progress, Target, TrainingOrder, TrainingReport, TrainingResult
from service.contracts.errors import BadModel
from service.jobs.training import train
from service.jobs.training.file import write_checkpoint
from service.jobs.training.train import carry_out
from service.models.artifact import Manifest, from_arrays, modes_from_arrays
from service.models.bound import BoundModel
from service.models.modes import CompiledModes
from service.storage.registry import file_name, load_arrays
from tests.jobs.training.stores import BATTERY, COLUMNS, HEAT, HORIZON_US, START_US, fill, lived, order_for, villa

GLOBAL = Target(home_type=None, number=1)


def carried_out(order: TrainingOrder) -> TrainingReport:
    return carry_out(order, lambda progress: None)


def only(report: TrainingReport) -> TrainingResult:
    (result,) = report.results
    return result


def loaded(models: Path, result: TrainingResult) -> tuple[BoundModel, CompiledModes | None, Manifest]:
    assert result.file is not None
    arrays, blob = load_arrays(models / result.file, result.sha256)
    model, manifest = from_arrays(arrays, blob)
    return (
        BoundModel(model, np.arange(len(manifest.features), dtype=np.int32)),
        modes_from_arrays(arrays, manifest),
        manifest,
    )


def present_of(result: TrainingResult) -> Present:
    assert result.file is not None
    assert result.sha256 is not None
    return Present(file=result.file, sha256=result.sha256, shift=result.shift, trained_to_seq=result.seq_last)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return fill(tmp_path / "examples.db", lived("villa"))


def test_the_first_checkpoint(store: Path, tmp_path: Path) -> None:
    """Published, with a file that says what the result says, and that knows failures and their modes."""
    result = only(carried_out(order_for(store, tmp_path, villa())))
    model, modes, manifest = loaded(tmp_path, result)

    assert ("published", "there is no present version to compare with") == (result.outcome, result.reason)
    assert ("checkpoint-1@villa.npz", ["battery_pct", "temperature_c"]) == (result.file, result.metrics)
    assert (1, 240) == (result.seq_first, result.seq_last)
    said = ("home_type", "number", "shift", "metrics", "seq_first", "seq_last", "samples", "positives", "quality")
    assert [getattr(result, name) for name in said] == [getattr(manifest, name) for name in said]
    assert (START_US, HORIZON_US / 1e6, COLUMNS) == (manifest.created_us, manifest.horizon_s, manifest.features)
    assert {"python", "numpy", "scikit-learn"} == manifest.made_with.keys()
    assert manifest.canary is not None

    rows = np.zeros((3, len(COLUMNS)), np.float32)
    rows[1, BATTERY], rows[2, HEAT] = -4.0, 4.0
    calm, flat, hot = model.score(rows)
    assert min(flat, hot) > 0.7 > 0.3 > calm
    assert modes is not None
    assert modes.shares(rows[1])["battery"] > 0.7
    assert modes.shares(rows[2])["heat"] > 0.7


def test_risks_are_those_of_all_that_matured(store: Path, tmp_path: Path) -> None:
    """Though most negatives were left out: the shift leads back to the base rate."""
    result = only(carried_out(order_for(store, tmp_path, villa())))
    blocks = lived("villa")
    base = np.concatenate([np.frombuffer(block.label, np.int8) for block in blocks]).mean()
    learned = np.log(result.positives / (result.samples - result.positives))

    assert learned - np.log(base / (1.0 - base)) == pytest.approx(result.shift)
    assert result.quality is not None
    assert (result.quality.brier or 1.0) < base * (1.0 - base)


def test_the_same_order_gives_the_same_file(store: Path, tmp_path: Path) -> None:
    """To the byte, whatever is trained beside it, and wherever it is written; another seed gives another one."""
    order = order_for(store, tmp_path / "one", villa())
    one = only(carried_out(order))
    two = carried_out(msgspec.structs.replace(order, models=str(tmp_path / "two"), targets=[villa(2), GLOBAL, villa()]))
    other = only(carried_out(msgspec.structs.replace(order, seed=2)))

    assert one == two.results[2]
    assert one.sha256 != other.sha256


def test_a_candidate_that_is_worse_is_rejected(store: Path, tmp_path: Path) -> None:
    """Its file is kept, since somebody may look at it or let it serve; the result says what it was held against."""
    first = only(carried_out(order_for(store, tmp_path, villa())))
    worse = fill(tmp_path / "worse.db", lived("villa", seed=5, first_seq=1000, chance_until=192))
    result = only(carried_out(order_for(worse, tmp_path, villa(2, present_of(first)))))

    assert "rejected" == result.outcome
    assert "checkpoint-2@villa.npz" == result.file
    assert result.difference is not None
    assert result.difference.worse > 0.8
    assert [first.file, result.file] == sorted(path.name for path in tmp_path.glob("*.npz"))


def test_a_candidate_that_is_no_worse_takes_its_place(store: Path, tmp_path: Path) -> None:
    """And is fitted once more, to everything, before it is published."""
    first = only(carried_out(order_for(store, tmp_path, villa())))
    later = fill(tmp_path / "later.db", lived("villa", seed=5, first_seq=1000))
    result = only(carried_out(order_for(later, tmp_path, villa(2, present_of(first)))))

    assert ("published", 1000, 1239) == (result.outcome, result.seq_first, result.seq_last)
    assert result.reason.startswith("not worse than the present version")


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"x")])
def test_a_damaged_present_version_is_no_hindrance(store: Path, tmp_path: Path, harm: object) -> None:
    """It cannot serve, so the candidate is published, and the reason says so."""
    first = only(carried_out(order_for(store, tmp_path, villa())))
    assert first.file is not None
    assert callable(harm)
    harm(tmp_path / first.file)
    result = only(carried_out(order_for(store, tmp_path, villa(2, present_of(first)))))

    assert "published" == result.outcome
    assert result.reason.startswith("the present version cannot be compared with: checkpoint-1@villa.npz")


def test_too_few_positives(store: Path, tmp_path: Path) -> None:
    """Also where nothing ever failed, or the home type has not been heard of."""
    few = only(carried_out(order_for(store, tmp_path, villa(), min_positives=10_000)))
    assert ("too_few", None) == (few.outcome, few.file)
    assert f"{few.positives} positives with features, 10000 are needed" == few.reason
    silent = order_for(store, tmp_path, Target(home_type="castle", number=1), home_types=("castle",))
    assert "too_few" == only(carried_out(silent)).outcome
    early = order_for(store, tmp_path, villa(), up_to_seq=0)
    assert ("too_few", 0) == (only(carried_out(early)).outcome, only(carried_out(early)).samples)


def test_the_global_checkpoint(tmp_path: Path) -> None:
    """Of the examples of all home types."""
    store = fill(tmp_path / "examples.db", lived("villa"), lived("studio", seed=2, hours=120))
    order = order_for(store, tmp_path, GLOBAL, home_types=("villa", "studio", "castle"))
    result = only(carried_out(order))
    manifest = loaded(tmp_path, result)[2]

    assert ("published", "checkpoint-1.npz", None) == (result.outcome, result.file, manifest.home_type)
    assert 24 * 360 > result.samples > 24 * 360 / 4


def test_a_fault_is_its_targets_alone(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are trained; a training that fails while it writes leaves nothing behind."""
    write = write_checkpoint

    def full(path: Path, *arguments: object, **more: object) -> object:
        if path.name == file_name("villa", 2):
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **more)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(train, "write_checkpoint", full)
    report = carried_out(order_for(store, tmp_path, villa(2), Target(home_type="castle", number=1), villa(3)))

    assert ["failed", "failed", "published"] == [result.outcome for result in report.results]
    assert "OSError: [Errno 28] No space left on device" == report.results[0].reason
    assert "ValueError: the order has no layout of castle" == report.results[1].reason
    assert {"checkpoint-3@villa.npz"} == {path.name for path in tmp_path.glob("*.npz*")}


def test_a_store_that_cannot_be_read(tmp_path: Path) -> None:
    """Every target fails, in words."""
    report = carried_out(order_for(tmp_path / "nowhere.db", tmp_path, villa(), GLOBAL))

    assert ["failed", "failed"] == [result.outcome for result in report.results]
    assert "nowhere.db" in report.results[0].reason


def test_what_a_killed_trainer_left_is_taken_away(store: Path, tmp_path: Path) -> None:
    """Its unfinished files, and no others."""
    for name in (".checkpoint-7@villa.npz.123", ".baseline-1.npz.123", "checkpoint-6.npz"):
        (tmp_path / name).write_bytes(b"")
    carried_out(order_for(store, tmp_path, villa(), min_positives=10_000))

    assert {".baseline-1.npz.123", "checkpoint-6.npz"} == {path.name for path in tmp_path.glob("*npz*")}


def test_progress_is_told(store: Path, tmp_path: Path) -> None:
    """Stage by stage, never backwards; every target ends with all of its work done."""
    told: list[Progress] = []
    carry_out(order_for(store, tmp_path, villa(), GLOBAL, min_positives=30), told.append)

    for home_type in ("villa", None):
        stages = [(progress.stage, progress.share) for progress in told if progress.home_type == home_type]
        assert ["reading examples", "judging", "fitting", "writing", "done"] == [stage for stage, _ in stages]
        assert sorted(share for _, share in stages) == [share for _, share in stages]
        assert 1.0 == stages[-1][1]


def test_a_tampered_checkpoint_is_refused(store: Path, tmp_path: Path) -> None:
    """The digest of the result is that of the file."""
    result = only(carried_out(order_for(store, tmp_path, villa())))
    assert result.file is not None
    (tmp_path / result.file).write_bytes((tmp_path / result.file).read_bytes() + b"x")
    with pytest.raises(BadModel):
        loaded(tmp_path, result)
