"""The baseline: what is in its files, and that the same call gives the same ones."""

from pathlib import Path

import pytest

from service.jobs.train_baseline import home_type_file, train_baseline, train_home_types
from service.models.artifact import Manifest, from_arrays, modes_from_arrays
from service.storage.registry import file_digest, load_arrays
from simulator.world.homes import HOME_TYPES

HORIZON_S, SAMPLES = 86_400.0, 1_500
NAMES = [kind.name for kind in HOME_TYPES]


def read(path: Path) -> Manifest:
    arrays, blob = load_arrays(path)
    _, manifest = from_arrays(arrays, blob)
    modes = modes_from_arrays(arrays, manifest)
    assert (modes.modes if modes is not None else []) == manifest.modes
    return manifest


def test_the_global_baseline(tmp_path: Path) -> None:
    """Number 1, of no event; of samples of all home types."""
    path = tmp_path / "baseline.npz"
    manifest = train_baseline(path, horizon_s=HORIZON_S, seed=1, samples=SAMPLES)

    assert manifest == read(path)
    assert (None, 1, 0, 0, 0) == (
        manifest.home_type, manifest.number, manifest.created_us, manifest.seq_first, manifest.seq_last
    )  # fmt: skip
    assert (SAMPLES, HORIZON_S) == (manifest.samples, manifest.horizon_s)
    assert 10 < manifest.positives < SAMPLES / 10
    assert manifest.shift == pytest.approx(0.0)  # nothing was left out
    assert {"battery_pct", "signal_dbm"} <= set(manifest.metrics)
    assert manifest.quality is not None
    assert (manifest.quality.pr_auc or 0.0) > 2.0 * manifest.quality.base_rate

    again = tmp_path / "again.npz"
    train_baseline(again, horizon_s=HORIZON_S, seed=1, samples=SAMPLES)
    assert file_digest(path) == file_digest(again)


def test_a_baseline_for_each_home_type(tmp_path: Path) -> None:
    """Each in a file beside the global one, of as many samples of its own."""
    path = tmp_path / "baseline-1.npz"
    made = train_home_types(path, horizon_s=HORIZON_S, seed=1, samples=SAMPLES)

    assert (
        [tmp_path / f"baseline-1@{name}.npz" for name in NAMES]
        == list(made)
        == [home_type_file(path, n) for n in NAMES]
    )
    assert sorted(made) == sorted(tmp_path.iterdir())
    for name, (file, manifest) in zip(NAMES, made.items(), strict=True):
        assert manifest == read(file)
        assert (name, SAMPLES) == (manifest.home_type, manifest.samples)


def test_samples_without_failures(tmp_path: Path) -> None:
    """A horizon of a minute in a hundred samples: said in words, and no file is left."""
    with pytest.raises(ValueError, match="failures and non-failures"):
        train_baseline(tmp_path / "baseline.npz", horizon_s=60.0, seed=1, samples=100)
    assert [] == list(tmp_path.iterdir())
