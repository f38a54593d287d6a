"""Sample formats: how samples stand in a Parquet or CSV file. Used by `file`.

First come the columns of `ABOUT`, then the features. Only Parquet needs pyarrow, which is optional.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any, Final, Protocol

import numpy as np

from simulator.arrays import SECOND
from simulator.samples.samples import Samples
from simulator.samples.truth import NO_FAILURE
from simulator.world.devices import DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES
from simulator.world.population import DeviceTable

ABOUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ts": "instant of the reading, UTC",
        "home_id": "its home",
        "device_id": "its device, unique within the home",
        "home_type": "kind of home",
        "device_type": "kind of device; the features hold it too, one column for each",
        "label": "1 if the device fails in (ts, ts + horizon], else 0",
        "mode": "how it does; empty where `label` is 0",
    }
)
"""What the columns before the features mean, in the order of the file."""


class Writer(Protocol):
    """Writes one file; made of the open file, the names of the features, and the table that names the devices."""

    def write(self, group: Samples) -> None:
        """Append a group of samples."""

    def close(self) -> None:
        """Write what has to stand at the end."""


def plain_columns(samples: Samples, devices: DeviceTable) -> dict[str, Any]:
    """Return the columns of `ABOUT`; a mode that is not is None, an instant is in microseconds."""
    modes = [None if code == NO_FAILURE else MODES[code] for code in samples.mode.tolist()]
    return {
        "ts": samples.ts,
        "home_id": [devices.home_id[row] for row in samples.device.tolist()],
        "device_id": [devices.device_id[row] for row in samples.device.tolist()],
        "home_type": [HOME_TYPES[code].name for code in samples.home_type.tolist()],
        "device_type": [DEVICE_TYPES[code].name for code in samples.device_type.tolist()],
        "label": samples.labels.astype(np.int8),
        "mode": modes,
    }


class Csv:
    """Comma-separated values: instants in ISO 8601, shortest decimals that give the same float32, empty if unknown."""

    def __init__(self, file: IO[bytes], features: Sequence[str], devices: DeviceTable) -> None:
        import pandas as pd  # takes half a second

        self._pandas, self._file, self._features, self._devices = pd, file, list(features), devices
        self._header = True

    def write(self, group: Samples) -> None:
        """Append a group of samples."""
        instants = np.datetime_as_string((group.ts // SECOND).astype("M8[s]"), timezone="UTC")
        plain = self._pandas.DataFrame({**plain_columns(group, self._devices), "ts": instants})
        features = self._pandas.DataFrame(group.rows, columns=self._features)
        table = self._pandas.concat([plain, features], axis=1)
        table.to_csv(self._file, mode="wb", index=False, header=self._header, lineterminator="\n")
        self._header = False

    def close(self) -> None:
        """Do nothing: all is written."""


class Parquet:
    """Parquet with one row group a group; unknown features are NaN, as they are for a model."""

    def __init__(self, file: IO[bytes], features: Sequence[str], devices: DeviceTable) -> None:
        import pyarrow as pa  # optional, and takes a moment
        import pyarrow.parquet as pq

        self._arrow, self._devices = pa, devices
        kinds = {"ts": pa.timestamp("us", tz="UTC"), "label": pa.int8()}
        plain = [(name, kinds.get(name, pa.string())) for name in ABOUT]
        self._schema = pa.schema([*plain, *((name, pa.float32()) for name in features)])
        self._writer = pq.ParquetWriter(
            file, self._schema, compression="zstd", use_dictionary=[n for n, kind in plain if kind == pa.string()]
        )

    def write(self, group: Samples) -> None:
        """Append a group of samples, as one row group."""
        columns = plain_columns(group, self._devices)
        arrays = [self._arrow.array(columns[name], self._schema.field(name).type) for name in ABOUT]
        arrays += [self._arrow.array(np.ascontiguousarray(column)) for column in group.rows.T]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(table, row_group_size=len(group))

    def close(self) -> None:
        """Write the footer."""
        try:
            self._writer.close()
        finally:
            self._writer.is_open = False  # else it tries again when it is collected, and complains on stderr


WRITERS: Final[Mapping[str, Callable[[IO[bytes], Sequence[str], DeviceTable], Writer]]] = MappingProxyType(
    {".csv": Csv, ".parquet": Parquet}
)
"""Writers by the suffix of the file."""
