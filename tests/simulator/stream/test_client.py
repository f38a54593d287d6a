"""The client against a real server that misbehaves."""

import socket

import msgspec
import pytest

from simulator.errors import ServiceError, UsageError
from simulator.stream.client import Client
from tests.simulator.fake_service import FakeService
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
