"""Tables of all kinds, made into readings and reports."""

import gzip
from pathlib import Path

import msgspec
import numpy as np
import pytest

from service.contracts.outcomes import Failure
from service.contracts.readings import Reading, ReadingsDecoder
from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.delivery.outcomes import instant
from simulator.errors import UsageError
from simulator.tables.instants import stagger_us
from simulator.tables.mapping import load_mapping
from simulator.tables.shipped import shipped_mappings
from simulator.tables.table import Telemetry, load_table

DAILY = """day,house,drive,kind,failed,temp,note
2020-01-02,a,d1,x y,0,3,n
2020-01-01,a,d1,x y,0,2,n
2020-01-01,b,d1,z,0,,n
2020-01-03,a,d1,x y,1,4,n
2020-01-04,a,d1,x y,0,5,n
"""
DAILY_MAP = """
[device]
column = "drive"
home_column = "house"
home_type_column = "kind"
[time]
column = "day"
kind = "date"
[metrics]
all_except = ["note"]
[metrics.rename]
temp = "temperature_c"
[failure]
kind = "flag"
column = "failed"
mode = "disk"
report_delay = "6h"
"""


def load(
    folder: Path, table: str, mapping: str, *, limit_rows: int | None = None, seed: int | None = None
) -> Telemetry:
    (folder / "table.csv").write_text(table)
    (folder / "map.toml").write_text(mapping)
    return load_table(folder / "table.csv", load_mapping(folder / "map.toml"), limit_rows=limit_rows, seed=seed)


def sent(telemetry: Telemetry) -> list[Reading]:
    return ReadingsDecoder.decode(msgspec.json.encode([timed.reading for timed in telemetry.readings()]))


def test_a_daily_table_with_a_flag(tmp_path: Path) -> None:
    """Rows are sorted by time, stably; NaN is absent; two homes may use one name; types are made fit for the wire."""
    telemetry = load(tmp_path, DAILY, DAILY_MAP)
    readings = sent(telemetry)

    assert [(r.ts.day, r.home_id, r.device_id, r.home_type) for r in readings] == [
        (1, "a", "d1", "x_y"), (1, "b", "d1", "z"), (2, "a", "d1", "x_y"), (3, "a", "d1", "x_y"), (4, "a", "d1", "x_y"),
    ]  # fmt: skip
    assert [r.metrics for r in readings[:2]] == [{"temperature_c": 2.0}, {}]
    assert {r.time_basis for r in readings} == {"clock"}


def test_a_flag_that_no_row_has_is_told(tmp_path: Path) -> None:
    """With the values that there are: it is mostly written in another way."""
    telemetry = load(tmp_path, DAILY, DAILY_MAP.replace('column = "failed"', 'column = "failed"\nvalue = "yes"'))
    assert telemetry.reports == []
    assert telemetry.notes == ["no row has the value 'yes' of failure.value in 'failed', so none fails; it has: 0, 1"]
    assert load(tmp_path, DAILY, DAILY_MAP).notes == []


@pytest.mark.parametrize("day", ["03/04/2020", "3.4.20", "03-04-2020 12:00"])
def test_days_and_months_are_not_guessed(tmp_path: Path, day: str) -> None:
    """A date that can be read in two ways needs a format; with one it is read so."""
    table = f"day,house,drive,kind,failed,temp,note\n{day},a,d1,x,0,3,n\n"
    with pytest.raises(UsageError, match=rf"^time\.column: .*'{day}' can be read with the day or the month first"):
        load(tmp_path, table, DAILY_MAP)
    form = {"03/04/2020": "%d/%m/%Y", "3.4.20": "%d.%m.%y"}.get(day, "%d-%m-%Y %H:%M")
    telemetry = load(tmp_path, table, DAILY_MAP.replace('kind = "date"', f'kind = "date"\nformat = "{form}"'))
    assert [(reading.ts.month, reading.ts.day) for reading in sent(telemetry)] == [(4, 3)]


def test_a_failure_lies_after_its_row(tmp_path: Path) -> None:
    """By default a day later for dates, so that the flagged row itself is positive; reported after the delay."""
    telemetry = load(tmp_path, DAILY, DAILY_MAP)
    (report,) = telemetry.reports

    assert isinstance(report.outcome, Failure)
    assert report.outcome.ts.isoformat() == "2020-01-04T00:00:00+00:00"
    assert (report.outcome.home_id, report.outcome.mode) == ("a", "disk")
    assert instant(report.at).isoformat() == "2020-01-04T06:00:00+00:00"
    assert telemetry.failure_offset_us == DAY_S * SECOND
    assert telemetry.reports == load(tmp_path, DAILY, DAILY_MAP).reports


def test_a_limit_keeps_the_first_rows_in_time(tmp_path: Path) -> None:
    """A device cut off by the limit has not failed."""
    assert len(load(tmp_path, DAILY, DAILY_MAP, limit_rows=3)) == 3
    assert load(tmp_path, DAILY, DAILY_MAP, limit_rows=3).reports == []
    assert load(tmp_path, DAILY, DAILY_MAP, limit_rows=4).reports != []


