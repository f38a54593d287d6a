"""The README's tour, as a newcomer would type it."""

import re
import subprocess
from pathlib import Path

from tests.service_process import ROOT, ServiceProcess


def _tour() -> list[str]:
    text = (ROOT / "README.md").read_text().split("## Five minutes with curl")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [block for block in blocks if ".venv/bin/hearthbeat" not in block]


def test_every_command_of_the_tour_works(tmp_path: Path) -> None:
    """In order, against a fresh service: no problem is answered, the failure shows, and in the end it is withdrawn."""
    script = "set -euo pipefail\n" + "\n".join(_tour())
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        script = script.replace("localhost:8000", service.url.removeprefix("http://"))
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
        device = service.get("/v1/homes/home-17/devices/sensor.kitchen")
    assert (0, "") == (done.returncode, done.stderr)
    assert "/problems/" not in done.stdout
    assert 1 == done.stdout.count('"state":"failed"')
    assert ("ok", 3) == (device["state"], device["readings"])
