"""Failures told of by a file beside the table."""

from pathlib import Path

import pytest

from service.contracts.outcomes import Failure
from simulator.arrays import HOUR_S, SECOND
from simulator.delivery.outcomes import instant
from simulator.errors import UsageError
from simulator.tables.mapping import load_mapping
from simulator.tables.table import Telemetry, load_table

TABLE = """day,house,drive,temp
2020-01-01,a,d1,2
2020-01-01,b,d1,3
2020-01-01,b,02,4
2020-01-02,a,d1,2
2020-01-03,b,02,4
"""
MAPPING = """
[device]
column = "drive"
home_column = "house"
home_type = "shop"
[time]
column = "day"
kind = "date"
[metrics]
columns = ["temp"]
[failure]
kind = "file"
path = "events/failures.txt"
table.separator = ";"
device_column = "disk"
home_column = "site"
mode_column = "what"
time.column = "when"
time.kind = "timestamp"
time.zone = "+01:00"
"""
EVENTS = """when;site;disk;what;told
2020-01-02 13:00;b;02;head crash;2020-01-04
2020-01-03 13:00;a;d1;;2020-01-03
2020-01-02 13:00;b;02;again;2020-01-05
2020-01-02 13:00;c;d1;x;2020-01-04
2020-01-02 13:00;b;2;x;2020-01-04
"""


def load(
    folder: Path, table: str, mapping: str, events: str, *, limit_rows: int | None = None, seed: int | None = None
) -> Telemetry:
    (folder / "events").mkdir(exist_ok=True)
    (folder / "table.csv").write_text(table)
    (folder / "map.toml").write_text(mapping)
    (folder / "events" / "failures.txt").write_text(events)
    return load_table(folder / "table.csv", load_mapping(folder / "map.toml"), limit_rows=limit_rows, seed=seed)


def told(telemetry: Telemetry) -> list[tuple[str, str, str, str, str]]:
    """Home, device, mode, instant of the failure and of its report."""
    rows = []
    for report in telemetry.reports:
        assert isinstance(report.outcome, Failure)
        failed, at = report.outcome.ts.isoformat()[:16], instant(report.at).isoformat()[:16]
        rows.append((report.outcome.home_id, report.outcome.device_id, report.outcome.mode, failed, at))
    return rows


def test_each_row_is_a_failure_of_a_device_of_the_table(tmp_path: Path) -> None:
    """Names are text (02 is not 2), modes are made fit for the wire, and what is told twice counts once."""
    telemetry = load(tmp_path, TABLE, MAPPING, EVENTS)

    assert told(telemetry) == [
        ("b", "02", "head_crash", "2020-01-02T12:00", "2020-01-02T12:00"),
        ("a", "d1", "unknown", "2020-01-03T12:00", "2020-01-03T12:00"),
    ]
    assert telemetry.failure_offset_us == 0


def test_strangers_are_counted_and_told(tmp_path: Path) -> None:
    """Failures of devices that the table does not have are left out, with a note, not an error."""
    (note,) = load(tmp_path, TABLE, MAPPING, EVENTS).notes

    assert note.startswith("2 of 5 failures in failures.txt are of devices that table.csv does not have, such as 'd1'")
    none = load(tmp_path, TABLE, MAPPING, "when;site;disk;what\nnever;x;y;z\n")
    assert (none.reports, len(none.notes)) == ([], 1)


def test_a_failure_may_lie_after_its_row_and_be_told_later(tmp_path: Path) -> None:
    """The offset moves the failure, the delay its report."""
    mapping = MAPPING.replace('kind = "file"', 'kind = "file"\nfailure_offset = "2h"\nreport_delay = "3h"')
    telemetry = load(tmp_path, TABLE, mapping, EVENTS)

    assert told(telemetry)[0][3:] == ("2020-01-02T14:00", "2020-01-02T17:00")
    assert telemetry.failure_offset_us == 2 * HOUR_S * SECOND


