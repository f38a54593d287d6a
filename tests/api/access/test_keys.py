"""Keys, as who runs and who uses a service meets them."""

import contextlib
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.app import openapi_document
from simulator.__main__ import main
from tests.api.access.conftest import bearer, create, keys
from tests.api.test_readings import reading
from tests.service_process import ROOT, ServiceProcess, until

OPERATIONS = [
    (method, path, operation["security"])
    for path, operations in openapi_document()["paths"].items()
    for method, operation in operations.items()
]
GUARDED = [(method, path, security[0]["key"][0]) for method, path, security in OPERATIONS if security]


def asked(client: httpx.Client, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """Ask an endpoint, with an empty object where it takes a body; of a stream without end only the head."""
    for name, value in {"number": "1", "home_type": "villa", "seq": "1"}.items():
        path = path.replace(f"{{{name}}}", value)
    kind = {"content-type": "application/json"} if method == "post" else {}
    content = b"{}" if method == "post" else None
    with client.stream(method, path, content=content, headers=headers | kind) as answer:
        if not answer.headers["content-type"].startswith("text/event-stream"):
            answer.read()
    return answer


def test_without_a_key_nothing_is_answered(anybody: httpx.Client) -> None:
    """Except that the service lives and is ready; a challenge says what is asked for."""
    for method, path, security in OPERATIONS:
        answer = asked(anybody, method, path, {})
        assert (401 if security else 200) == answer.status_code, (method, path)
        if security:
            assert 'Bearer realm="hearthbeat"' == answer.headers["www-authenticate"]
            assert "/problems/no-key" == answer.json()["type"]
    assert 401 == anybody.get("/schema/openapi.json").status_code


@pytest.mark.parametrize("sent", ["Bearer hb_wrong", "Bearer " + "x" * 5000, "Basic YTpi", "hb_x", "Bearer é"])
def test_what_is_no_key_is_refused_and_not_repeated(anybody: httpx.Client, sent: str) -> None:
    """Whatever it is, it is told to be none, without being shown."""
    answer = anybody.get("/v1/devices", headers=[(b"authorization", sent.encode("latin-1"))])
    assert (401, 'Bearer realm="hearthbeat", error="invalid_token"') == (
        answer.status_code,
        answer.headers["www-authenticate"],
    )
    assert sent.split()[-1] not in answer.text


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED, ids=lambda value: str(value))
def test_a_key_is_good_for_its_scopes_alone(
    anybody: httpx.Client, by_scope: dict[str, str], method: str, path: str, scope: str
) -> None:
    """With the scope an endpoint answers, with both others it says which is missing."""
    for has, key in by_scope.items():
        answer = asked(anybody, method, path, bearer(key))
        assert (403 != answer.status_code != 401) == (has == scope)
        if has != scope:
            assert (scope, "/problems/missing-scope") == (answer.json()["scope"], answer.json()["type"])
            assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]


def test_a_running_service_follows(anybody: httpx.Client, keyed: ServiceProcess, keyed_folder: Path) -> None:
    """A key that is made counts soon, one that is revoked soon no longer, for streams that are open either."""
    made = keys("create", "--data", str(keyed_folder), "--name", "phone", "--scope", "ingest", "--scope", "read")
    assert 0 == made.returncode, made.stderr
    key = made.stdout.strip()
    until(lambda: anybody.get("/v1/devices", headers=bearer(key)).status_code == 200)
    answers: list[Any] = []

    def lines() -> Iterator[bytes]:
        yield json.dumps(reading("streamed", ts="2026-01-01T00:00:00Z")).encode() + b"\n"
        assert 0 == keys("revoke", "phone", "--data", str(keyed_folder)).returncode
        until(lambda: anybody.get("/v1/devices", headers=bearer(key)).status_code == 401)
        yield json.dumps(reading("streamed", ts="2026-01-01T01:00:00Z")).encode() + b"\n"

    head = bearer(key) | {"content-type": "application/x-ndjson"}
    with contextlib.closing(httpx.Client(base_url=keyed.url, timeout=30)) as client:
        answers = [
            json.loads(line) for line in client.post("/v1/readings", content=lines(), headers=head).text.splitlines()
        ]
    assert 1 == answers[0]["accepted"]
    assert (401, "/problems/no-key") == (answers[-1]["status"], answers[-1]["type"])
    listed = keys("list", "--data", str(keyed_folder)).stdout
    assert [["NAME", "phone"]] == [[listed.split()[0], row.split()[0]] for row in listed.splitlines() if "phone" in row]


