"""The registry of models: a file that is not what was written is refused."""

import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from service.contracts.errors import BadModel
from service.storage.registry import file_digest, load_arrays, save_arrays

ARRAYS = {
    "numbers": np.random.default_rng(1).normal(size=5000),
    "flags": np.array([True, False]),
    "matrix": np.arange(6, dtype=np.int32).reshape(2, 3),
    "nothing": np.zeros(0),
}


def test_round_trip(tmp_path: Path) -> None:
    """Arrays come back with their types and shapes, the manifest byte for byte; folders are made, nothing is left."""
    path = tmp_path / "models" / "deep" / "one.npz"
    digest = save_arrays(path, ARRAYS, b'{"kind": "x"}')
    arrays, manifest = load_arrays(path, digest)

    assert manifest == b'{"kind": "x"}'
    assert ARRAYS.keys() == arrays.keys()
    for name, array in ARRAYS.items():
        assert (array.dtype, array.shape, array.tobytes()) == (
            arrays[name].dtype,
            arrays[name].shape,
            arrays[name].tobytes(),
        )
    assert [path] == list(path.parent.iterdir())
    assert digest == file_digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_saving_again_replaces(tmp_path: Path) -> None:
    """The newer file stands under the name; the older digest no longer fits."""
    path = tmp_path / "one.npz"
    old = save_arrays(path, ARRAYS, b"1")
    new = save_arrays(path, {"numbers": np.ones(3)}, b"2")

    assert load_arrays(path, new)[1] == b"2"
    with pytest.raises(BadModel):
        load_arrays(path, old)


def test_the_same_content_is_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever, and under whatever name: the digest says what is in the file."""
    first = save_arrays(tmp_path / "one.npz", ARRAYS, b"{}")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(time, "localtime", lambda *at: time.gmtime(2e9))

    assert first == save_arrays(tmp_path / "two.npz", ARRAYS, b"{}")
    with ZipFile(tmp_path / "two.npz") as archive:
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in archive.infolist()}


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """The former file stays as it was."""
    path = tmp_path / "one.npz"
    digest = save_arrays(path, ARRAYS, b"{}")
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(path, {"numbers": np.array([{}], object)}, b"{}")

    assert [path] == list(tmp_path.iterdir())
    assert digest == file_digest(path)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut_a_little(content: bytes) -> bytes:
    return content[:-1]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def appended(content: bytes) -> bytes:
    return content + b"x"


@pytest.mark.parametrize("harm", [cut, cut_a_little, flipped, appended])
def test_tampered_file_does_not_match_its_digest(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """One byte more, less or other is enough."""
    path = tmp_path / "one.npz"
    digest = save_arrays(path, ARRAYS, b"{}")
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(BadModel, match="SHA-256"):
        load_arrays(path, digest)


@pytest.mark.parametrize("harm", [cut, cut_a_little, flipped])
def test_damaged_file_without_a_digest(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """Also where no digest is known (a file that an operator names) a damaged file is a BadModel, no other error."""
    path = tmp_path / "one.npz"
    save_arrays(path, ARRAYS, b"{}")
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(BadModel):
        load_arrays(path)


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def no_manifest(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, numbers=np.ones(3))


def objects(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=True, manifest_json=np.zeros(2, np.uint8), numbers=np.array([{}], object))


def too_much(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, manifest_json=np.zeros(2, np.uint8), numbers=np.zeros(300_000_000, np.uint8))


def another_file(path: Path) -> None:
    save_arrays(path, ARRAYS, b"{}")
    with ZipFile(path, "a") as archive:
        archive.writestr("code.py", "print()")


def shorter_than_it_says(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        part = io.BytesIO()
        np.save(part, np.ones(3))
        archive.writestr("manifest_json.npy", part.getvalue()[:-8])


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: None, id="missing"),
        pytest.param(lambda path: path.mkdir(), id="folder"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 50), id="looks like a zip"),
        pytest.param(lambda path: path.write_text("kind: forest"), id="text"),
        pytest.param(one_array, id="a single array"),
        pytest.param(no_manifest, id="no manifest"),
        pytest.param(objects, id="pickled objects"),
        pytest.param(too_much, id="far too large"),
        pytest.param(another_file, id="a foreign entry"),
        pytest.param(shorter_than_it_says, id="shorter than it says"),
    ],
)
def test_file_that_is_no_model(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """Whatever it is instead, it is a BadModel that names the file."""
    path = tmp_path / "one.npz"
    make(path)
    with pytest.raises(BadModel, match=r"one\.npz"):
        load_arrays(path)


def test_wrong_digest(tmp_path: Path) -> None:
    """A good file under another's digest is refused."""
    path = tmp_path / "one.npz"
    save_arrays(path, ARRAYS, b"{}")
    with pytest.raises(BadModel, match="SHA-256"):
        load_arrays(path, "0" * 64)
