"""What an image ships: taken over once, left alone where there is something already."""

import sys
from pathlib import Path

import pytest

from service.storage.shipped import KERNELS, bring_kernels, shipped


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that ships one kernel."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    kernels = shipped(KERNELS)
    (kernels / "scoring").mkdir(parents=True)
    (kernels / "scoring" / "blend.nbc").write_bytes(b"code")
    return kernels


def test_kernels_are_copied_so_that_the_cache_can_grow(environment: Path, tmp_path: Path) -> None:
    """They come into the data folder as they are, and stay where they were."""
    bring_kernels(tmp_path / "kernels")

    assert b"code" == (tmp_path / "kernels" / "scoring" / "blend.nbc").read_bytes()
    assert (environment / "scoring" / "blend.nbc").is_file()


def test_what_was_compiled_here_is_not_touched(environment: Path, tmp_path: Path) -> None:
    """A folder that is there already stays as it is."""
    (tmp_path / "kernels").mkdir()
    bring_kernels(tmp_path / "kernels")

    assert [] == list((tmp_path / "kernels").iterdir())


def test_a_copy_that_was_cut_off_is_begun_anew(environment: Path, tmp_path: Path) -> None:
    """Half a copy of an earlier start is not taken for a whole one."""
    (tmp_path / ".kernels" / "scoring").mkdir(parents=True)
    bring_kernels(tmp_path / "kernels")

    assert (tmp_path / "kernels" / "scoring" / "blend.nbc").is_file()
    assert not (tmp_path / ".kernels").exists()


def test_nothing_shipped_is_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary installation ships nothing."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    bring_kernels(tmp_path / "kernels")

    assert not (tmp_path / "kernels").exists()
