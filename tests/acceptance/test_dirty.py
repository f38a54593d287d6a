"""A dirty fleet against a real service: bad items are its daily bread, not an error."""

import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from service.pipeline.instants import FUTURE_US
from simulator.arrays import HOUR_S, SECOND
from simulator.blocks import Block, join_blocks
from simulator.fleet import Fleet
from simulator.scenarios import Changes, Dirt, LabelOutage, Outage
from simulator.stream.merge import in_batches
from simulator.stream.readings import timed_readings
from tests.acceptance.streams import body, path
from tests.service_process import ServiceProcess

WORST = Changes(
    dirt=Dirt(begin=0.1, missing=0.2, duplicate=0.1, out_of_order=0.05, wrong_clock=0.1, stuck=0.2, absurd=0.05),
    outage=Outage(home_type="apartment", begin=0.3, end=0.5, backfill_h=2.0),
    label_outage=LabelOutage(begin=0.3, end=0.5),
)
STATUSES = ("accepted", "duplicate", "late", "refused")


def _expected(arrived: Block, devices: int, latest_us: int) -> Counter[str]:
    """What becomes of each reading by the rules alone: dated in the future, known, older than known, or new."""
    newest = np.zeros(devices, dtype=np.int64)
    counts: Counter[str] = Counter()
    for device, ts in zip(arrived.device.tolist(), arrived.ts.tolist(), strict=True):
        if ts > latest_us:
            counts["refused"] += 1
        elif ts <= newest[device]:
            counts["duplicate" if ts == newest[device] else "late"] += 1
        else:
            counts["accepted"] += 1
            newest[device] = ts
    return counts


def test_everything_sent_of_a_dirty_fleet_is_answered_for(tmp_path: Path) -> None:
    """No request fails; every reading is accepted, repeated, late or refused as ``future``, as the rules have it.

    Batches are cut at reports, each sent once the one before is answered; within one, the service takes readings in
    order of time, so some that are out of order for the rules are not for it.
    """
    end = int(time.time()) * SECOND
    fleet = Fleet(200, 5, end - 12 * HOUR_S * SECOND, end, failure_rate=4.0, changes=WORST)
    arrived = join_blocks(list(fleet.deliveries()))
    expected = _expected(arrived, len(fleet.devices), end + FUTURE_US)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    told: Counter[str] = Counter()
    sent = 0
    with (
        ServiceProcess(tmp_path / "data", "--baseline", "off") as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        for request in in_batches(timed_readings(fleet), fleet.reports(), 500):
            answer = client.post(path(request), content=body(request), headers={"content-type": "application/json"})
            assert 200 == answer.status_code, answer.text
            receipt = answer.json()
            (counts if request.readings else told).update({status: receipt[status] for status in STATUSES})
            if request.readings:
                sent += len(request.readings)
                reasons.update(refusal["reason"] for refusal in receipt["refusals"])
        assert "ok" == service.get("/health/ready")["status"]
    assert len(fleet.reports()) == told.total()
    assert sent == counts.total() == expected.total() > 20_000
    assert reasons["future"] == reasons.total() == counts["refused"]
    # The service's clock goes on meanwhile, so that some come to lie no longer in its future.
    assert 0 < np.count_nonzero(arrived.ts > end + 3 * FUTURE_US) <= counts["refused"] <= expected["refused"]
    assert min(counts[status] for status in STATUSES) > 0
    assert abs(counts["accepted"] - expected["accepted"]) < 0.005 * sent
