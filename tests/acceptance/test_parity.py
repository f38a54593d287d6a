"""The service in lock-step, over HTTP, against a bare loop over River in this process."""

import math
from pathlib import Path

import httpx
import pytest

from service.models.committee import ONLINE
from tests.acceptance.bare_river import MEMBERS, BareRiver
from tests.acceptance.streams import HORIZON, HORIZON_US, body, fleet_requests, path
from tests.service_process import ServiceProcess


def _log_odds(risk: float) -> float:
    return math.log(risk / (1.0 - risk))


@pytest.mark.timeout(300)
def test_service_gives_the_risks_of_bare_river(tmp_path: Path) -> None:
    """Every River member's risk for every reading equals the bare loop's, to 1e-12, from the first example on."""
    assert {*MEMBERS} == ONLINE
    bare = BareRiver(HORIZON_US)
    compared = dict.fromkeys(MEMBERS, 0)
    worst = 0.0
    with (
        ServiceProcess(tmp_path / "data", "--lockstep", "--horizon", HORIZON, "--baseline", "off") as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        for request in fleet_requests(8, 2.5, seed=5):
            answer = client.post(path(request), content=body(request), params={"members": "true"}).json()
            assert answer["refused"] == 0
            if not request.readings:
                bare.outcomes(request.outcomes)
                continue
            assert len(request.readings) == answer["accepted"]
            expected = bare.readings(answer["seq"], request.readings)
            for mine, theirs in zip(expected, answer["risks"], strict=True):
                given = {part["member"]: part["risk"] for part in theirs["members"] if part["member"] in MEMBERS}
                assert set(mine) == set(given)
                for member, log_odds in mine.items():
                    risk = 1.0 / (1.0 + math.exp(-log_odds))
                    worst = max(worst, abs(risk - given[member]))
                    compared[member] += 1
    assert bare.learned > 300
    assert min(compared.values()) > 1000
    assert worst <= 1e-12