def test_keys_stand_nowhere(keyed: ServiceProcess, keyed_folder: Path, by_scope: dict[str, str]) -> None:
    """Not in the folder, not in what the service prints; the file of digests is its owner's alone."""
    written = b"".join(path.read_bytes() for path in keyed_folder.rglob("*") if path.is_file())
    assert [] == [key for key in by_scope.values() if key.encode() in written or key in keyed.output()]
    assert 0o600 == stat.S_IMODE((keyed_folder / "keys.json").stat().st_mode)


def test_clients_send_a_key(
    keyed: ServiceProcess, keyed_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the variable; without one, or with half of one, a line says what is missing, and shows nothing of it."""
    arguments = ["simulate", "--homes", "2", "--days", "0.2", "--url", keyed.url]
    key = create(keyed_folder, "simulator", "ingest", "read")
    known = {"Authorization": f"Bearer {key}"}
    until(lambda: httpx.get(f"{keyed.url}/v1/devices", headers=known, timeout=60).is_success)  # it looks once a second
    for sent, status, words in (
        (key, 0, ""),
        (key[:9], 1, "answered 401"),
        (f"{key} ", 2, "is no key"),
        (None, 1, "send a key"),
    ):
        monkeypatch.delenv("HEARTHBEAT_KEY", raising=False)
        if sent is not None:
            monkeypatch.setenv("HEARTHBEAT_KEY", sent)
        ended = 0
        try:
            main(arguments)
        except SystemExit as end:
            ended = int(end.code or 0)
        shown = capsys.readouterr()
        assert (status, True, False) == (ended, words in shown.err, key[:9] in shown.err + shown.out)


@pytest.mark.parametrize(("scope", "words"), [("admin", "says 404"), ("read", "says 403"), (None, "says 401")])
def test_forgetting_takes_a_key(
    keyed: ServiceProcess, by_scope: dict[str, str], monkeypatch: pytest.MonkeyPatch, scope: str | None, words: str
) -> None:
    """From the variable, and it must be for `admin`."""
    monkeypatch.delenv("HEARTHBEAT_KEY", raising=False)
    if scope is not None:
        monkeypatch.setenv("HEARTHBEAT_KEY", by_scope[scope])
    wish = ["--home", "nowhere", "--by", "ada", "--why", "they left", "--url", keyed.url]
    ended = subprocess.run(
        [sys.executable, "-m", "service", "forget", *wish],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (1, True) == (ended.returncode, words in ended.stderr), ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_only_with_a_key_beyond_this_machine(tmp_path: Path, host: str) -> None:
    """Without one the start fails with a line that says how to make it."""
    with pytest.raises(AssertionError, match=r"host: .* there is no key: make one with `hearthbeat keys create"):
        ServiceProcess(tmp_path / "data", "--baseline", "off", "--host", host).start()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_keys_no_web_page_comes_in(client: httpx.Client, headers: dict[str, str]) -> None:
    """An open service is its machine's, not that of pages that a browser there shows."""
    answer = client.post("/v1/readings", content=b"", headers=headers)
    assert (403, "/problems/not-local") == (answer.status_code, answer.json()["type"])


@pytest.mark.parametrize("host", ["localhost:9000", "LOCALHOST", "127.0.0.1", "[::1]:80", "app.localhost:3000"])
def test_without_keys_this_machine_comes_in(client: httpx.Client, host: str) -> None:
    """Under each of its names, also through a tunnel; a key that is sent needlessly does no harm."""
    headers = {"Host": host, "Origin": f"http://{host}", "Authorization": "Bearer hb_whatever"}
    assert 200 == client.get("/v1/devices", headers=headers).status_code
