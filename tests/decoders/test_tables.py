"""Files and words that clients read: mappings, patterns, tables of strangers, bookmarks, and a service's answers."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

from service.api.commands.asking import granted, understood
from service.contracts.forgetting import ForgetReceipt
from simulator.commands.options import load_patterns
from simulator.errors import UsageError
from simulator.stream.resume import read_record
from simulator.tables.mapping import load_mapping
from simulator.tables.table import load_table
from tests.decoders.spoil import JUNK, Decoder, spoilt
from tests.simulator.tables.test_table import DAILY, DAILY_MAP

CYCLES_MAP = """
[device]
column = "unit"
home_type = "engine"
[time]
column = "cycle"
kind = "cycle"
origin = "2024-01-01T00:00:00Z"
unit = "1h"
stagger = "7d"
[metrics]
columns = ["t"]
[failure]
kind = "last_row"
"""
CYCLES = "unit,cycle,t\n1,1,0.5\n1,2,0.6\n2,1,0.5\n"
STAMPS_MAP = """
[device]
column = "unit"
home_type = "engine"
[time]
column = "at"
kind = "timestamp"
zone = "Europe/Berlin"
[metrics]
columns = ["t"]
"""
STAMPS = "unit,at,t\n1,2024-01-01 10:00:00,0.5\n1,2024-03-31T02:30:00,0.6\n2,2024-10-27 02:30,nan\n"
SECONDS_MAP = STAMPS_MAP.replace('zone = "Europe/Berlin"', 'epoch_unit = "s"')
SECONDS = "unit,at,t\n1,1700000000,0.5\n1,1700000001.5,1e3\n"
RECORD = b'{"stream":{"seed":1,"end":null},"done":[{"readings":1,"outcomes":0}],"seq":-1,"complete":false}'
TABLES = {
    "daily": (DAILY, DAILY_MAP),
    "cycles": (CYCLES, CYCLES_MAP),
    "stamps": (STAMPS, STAMPS_MAP),
    "seconds": (SECONDS, SECONDS_MAP),
}


def _decoder(name: str, folder: Path) -> Decoder:
    path = folder / "file.csv"

    def of(read: Any) -> Any:
        def decode(content: bytes) -> Any:
            path.write_bytes(content)
            return read(path)

        return decode

    if name == "mapping":
        good = [mapping.encode() for _, mapping in TABLES.values()]
        return Decoder(of(load_mapping), (UsageError,), good)
    if name == "patterns":
        return Decoder(of(load_patterns), (UsageError,), [b"[daily]\nstrength = 0.5\non = true\n"])
    if name == "bookmark":
        return Decoder(of(read_record), (UsageError,), [RECORD])
    table, mapping = TABLES[name]
    (folder / "mapping.toml").write_text(mapping)
    rule = load_mapping(folder / "mapping.toml")
    return Decoder(of(lambda path: list(load_table(path, rule).readings())), (UsageError,), [table.encode()])


@pytest.mark.parametrize("name", ["mapping", "patterns", "bookmark", *TABLES])
def test_files_of_clients_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Junk, and good ones with something else in them."""
    decoder = _decoder(name, tmp_path_factory.mktemp("clients"))
    for junk in JUNK:
        decoder.try_on(junk)

    @settings(max_examples=50)
    @given(spoilt(decoder.good))
    def spoil(content: bytes) -> None:
        decoder.try_on(content)

    spoil()


@pytest.mark.parametrize(
    ("table", "mapping", "name"),
    [
        pytest.param(CYCLES, CYCLES_MAP.replace('"1h"', f'"{"9" * 400}h"'), "t.csv", id="a unit without end"),
        pytest.param(CYCLES, CYCLES_MAP.replace('"7d"', f'"{"9" * 400}d"'), "t.csv", id="a stagger without end"),
        pytest.param(CYCLES.replace(",2,", ",1e30,"), CYCLES_MAP, "t.csv", id="a cycle after the year 9999"),
        pytest.param(CYCLES.replace(",2,", ",-1e9,"), CYCLES_MAP, "t.csv", id="a cycle before the year 1"),
        pytest.param(CYCLES + "1,2,3,4\n", CYCLES_MAP, "t.csv", id="a row with a cell too many"),
        pytest.param(STAMPS.replace(":00,0.5", ":000.5"), STAMPS_MAP, "t.csv", id="an instant in no known form"),
        *(pytest.param("junk" * 9, CYCLES_MAP, f"t.csv.{kind}", id=kind) for kind in ("gz", "xz", "zip", "bz2", "tar")),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, table: str, mapping: str, name: str) -> None:
    """Each was an exception once that told the user nothing."""
    (tmp_path / "mapping.toml").write_text(mapping)
    (tmp_path / name).write_text(table)
    with pytest.raises(UsageError):
        load_table(tmp_path / name, load_mapping(tmp_path / "mapping.toml"))


def test_a_name_of_many_digits_is_no_number(tmp_path: Path) -> None:
    """Devices are put in order by number only where all their names are numbers that can be read as such."""
    (tmp_path / "mapping.toml").write_text(CYCLES_MAP)
    (tmp_path / "t.csv").write_text(CYCLES.replace("\n2,", "\n" + "9" * 5_000 + ","))
    assert 3 == len(load_table(tmp_path / "t.csv", load_mapping(tmp_path / "mapping.toml")))


@pytest.mark.parametrize("content", [*JUNK, b'{"detail": 5}', b'{"seq": "x"}'])
def test_answers_of_others_end_a_command(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever listens at the address: one line, whether it refuses or grants."""
    for status in (200, 500):
        answer = httpx.Response(status, content=content, request=httpx.Request("GET", "http://127.0.0.1/"))
        with pytest.raises(SystemExit):
            understood(granted(answer), ForgetReceipt)
        assert capsys.readouterr().err.startswith("hearthbeat: ")
