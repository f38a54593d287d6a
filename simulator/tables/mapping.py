"""Mapping: what the columns of a stranger's table mean, read from a TOML file. Used by `simulator.tables.table`.

    [table]                     separator = "," | "whitespace" ..., header = true, columns = [...] if there is none
    [device]                    column; home or home_column; home_type or home_type_column; device_type or ..._column
    [time]                      column, kind = "date" | "timestamp" | "cycle", and what that kind needs
    [metrics]                   columns = [...] or all_except = [...]; [metrics.rename] old = "new"
    [failure]                   kind = "flag" | "last_row" | "file"; failure_offset, report_delay, mode or mode_column

Every mistake is told with the file and the field.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from service.contracts.decoding import UNDECODABLE
from simulator.errors import UsageError
from simulator.tables.columns import DeviceColumns, MetricColumns, TableFormat, TimeColumn
from simulator.tables.failure_rules import FailureFile, FlaggedRows, LastRows


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping. Without ``failure`` only readings are streamed."""

    device: DeviceColumns
    time: TimeColumn
    metrics: MetricColumns
    table: TableFormat = TableFormat()
    failure: FlaggedRows | LastRows | FailureFile | None = None

    def __post_init__(self) -> None:
        if isinstance(self.failure, FailureFile):
            try:
                self.failure.time.rule(self.time)
            except ValueError as error:
                raise ValueError(f"failure.time: {error}") from None


def load_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        UsageError: If the file cannot be read, is no TOML, or says something that makes no sense; names file and field.
    """
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=Mapping)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        raise UsageError(f"{path}: {field}: {text}" if field else f"{path}: {text}") from None
    except (*UNDECODABLE, ValueError) as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from None
    if isinstance(mapping.failure, FailureFile):
        failure = msgspec.structs.replace(mapping.failure, path=str(path.absolute().parent / mapping.failure.path))
        return msgspec.structs.replace(mapping, failure=failure)
    return mapping
