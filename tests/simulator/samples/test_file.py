"""Files of samples: complete or not there, the same bytes for the same samples."""

import gc
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.dataset import Sampling
from simulator.errors import UsageError
from simulator.samples.file import check_target, in_groups, write_samples
from simulator.samples.formats import ABOUT
from simulator.samples.panel import plan_panel
from simulator.samples.samples import Samples, join_samples
from simulator.world.devices import DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES

SUFFIXES = ("csv", "parquet")


@pytest.fixture(scope="module")
def sampling() -> Sampling:
    panel = plan_panel(75, horizon_us=6 * HOUR_S * SECOND, per_home_type=True, year_s=4 * DAY_S, homes=16)
    return Sampling(panel, 3)


@pytest.fixture(scope="module")
def samples(sampling: Sampling) -> Samples:
    return join_samples(list(sampling.batches()))


def in_portions(samples: Samples, size: int) -> Iterator[Samples]:
    for low in range(0, len(samples), size):
        yield samples.part(low, low + size)


def written(path: Path, sampling: Sampling, samples: Samples, portion: int = 100) -> Path:
    counts = write_samples(path, in_portions(samples, portion), sampling.fleet.devices, sampling.columns)
    assert counts == (len(samples), int(samples.labels.sum()))
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, parse_dates=["ts"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_can_be_read(tmp_path: Path, sampling: Sampling, samples: Samples, suffix: str) -> None:
    """Every sample comes back, in both formats alike: names, UTC instants, features to the bit, modes of positives."""
    table = read(written(tmp_path / f"f.{suffix}", sampling, samples))
    devices = sampling.fleet.devices

    assert table.columns.tolist() == [*ABOUT, *sampling.columns]
    assert table["ts"].dt.as_unit("us").astype(np.int64).tolist() == samples.ts.tolist()
    assert str(table["ts"].dt.tz) == "UTC"
    assert table["home_id"].tolist() == [devices.home_id[row] for row in samples.device.tolist()]
    assert table["device_id"].tolist() == [devices.device_id[row] for row in samples.device.tolist()]
    assert table["home_type"].tolist() == [HOME_TYPES[code].name for code in samples.home_type.tolist()]
    assert table["device_type"].tolist() == [DEVICE_TYPES[code].name for code in samples.device_type.tolist()]
    assert table["label"].tolist() == samples.labels.astype(int).tolist()
    assert table["mode"].isna().tolist() == (~samples.labels).tolist()
    assert table["mode"].dropna().tolist() == [MODES[code] for code in samples.mode[samples.labels].tolist()]
    assert np.array_equal(table[sampling.columns].to_numpy(np.float32), samples.rows, equal_nan=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("portion", [1, 250, 10_000])
def test_portions_do_not_matter(
    tmp_path: Path, sampling: Sampling, samples: Samples, suffix: str, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes for the same samples."""
    monkeypatch.setattr("simulator.samples.file.GROUP", 256)
    one = written(tmp_path / f"one.{suffix}", sampling, samples)
    two = written(tmp_path / f"two.{suffix}", sampling, samples, portion)

    assert one.read_bytes() == two.read_bytes()


def test_groups_are_of_one_size(samples: Samples) -> None:
    """Whatever comes in; nothing is lost or moved."""
    groups = list(in_groups(in_portions(samples, 170), 128))

    assert [len(group) for group in groups] == [128, 128, 128, 128, 88]
    assert join_samples(groups).rows.tobytes() == samples.rows.tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_leaves_nothing(
    tmp_path: Path, sampling: Sampling, samples: Samples, suffix: str, interrupt: type[BaseException]
) -> None:
    """Half a file is taken away, and what was there before stays as it was."""
    target = tmp_path / f"f.{suffix}"
    target.write_text("before")

    def broken_off() -> Iterator[Samples]:
        yield samples
        raise interrupt

    with pytest.raises(interrupt):
        write_samples(target, broken_off(), sampling.fleet.devices, sampling.columns)

    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "before"


def test_a_disk_that_refuses_is_one_line(tmp_path: Path, sampling: Sampling, samples: Samples) -> None:
    """The system's reason, not its stack."""
    with pytest.raises(UsageError, match=r"cannot write .*f\.csv: No such file or directory"):
        write_samples(tmp_path / "gone" / "f.csv", [samples], sampling.fleet.devices, sampling.columns)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_is_full_leaves_nothing(
    tmp_path: Path, sampling: Sampling, samples: Samples, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Here a limit on the size of files stands for it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(UsageError, match=r"cannot write .*: .*File too large"):
            written(tmp_path / f"f.{suffix}", sampling, samples)
        gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["f", "f.xlsx", "f.parquet.gz"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    """Before anything is computed."""
    with pytest.raises(UsageError, match=r"must end with \.parquet or \.csv"):
        check_target(tmp_path / name)


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    """A folder that is not there, or a folder where the file should be."""
    (tmp_path / "taken.csv").mkdir()

    with pytest.raises(UsageError, match="there is no folder"):
        check_target(tmp_path / "gone" / "f.csv")
    with pytest.raises(UsageError, match="it is a folder"):
        check_target(tmp_path / "taken.csv")


def test_parquet_without_its_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install; CSV can do without."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    check_target(tmp_path / "f.csv")
    with pytest.raises(UsageError, match=r"pip install 'hearthbeat\[data\]'"):
        check_target(tmp_path / "f.parquet")
