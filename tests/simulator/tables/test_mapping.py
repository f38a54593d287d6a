"""Mappings and their mistakes."""

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.tables.columns import TimeColumn, zone_of
from simulator.tables.failure_rules import FailureFile
from simulator.tables.mapping import load_mapping
from simulator.tables.shipped import mapping_file, shipped_mappings

GOOD = """
[device]
column = "id"
home_type = "house"
[time]
column = "t"
kind = "date"
[metrics]
all_except = []
"""
FILE = """
[failure]
kind = "file"
path = "failures.csv"
device_column = "id"
time.column = "t"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text)
    return path


def test_a_small_mapping_has_defaults(tmp_path: Path) -> None:
    """Home, device type, separator and zone need not be said."""
    mapping = load_mapping(written(tmp_path, GOOD))

    assert (mapping.device.home, mapping.device.device_type, mapping.table.separator) == ("home-1", "device", ",")
    assert mapping.time.time_basis == "clock"
    assert mapping.failure is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "date"', 'kind = "day"', "time.kind"),
        ('kind = "date"', 'kind = "date"\ncolour = 1', "time: Object contains unknown field `colour`"),
        ('home_type = "house"', "", "device: give either home_type"),
        ('home_type = "house"', 'home_type = "a house"', "device: home_type 'a house'"),
        ('column = "t"\n', "", "time: Object missing required field `column`"),
        ('kind = "date"', 'kind = "cycle"', "time: kind = 'cycle' needs origin"),
        ('kind = "date"', 'kind = "cycle"\norigin = "2024-01-01"\nunit = "1h"', "time: origin '2024-01-01' has no UTC"),
        ('kind = "date"', 'kind = "cycle"\norigin = "2024-01-01T00:00Z"\nunit = "1x"', "time: '1x' is no duration"),
        ('kind = "date"', 'kind = "date"\nzone = "Mars/Base"', "time: zone 'Mars/Base'"),
        ("all_except = []", 'all_except = []\ncolumns = ["a"]', "metrics: give either"),
        (
            "all_except = []",
            'all_except = []\n[failure]\nkind = "flag"',
            "failure: Object missing required field `column`",
        ),
        ("all_except = []", 'all_except = []\n[failure]\nkind = "rows"', "failure.kind: Invalid value 'rows'"),
        ("all_except = []", 'all_except = []\n[failure]\nkind = "last_row"\nmode = "a b"', "failure: mode 'a b'"),
        ("all_except = []", "all_except = []\n" + FILE.replace("failures.csv", ""), "failure: path must name a file"),
        ("all_except = []", f"all_except = []\n{FILE}colour = 1", "failure: Object contains unknown field `colour`"),
        (
            "all_except = []",
            f"all_except = []\n{FILE}time.zone = '+01:00'",
            "failure.time: format, zone and epoch_unit",
        ),
        ("all_except = []", f"all_except = []\n{FILE}time.kind = 'cycle'", "failure.time: kind 'cycle' does not go"),
        (
            "all_except = []",
            f"all_except = []\n{FILE}reported_column = 'r'\nreport_delay = '1h'",
            "failure: give either report_delay or reported_column",
        ),
        ("all_except = []", "all_except = []\n[table]\nheader = false", "table: header = false needs columns"),
        ("all_except = []", "all_except = [", "no valid TOML"),
    ],
)
def test_mistakes_name_file_and_field(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Each mistake is one line with the file, the field and what is wrong."""
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))

    with pytest.raises(UsageError) as caught:
        load_mapping(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_zones() -> None:
    """Offsets or names."""
    assert str(zone_of("-05:30")) == "UTC-05:30"
    assert str(zone_of("Europe/Berlin")) == "Europe/Berlin"


@pytest.mark.parametrize("name", shipped_mappings())
def test_shipped_mappings_load(name: str) -> None:
    """Every mapping that is shipped is valid, and found by its name."""
    load_mapping(mapping_file(Path(name)))


def test_a_file_goes_before_a_shipped_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder does not; and what is neither file nor name is told with the names that there are."""
    monkeypatch.chdir(tmp_path)
    Path("backblaze").mkdir()
    assert mapping_file(Path("backblaze")) == shipped_mappings()["backblaze"]
    Path("backblaze").rmdir()
    Path("backblaze").write_text(GOOD)
    assert mapping_file(Path("backblaze")) == Path("backblaze")
    with pytest.raises(UsageError, match=r"^--map: there is no file nobody; .* backblaze, .*_fd001$"):
        mapping_file(Path("nobody"))


def test_a_file_of_failures_lies_beside_the_mapping(tmp_path: Path) -> None:
    """Its path is relative to the mapping; its time is by default written like that of the table."""
    failure = load_mapping(written(tmp_path, GOOD + FILE)).failure

    assert isinstance(failure, FailureFile)
    assert Path(failure.path) == tmp_path / "failures.csv"
    assert failure.time.rule(TimeColumn("day", "date", zone="+01:00")) == TimeColumn("t", "date", zone="+01:00")
