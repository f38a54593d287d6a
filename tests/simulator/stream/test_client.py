"""The client against a real server that misbehaves."""

import socket

import msgspec
import pytest

from simulator.errors import ServiceError, UsageError
from simulator.stream.client import Client
from tests.simulator.fake_service import FakeService, Fault
from tests.simulator.stream.test_merge import reading, report

PROBLEM = msgspec.json.encode({"type": "x", "title": "Bad Request", "status": 400, "detail": "item 3:\n no metric"})


def test_a_busy_service_is_asked_again_when_it_says(fake: FakeService) -> None:
    """429 and 503 are retried after Retry-After, with some jitter on top."""
    waits: list[float] = []
    fake.faults = [(429, {"Retry-After": "3"}, b""), (503, {"Retry-After": "0"}, b""), (503, {}, b"")]

    with Client(fake.url, sleep=waits.append) as client:
        receipt = client.post_readings([reading(1).reading])

    assert receipt.accepted == 1
    assert len(waits) == 3
    assert 3.0 <= waits[0] <= 3.75
    assert all(wait < 2.0 for wait in waits[1:])


@pytest.mark.parametrize("fault", ["drop", "lose"])
def test_a_lost_connection_is_safe(fake: FakeService, fault: str) -> None:
    """A request whose answer was lost is sent again and changes nothing."""
    with Client(fake.url, sleep=lambda _: None) as client:
        fake.faults = [fault]  # type: ignore[list-item]  # drawn from a list of mixed tuples
        first = client.post_readings([reading(1).reading])
        fake.faults = [fault]  # type: ignore[list-item]  # drawn from a list of mixed tuples
        second = client.post_outcomes([report(2).outcome])

    assert (first.accepted, first.duplicate) == ((1, 0) if fault == "drop" else (0, 1))
    assert (second.accepted, second.duplicate) == ((1, 0) if fault == "drop" else (0, 1))
    assert len(fake.newest) == len(fake.outcome_ids) == 1


def test_retries_end(fake: FakeService) -> None:
    """A service that stays busy is given up, with its own words."""
    fake.faults = [(503, {}, b'{"detail": "disk is full"}')] * 3

    with (
        Client(fake.url, attempts=3, sleep=lambda _: None) as client,
        pytest.raises(ServiceError, match="disk is full"),
    ):
        client.post_readings([reading(1).reading])
    assert fake.faults == []


def test_a_busy_service_is_waited_out_for_minutes(fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    """Far more often than a few times; what is waited for is said once, and only once it takes a while."""
    waits: list[float] = []
    fake.faults = [(503, {"Retry-After": "1"}, b'{"detail": "the disk is full"}')] * 30
    with Client(fake.url, sleep=waits.append) as client:
        assert 1 == client.post_readings([reading(1).reading]).accepted
        fake.faults = [(503, {"Retry-After": "1"}, b"")] * 4
        client.post_readings([reading(2).reading])
        fake.faults = [(429, {"Retry-After": "1"}, b"")]
        client.post_readings([reading(3).reading])

    assert 35 == len(waits)
    assert 60 < sum(waits[:30]) < 300
    said = capsys.readouterr().err
    assert said.endswith("/v1/readings answered 503: the disk is full\n")
    assert said.startswith("waiting, up to 300 s for a request: POST ")
    assert 1 == said.count("\n")


@pytest.mark.parametrize("fault", [(503, {"Retry-After": "1"}, b'{"detail": "disk is full"}'), (429, {}, b""), "drop"])
def test_patience_ends_after_five_minutes_of_waiting(fake: FakeService, fault: Fault) -> None:
    """The line says how long it was; waits are no longer than half a minute and a bit."""
    waits: list[float] = []
    fake.faults = [fault] * 100
    told = r"\(waited (2[5-9]\d|300) s\)"
    with Client(fake.url, sleep=waits.append) as client, pytest.raises(ServiceError, match=told):
        client.post_readings([reading(1).reading])

    assert 300 - 1.25 * 30 <= sum(waits) <= 300
    assert max(waits) <= 1.25 * 30
    assert [] == fake.requests


def test_a_problem_becomes_one_line(fake: FakeService) -> None:
    """A refused request is not repeated; its detail is the error."""
    fake.faults = [(400, {"Content-Type": "application/problem+json"}, PROBLEM)]

    with Client(fake.url) as client, pytest.raises(ServiceError) as caught:
        client.post_readings([reading(1).reading])

    assert str(caught.value) == f"POST {fake.url}/v1/readings answered 400: item 3: no metric"
    assert caught.value.status == 400


def test_nobody_there() -> None:
    """A closed port is an error in one line, after the attempts are used up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with (
            Client(url, attempts=2, sleep=lambda _: None) as client,
            pytest.raises(ServiceError, match="no answer from"),
        ):
            client.evaluation()


def test_waits_until_ready_but_not_forever(fake: FakeService) -> None:
    """503 while starting is waited out; a service that never gets ready is not."""
    starting = b'{"status":"starting","reasons":["replaying the log"]}'
    fake.faults = [(503, {}, starting), "drop"]
    with Client(fake.url, sleep=lambda _: None) as client:
        assert client.wait_ready().status == "ok"

        fake.faults = [(503, {}, starting)]
        with pytest.raises(ServiceError, match="waited 0 s"):
            client.wait_ready(bound_s=0)


def test_waits_for_the_learner(fake: FakeService) -> None:
    """It polls until the learner has folded what was sent, or the bound is reached."""
    with Client(fake.url, sleep=lambda _: None) as client:
        seq = client.post_readings([reading(1).reading]).seq
        assert seq is not None
        fake.lag = 3

        assert client.wait_learned(seq)
        assert fake.lag == 0
        assert not client.wait_learned(seq + 1, bound_s=0)


def test_an_address_is_an_address() -> None:
    """A wrong --url is a usage error."""
    for url in ("nonsense", "ftp://x", "http://"):
        with pytest.raises(UsageError, match="--url"):
            Client(url)
    for port in (-1, 0, 65_536, 99_999):
        with pytest.raises(UsageError, match=f"{port} is no port; ports are 1 to 65535"):
            Client(f"http://127.0.0.1:{port}")
