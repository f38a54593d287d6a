"""What a hostile or clumsy client can do, and must not achieve."""

import contextlib
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.test_readings import reading
from tests.service_process import ServiceProcess

DEEP = '{"x":' + "[" * 5000 + "]" * 5000 + ',"kind":"failure"}'


def test_many_half_sent_bodies_do_not_silence_the_service(service: ServiceProcess) -> None:
    """Hundreds of connections that never finish leave the others unharmed."""
    where = urlsplit(service.url)
    head = b"POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            connection = stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=10))
            connection.sendall(head)
        assert 200 == httpx.get(service.url + "/health/live", timeout=10).status_code
        assert 1 == service.post("/v1/readings", reading("crowd"))["accepted"]


def test_deep_nesting_is_a_problem(client: httpx.Client) -> None:
    """As a body and as a line; other lines are taken."""
    assert 400 == client.post("/v1/outcomes", content=DEEP).status_code
    answer = client.post("/v1/outcomes", content=DEEP + "\n{}\n", headers={"content-type": "application/x-ndjson"})
    receipts = [json.loads(line) for line in answer.text.splitlines()]
    assert 2 == sum(receipt["refused"] for receipt in receipts)


@pytest.mark.parametrize("ts", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2126-01-01T00:00:00Z"])
def test_absurd_instants_are_refused_everywhere(client: httpx.Client, ts: str) -> None:
    """No clock of a client can move the service out of its century."""
    client.post("/v1/readings", json=reading("absurd"))
    question = reading("absurd", ts=ts)
    failed = {"kind": "failure", "outcome_id": f"absurd-{ts}", "home_id": "absurd", "device_id": "d", "ts": ts}
    answers = [
        client.post("/v1/readings", json=reading("absurd", ts=ts)),
        client.post("/v1/outcomes", json=failed),
        client.post("/v1/predict", json=question),
        client.post("/v1/advance", json={"to": ts}),
    ]
    assert [422] * 4 == [answer.status_code for answer in answers]
    assert 200 == client.get("/v1/home-types").status_code


def test_device_types_are_limited(client: httpx.Client) -> None:
    """Each widens every row, so there is a limit; those beyond it are refused one by one."""
    items = [reading("kinds", device=f"d{n}", home_type="kinds", device_type=f"kind-{n}") for n in range(100)]
    receipt = client.post("/v1/readings", json=items).json()
    assert (64, 36) == (receipt["accepted"], receipt["refused"])
    assert {"limit"} == {refusal["reason"] for refusal in receipt["refusals"]}


@pytest.mark.parametrize("name", ["a//b", "a/", "/a", "//"])
def test_device_ids_that_no_path_can_name_are_refused(client: httpx.Client, name: str) -> None:
    """A slash may only stand between other characters: what is stored must be found."""
    answer = client.post("/v1/readings", json=reading("odd", device=name))
    assert (422, "device_id") == (answer.status_code, answer.json()["field"])


@pytest.mark.parametrize("name", [".", "..", "a/../b", "%2F", "a/b/c"])
def test_odd_device_ids_answer_for_themselves(client: httpx.Client, name: str) -> None:
    """Whatever a device is called, it is found under that name, and no other is."""
    client.post("/v1/readings", json=[reading("odd", device=name), reading("odd", device="a/b")])
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    device = client.get(f"/v1/homes/odd/devices/{quoted}")
    assert (200, name) == (device.status_code, device.json()["device_id"])


@pytest.mark.parametrize("path", ["/v1/advance", "/v1/predict", "/v1/readings", "/v1/outcomes"])
def test_only_what_is_promised_is_read(client: httpx.Client, path: str) -> None:
    """Other media types and encodings are told to be so."""
    for headers in ({"content-type": "text/plain"}, {"content-encoding": "gzip"}):
        answer = client.post(path, content=b"{}", headers={"content-type": "application/json"} | headers)
        assert 415 == answer.status_code


def test_baseline_that_is_none_leaves_the_folder_usable(tmp_path: Any) -> None:
    """A wrong file is named and not taken over."""
    wrong = tmp_path / "wrong.npz"
    wrong.write_bytes(b"nonsense")
    with pytest.raises(AssertionError, match=r"wrong\.npz is no baseline"):
        ServiceProcess(tmp_path / "data", "--baseline", str(wrong)).start()
    assert not (tmp_path / "data" / "models" / "baseline-1.npz").exists()


def test_one_folder_one_service(tmp_path: Any) -> None:
    """A second service on the same folder is refused while the first runs."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as first:
        second = ServiceProcess(tmp_path / "data", "--baseline", "off")
        second._output = tmp_path / "second.log"
        with pytest.raises(AssertionError, match="in use by another service"):
            second.start()
        assert 1 == first.post("/v1/readings", reading("one"))["accepted"]


def test_localhost_by_name(tmp_path: Any) -> None:
    """Addresses may be names."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off", "--host", "localhost") as service:
        assert 200 == httpx.get(service.url + "/health/live").status_code