def test_a_column_may_say_when_it_was_reported(tmp_path: Path) -> None:
    """Never before the failure, as a report that bears only its date would be; the earliest report of two counts."""
    mapping = MAPPING.replace('kind = "file"', 'kind = "file"\nreported_column = "told"')

    assert [row[3:] for row in told(load(tmp_path, TABLE, mapping, EVENTS))] == [
        ("2020-01-03T12:00", "2020-01-03T12:00"),
        ("2020-01-02T12:00", "2020-01-03T23:00"),
    ]


def test_a_limit_hides_later_failures(tmp_path: Path) -> None:
    """Of what comes after the last row that is streamed, nothing is known."""
    assert [row[1] for row in told(load(tmp_path, TABLE, MAPPING, EVENTS, limit_rows=4))] == []
    events = EVENTS.replace("2020-01-02 13:00;b;02", "2020-01-01 13:00;b;02")
    assert [row[1] for row in told(load(tmp_path, TABLE, MAPPING, events, limit_rows=4))] == ["02"]


def test_without_homes_a_device_must_be_the_only_one_of_its_name(tmp_path: Path) -> None:
    """The home is looked up in the table; where that is doubtful the field to give is named."""
    mapping = MAPPING.replace('home_column = "site"\n', "")

    assert told(load(tmp_path, TABLE, mapping, "when;disk;what\n2020-01-02 13:00;02;x\n"))[0][:2] == ("b", "02")
    with pytest.raises(UsageError, match=r"failure.home_column: .*failures.txt tells of device 'd1', and .* several"):
        load(tmp_path, TABLE, mapping, EVENTS)


CYCLES_MAP = """
[table]
separator = "whitespace"
header = false
columns = ["unit", "cycle", "s"]
[device]
column = "unit"
home_type = "engine"
[time]
column = "cycle"
kind = "cycle"
origin = "2024-01-01T00:00:00Z"
unit = "1h"
stagger = "100h"
[metrics]
columns = ["s"]
[failure]
kind = "file"
path = "events/failures.txt"
table.header = false
table.columns = ["engine", "at"]
device_column = "engine"
time.column = "at"
mode = "wear"
"""


@pytest.mark.parametrize("seed", [None, 5])
def test_cycles_are_those_of_the_device(tmp_path: Path, seed: int | None) -> None:
    """A failure at cycle 2.5 lies between the device's own second and third row, wherever the stagger put them."""
    table = "".join(f"{unit} {cycle} 1.0\n" for unit in (9, 10, 11) for cycle in (1, 2, 3))
    telemetry = load(tmp_path, table, CYCLES_MAP, "10,2.5\n9,2.5\n", seed=seed)

    for report in telemetry.reports:
        assert isinstance(report.outcome, Failure)
        mine = [t for t, name in zip(telemetry.ts, telemetry.device, strict=True) if name == report.outcome.device_id]
        assert report.at == mine[1] + HOUR_S * SECOND // 2
    assert sorted(row[1] for row in told(telemetry)) == ["10", "9"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("events/failures.txt", "nowhere.csv", "failure.path: .*nowhere.csv: No such file"),
        (
            'device_column = "disk"',
            'device_column = "drive"',
            "failure.device_column: .*no column 'drive'; it has",
        ),
        ('time.column = "when"', 'time.column = "what"', "failure.time.column: 1 rows have no time in 'what' of .*txt"),
        ('time.column = "when"', 'time.column = "site"', "failure.time.column: 'site' of .*txt is no timestamp"),
        ('kind = "file"', 'kind = "file"\nreported_column = "site"', "failure.reported_column: 'site' of .*txt is no"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path: Path, old: str, new: str, says: str) -> None:
    """The field and the file are named."""
    assert old in MAPPING
    with pytest.raises(UsageError, match=says):
        load(tmp_path, TABLE, MAPPING.replace(old, new), EVENTS)


def test_a_wrong_number_of_columns_is_told(tmp_path: Path) -> None:
    """The format of the file has a field of its own."""
    with pytest.raises(UsageError, match=r"failure.table.columns has 2 names and .*failures.txt has 3 columns"):
        load(tmp_path, "1 1 2\n", CYCLES_MAP, "1,2,3\n")
