"""Who watches a service that has keys needs one for reading."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.access.conftest import bearer, create, keys
from tests.api.observing.sse import listening
from tests.service_process import ROOT, ServiceProcess, until


def test_live_stream_ends_with_its_key(keyed: ServiceProcess, keyed_folder: Path, anybody: httpx.Client) -> None:
    """Soon after it is revoked, as a stream ends; who comes again with it is refused. Others listen on."""
    key, other = (create(keyed_folder, name, "read") for name in ("board", "other-board"))
    until(lambda: anybody.get("/v1/devices", headers=bearer(key)).status_code == 200)
    with listening(keyed.url, key=key) as stream, listening(keyed.url, key=other) as lasting:
        next(stream), next(lasting)
        assert 0 == keys("revoke", "board", "--data", str(keyed_folder)).returncode
        assert [] == [event for event in stream if event.kind]
        status = anybody.get("/v1/status", headers=bearer(other)).json()
        assert 1 == status["streams"]["open"]
    with pytest.raises(httpx.HTTPStatusError, match="401"), listening(keyed.url, key=key):
        pass


def test_status_sends_a_key(keyed: ServiceProcess, by_scope: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the variable; without one, with one of another scope, or half of one, a line says what is missing."""
    command = [sys.executable, "-m", "service", "status", "--json", "--url", keyed.url]
    for sent, code, words in (
        (by_scope["read"], 0, ""),
        (by_scope["ingest"], 1, "the service says 403: "),
        (by_scope["read"] + " ", 2, "is no key"),
        (None, 1, "send a key"),
    ):
        monkeypatch.delenv("HEARTHBEAT_KEY", raising=False)
        if sent is not None:
            monkeypatch.setenv("HEARTHBEAT_KEY", sent)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert (code, True) == (done.returncode, words in done.stderr)
        assert sent is None or sent.strip() not in done.stdout + done.stderr
