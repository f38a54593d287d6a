"""The benchmark of memory, small: a real service on a written log, and every figure there."""

from pathlib import Path

import pytest

from benchmarks import memory
from benchmarks.report import Row
from benchmarks.workload import Workload


def test_a_small_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    """All devices are there, every slot of the horizon waits for its labels, and the models have learned something."""
    monkeypatch.setattr(memory, "parts", lambda seed: [Row("memory.per_device_bytes", 1.0, "bytes", "lower")])
    rows = {row.id: row.value for row in memory.measure(Workload(data=Path(), seed=1, full=False), devices=500)}

    assert rows["memory.devices"] == 500
    assert 48 * 500 <= (rows["memory.pending_examples"] or 0) <= 52 * 500 + 10
    assert (rows["memory.learned_examples"] or 0) > 10
    whole, service, learner = (rows[f"memory.500_devices{part}_mb"] or 0.0 for part in ("", ".service", ".learner"))
    assert 50.0 < service < whole < 1_000.0
    assert 50.0 < learner < whole <= service + learner
    assert 50.0 < (rows["memory.500_devices.settled_mb"] or 0.0) <= whole
    assert "memory.per_device_bytes" in rows
