"""Tables of a data folder: what was sent is in them, and pandas reads them as the docs say."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from service.contracts.errors import BadBackup
from service.contracts.events import SCHEMA
from service.jobs.upkeep import export as exporting
from service.jobs.upkeep.export import export
from service.jobs.upkeep.tables import Selection
from service.labels.book import instant_us
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from service.storage.folder import FolderSettings
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import HORIZON_US, START, hourly
from tests.service_process import ROOT

ALL = Selection(since_us=0, until_us=2**62, home_type=None)
HOURS = 40


@pytest.fixture(scope="module")
def lived() -> LockStep:
    both = LockStep()
    for readings, outcomes in hourly(HOURS):
        both.tell(*outcomes)
        both.read(readings)
    both.forget("home-3")
    return both


@pytest.fixture
def data(lived: LockStep, tmp_path: Path) -> Path:
    """A data folder without snapshots."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings = FolderSettings(schema=SCHEMA, horizon_us=HORIZON_US, grace_us=0, lateness_us=0, seed=1)
    (folder / "folder.json").write_bytes(msgspec.json.encode(settings))
    log, store = SqliteEventLog(folder / "events.db"), SqliteExampleStore(folder / "examples.db")
    log.append([record.blob for record in lived.log.read(0, limit=9999)])
    store.put(lived.store.blocks())
    log.close()
    store.close()
    return folder


def tables(folder: Path) -> dict[str, Any]:
    return {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}


def test_what_was_sent_is_there(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading with its metrics, risk and members; each outcome; each matured example. None of the forgotten."""
    monkeypatch.setattr(exporting, "ROW_GROUP", 70)  # several row groups
    counts = export(data, tmp_path / "out", ALL)
    found = tables(tmp_path / "out")
    sent = [reading for readings, _ in hourly(HOURS) for reading in readings if reading.home_id != "home-3"]
    told = [
        outcome for _, outcomes in hourly(HOURS) for outcome in outcomes if getattr(outcome, "home_id", "") != "home-3"
    ]
    assert {name: len(table) for name, table in found.items()} == counts
    key = ["home_id", "device_id", "ts"]
    rows = found["readings"].sort_values(key)
    wanted = sorted(sent, key=lambda reading: (reading.home_id, reading.device_id, reading.ts))
    assert [(r.home_id, r.device_id, r.ts) for r in wanted] == list(rows[key].itertuples(index=False, name=None))
    assert [r.metrics["temperature_c"] for r in wanted] == rows["metric_temperature_c"].tolist()
    assert [r.metrics["battery_pct"] is None for r in wanted] == rows["metric_battery_pct"].isna().tolist()
    assert {"sensor"} == set(rows["device_type"])
    assert len(sent) == len(found["risks"])
    weights = found["members"].groupby(["seq", "home_type", "row"])["weight"].sum()
    assert len(sent) == len(weights)
    assert 1.0 == pytest.approx(weights.to_numpy())
    assert sorted(o.outcome_id for o in told) == sorted(found["outcomes"]["outcome_id"])
    examples = found["examples"].merge(found["risks"], on=[*key, "seq"])
    assert len(found["examples"]) == len(examples) > 100
    assert examples["risk_x"].tolist() == examples["risk_y"].tolist()
    assert {"heat"} == set(examples.loc[examples["learned"] & (examples["label"] == "positive"), "mode"])


def test_a_part_of_it(data: Path, tmp_path: Path) -> None:
    """Of one home type, from an instant on and before another."""
    since, until = START + timedelta(hours=10), START + timedelta(hours=20)
    wanted = Selection(since_us=instant_us(since), until_us=instant_us(until), home_type="studio")
    export(data, tmp_path / "out", wanted)
    for name, table in tables(tmp_path / "out").items():
        assert len(table) or name == "outcomes", name
        if name != "members":
            assert table["ts"].between(since, until, inclusive="left").all(), name
        if name != "outcomes":
            assert {"studio"} == set(table["home_type"]), name


def test_the_snippet_of_the_docs_runs(data: Path, tmp_path: Path) -> None:
    """As it stands there, on tables that the command wrote."""
    command = [sys.executable, "-m", "service", "export", "--data", str(data), "--out", str(tmp_path / "tables")]
    subprocess.run(command, cwd=ROOT, check=True)
    (snippet,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/operate.md").read_text(), re.M | re.S)
    ran = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "sensor" in ran.stdout


def test_what_cannot_be_exported(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data folder, a folder that is there already, and pyarrow missing: each is said, and nothing is made."""
    with pytest.raises(BadBackup, match="no data folder"):
        export(tmp_path / "nothing", tmp_path / "out", ALL)
    (tmp_path / "full").mkdir()
    with pytest.raises(BadBackup, match="there already"):
        export(data, tmp_path / "full", ALL)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadBackup, match=r"install hearthbeat\[data\]"):
        export(data, tmp_path / "out", ALL)
    assert not (tmp_path / "out").exists()