CYCLES = "10 1 5.0 \n10 2 6.0 \n9 1 7.0 \n9 2 8.0 \n9 3 9.0 \n"
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
seed = 3
[metrics]
columns = ["s"]
[failure]
kind = "last_row"
"""


def test_cycles_start_staggered_by_seed(tmp_path: Path) -> None:
    """Each device starts at a place that follows from the seed and its sorted number: 9 comes before 10."""
    telemetry = load(tmp_path, CYCLES, CYCLES_MAP)
    origin = 1_704_067_200 * SECOND
    start = stagger_us(2, 100 * HOUR_S * SECOND, 3)

    for place, device in enumerate(("9", "10")):
        mine = np.array([name == device for name in telemetry.device])
        cycles = np.arange(1, mine.sum() + 1) * HOUR_S * SECOND
        assert telemetry.ts[mine].tolist() == (origin + start[place] + cycles).tolist()
    assert np.all((start >= 0) & (start < 100 * HOUR_S * SECOND))
    assert telemetry.time_basis == "cycle"
    assert load(tmp_path, CYCLES, CYCLES_MAP).ts.tolist() == telemetry.ts.tolist()
    assert load(tmp_path, CYCLES, CYCLES_MAP, seed=4).ts.tolist() != telemetry.ts.tolist()


def test_the_last_row_of_each_device_fails_one_cycle_later(tmp_path: Path) -> None:
    """Also under a limit: only devices whose true last row is streamed have failed."""
    telemetry = load(tmp_path, CYCLES, CYCLES_MAP)
    last = {name: int(ts) for name, ts in zip(telemetry.device, telemetry.ts, strict=True)}

    assert {r.outcome.device_id: r.at for r in telemetry.reports if isinstance(r.outcome, Failure)} == {
        name: ts + HOUR_S * SECOND for name, ts in last.items()
    }
    assert len(load(tmp_path, CYCLES, CYCLES_MAP, limit_rows=4).reports) == 1


def times(folder: Path, values: list[str], rule: str) -> list[str]:
    table = "id,t,v\n" + "".join(f"a,{value},1\n" for value in values)
    mapping = (
        '[device]\ncolumn = "id"\nhome_type = "x"\n[metrics]\nall_except = []\n[failure]\nkind = "last_row"\n'
        f'[time]\ncolumn = "t"\nkind = "timestamp"\n{rule}'
    )
    telemetry = load(folder, table, mapping)
    return [reading.ts.isoformat() for reading in sent(telemetry)] + [str(telemetry.failure_offset_us)]


def test_timestamps_of_all_kinds(tmp_path: Path) -> None:
    """Naive ones are UTC unless a zone is said; the offset is kept for the calendar; the median gap is the unit."""
    naive = ["2020-07-01 12:00:00", "2020-07-01 12:10:00", "2020-07-01 12:20:00", "2020-07-01 15:00:00"]
    ten = str(600 * SECOND)

    assert times(tmp_path, naive, "")[::4] == ["2020-07-01T12:00:00+00:00", ten]
    assert times(tmp_path, naive, 'zone = "Europe/Berlin"')[0] == "2020-07-01T12:00:00+02:00"
    assert times(tmp_path, ["2020-07-01T12:00:00-05:00"], "")[0] == "2020-07-01T17:00:00+00:00"
    assert times(tmp_path, ["1593604800.5"], 'epoch_unit = "s"')[0] == "2020-07-01T12:00:00.500000+00:00"
    assert times(tmp_path, ["01.07.2020 12h"], 'format = "%d.%m.%Y %Hh"')[0] == "2020-07-01T12:00:00+00:00"
    assert times(tmp_path, ["2020-10-25 02:30:00"], 'zone = "Europe/Berlin"')[0] == "2020-10-25T02:30:00+01:00"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('column = "drive"', 'column = "disk"', "device.column: .* has no column 'disk'; it has: day, house, drive"),
        ('all_except = ["note"]', 'columns = ["tmp"]', "metrics.columns: .* has no column 'tmp'"),
        ('all_except = ["note"]', "all_except = []", "metrics: column 'note' of .* is not numeric"),
        ('all_except = ["note"]', 'columns = ["failed"]', "'failed' tells of the failure"),
        ('column = "day"', 'column = "house"', "time.column: 'house' of .* is no date"),
        ('column = "day"', 'column = "temp"', "1 rows have no time in 'temp'"),
    ],
)
def test_a_mapping_that_does_not_fit(tmp_path: Path, old: str, new: str, says: str) -> None:
    """The field and the file are named, and the columns that there are."""
    assert old in DAILY_MAP
    with pytest.raises(UsageError, match=says):
        load(tmp_path, DAILY, DAILY_MAP.replace(old, new))


def test_a_wrong_number_of_columns_is_told(tmp_path: Path) -> None:
    """Names for three columns do not fit a table of four."""
    with pytest.raises(UsageError, match=r"3 names and .* has 4 columns"):
        load(tmp_path, "1 1 2 3\n", CYCLES_MAP)


def test_turbofans(data: Path) -> None:
    """The shipped example reads NASA's table: 100 engines, each failing an hour after its last cycle."""
    path = data / "cmapss" / "train_FD001.txt.gz"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with gzip.open(path, "rt") as lines:
        rows = sum(1 for _ in lines)

    telemetry = load_table(path, load_mapping(shipped_mappings()["cmapss_fd001"]))

    assert len(telemetry) == rows == 20_631
    assert len(telemetry.reports) == 100
    assert telemetry.metrics.shape == (rows, 24)
    assert not np.isnan(telemetry.metrics).any()
    assert telemetry.time_basis == "cycle"
    assert np.all(np.diff(telemetry.ts) >= 0)
    assert telemetry.ts[-1] < 1_735_689_600 * SECOND
