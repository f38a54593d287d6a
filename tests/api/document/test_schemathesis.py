"""schemathesis against the running service, over the OpenAPI document that it serves: all checks on every operation.

The live stream alone is left out: it has no end, and tests of its own. No check is disabled. One is told of a status
more: what the schema allows may be refused with 422 for its meaning, and a check of ours holds that it is for nothing
else.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from service.contracts.access import SCOPES
from service.models.artifact import Manifest, to_arrays
from service.models.compiled import ForestBuilder
from service.storage.keys import KeyFile
from service.storage.registry import save_arrays
from tests.api.test_readings import reading
from tests.service_process import ROOT, ServiceProcess

CONFIGURATION = """
continue-on-failure = true
request-timeout = 60.0
suppress-health-check = ["all"]

[generation]
deterministic = true

# Nothing else makes a request depend on what was answered before it, in which there are instants and ids.
[phases.fuzzing]
extra-data-sources = { responses = RESPONSES }
error-feedback = { enabled = RESPONSES }

[checks]
positive_data_acceptance = { expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 422, 429, "5xx"] }

[warnings]
fail-on = ["missing_auth", "missing_deserializer", "unsupported_regex", "unused_openapi_auth"]

[dictionaries]
types = { values = ["apartment", "global"] }
homes = { values = ["home-1"] }
devices = { values = ["sensor.kitchen"] }
numbers = { values = [2, 3] }
events = { values = [FORGOTTEN] }

[parameters]
"path.home_type" = { dictionary = "types", probability = 0.5 }
"query.home_type" = { dictionary = "types", probability = 0.5 }
"path.home_id" = { dictionary = "homes", probability = 0.5 }
"query.home_id" = { dictionary = "homes", probability = 0.5 }
"path.device_id" = { dictionary = "devices", probability = 0.5 }
"path.number" = { dictionary = "numbers", probability = 0.5 }
"query.a" = { dictionary = "numbers", probability = 0.5 }
"query.b" = { dictionary = "numbers", probability = 0.5 }
"path.seq" = { dictionary = "events", probability = 0.5 }
"""


def checkpoint(path: Path) -> bytes:
    """A checkpoint's file: one tree over a metric of the examples in the document."""
    builder = ForestBuilder()
    builder.begin_tree(1.0)
    root = builder.branch(0, 50.0)
    builder.join(root, builder.leaf(0.3), builder.leaf(0.01), missing_left=False)
    manifest = Manifest(
        kind="random_forest", home_type="apartment", features=["battery_pct"], metrics=["battery_pct"],
        horizon_s=86_400.0, samples=10, positives=1, shift=0.0, seed=1, made_with={},
    )  # fmt: skip
    forest = builder.build(manifest.features)
    save_arrays(path, to_arrays(forest), msgspec.json.encode(manifest))
    return path.read_bytes()


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("examples", [4, pytest.param(150, marks=pytest.mark.long)], ids=["few", "many"])
@pytest.mark.parametrize("keyed", [False, True], ids=["open", "keyed"])
def test_the_service_keeps_its_document(tmp_path: Path, keyed: bool, examples: int) -> None:
    """Whatever is sent, each answer is one that the document promises for it; open to its machine, and with keys."""
    folder = tmp_path / "data"
    headers = {"Authorization": f"Bearer {KeyFile(folder).create('all', SCOPES, datetime.now(UTC))}"} if keyed else {}
    with ServiceProcess(folder, "--baseline", "off") as service:
        with httpx.Client(base_url=service.url, headers=headers, timeout=60) as client:
            forgotten = prepare(client, checkpoint(tmp_path / "checkpoint.npz"))
        configuration = CONFIGURATION.replace("FORGOTTEN", str(forgotten))
        configuration = configuration.replace("RESPONSES", "true" if examples > 100 else "false")
        (tmp_path / "schemathesis.toml").write_text(configuration)
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"]
        command += [service.url + "/schema/openapi.json", "--no-color", "--exclude-path", "/v1/stream"]
        command += ["--max-examples", str(examples), *(f"--header={name}: {said}" for name, said in headers.items())]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.document.hooks"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr
        assert "Selected: 31/32" in done.stdout
        assert 200 == httpx.get(service.url + "/health/ready").status_code
    assert "a request failed by a defect" not in service.output()


def prepare(client: httpx.Client, file: bytes) -> int:
    """Something to be asked for: devices, versions of a checkpoint, a home forgotten by the event that is returned."""
    by = {"by": "ada", "why": "to see"}
    ago = range(100, 0, -20)
    items = [reading(home, minutes_ago=minutes) for minutes in ago for home in ("home-1", "home-2")]
    answers = [client.post("/v1/readings", json=items)]
    for _ in range(2):
        headers = {"Content-Type": "application/octet-stream"}
        answers.append(client.post("/v1/models/apartment/versions", params=by, content=file, headers=headers))
    answers.append(client.post("/v1/models/apartment/rollback", json=by | {"version": 2}))
    answers.append(client.post("/v1/forget", json=by | {"home_id": "home-2"}))
    assert [200, 201, 201, 200, 200] == [answer.status_code for answer in answers], [each.text for each in answers]
    seq: int = answers[-1].json()["seq"]
    return seq
