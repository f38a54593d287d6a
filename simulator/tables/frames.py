"""Frames: a file as a pandas table, and its columns as names and types. A part of `table`.

pandas is imported here and in the parts of `table` only, so that nothing else waits for it.
"""

import lzma
import re
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.errors import UsageError
from simulator.tables.columns import TableFormat

_NOT_IN_TYPES = re.compile(r"[^A-Za-z0-9_.-]")

_BAD_ARCHIVES = (lzma.LZMAError, zlib.error, zipfile.BadZipFile, tarfile.TarError)

Words = NDArray[np.object_]


def read_frame(path: Path, form: TableFormat, ids: Collection[str], field: str, place: str = "") -> pd.DataFrame:
    """Read a CSV or Parquet file.

    Args:
        path: The file.
        form: How it is written.
        ids: Columns that hold names, kept as text.
        field: Where the mapping describes the format, for errors.
        place: Where the mapping names the file, for errors; empty if it does not.

    Raises:
        UsageError: It cannot be read so.
    """
    where = f"{place}: {path}" if place else str(path)
    separator = r"\s+" if form.separator == "whitespace" else form.separator
    try:
        if path.suffix in (".parquet", ".pq"):
            return pd.read_parquet(path)
        first = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str)
        if form.columns is not None and len(form.columns) != first.shape[1]:
            raise UsageError(
                f"{field}.columns has {len(form.columns)} names and {path} has {first.shape[1]} columns; "
                "is the separator right?"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path, sep=separator, header=0 if form.header else None, names=form.columns, index_col=False,
                dtype=dict.fromkeys(ids, str), low_memory=False,
            )  # fmt: skip
    except pd.errors.ParserWarning:
        raise UsageError(f"{where}: a row has more cells than there are columns; is the separator right?") from None
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except ImportError:
        raise UsageError(f"{where}: reading Parquet needs pyarrow, which is not installed; convert it to CSV") from None
    except (ValueError, EOFError, *_BAD_ARCHIVES) as error:
        raise UsageError(f"{where}: cannot be read as a table: {error}") from None


def check_columns(frame: pd.DataFrame, path: Path, named: Iterable[tuple[str, str]]) -> None:
    """Check that a file has all columns that the mapping names, given as (field, column).

    Raises:
        UsageError: One is not there.
    """
    for field, column in named:
        if column not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            raise UsageError(f"{field}: {path} has no column {column!r}; it has: {there}")


def names_of(frame: pd.DataFrame, path: Path, column: str | None, constant: str, *, slash: bool = True) -> Words:
    """Names by row, the same in all if there is no column; where they must not hold a slash it becomes ``_``.

    Raises:
        UsageError: Some rows have none.
    """
    if column is None:
        return np.full(len(frame), constant, dtype=object)
    missing = int(frame[column].isna().sum())
    if missing:
        raise UsageError(f"{path}: {missing} rows have no {column!r}")
    text = frame[column].astype(str).str.strip()
    return (text if slash else text.str.replace("/", "_")).to_numpy(dtype=object)


def types_of(frame: pd.DataFrame, column: str | None, constant: str) -> Words:
    """Types by row; what a type's name must not hold becomes ``_``, and an absent one ``unknown``."""
    if column is None:
        return np.full(len(frame), constant, dtype=object)
    codes, values = pd.factorize(frame[column].astype(object).where(frame[column].notna(), "unknown"))
    words = np.array([_NOT_IN_TYPES.sub("_", str(v).strip())[:64] or "unknown" for v in values], dtype=object)
    return words[codes]
