"""Lanes against a real server: order, back-pressure, errors, and an end without leftovers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.contracts.outcomes import Retraction
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading
from simulator.errors import ServiceError
from simulator.stream.lanes import Lanes
from simulator.stream.merge import Done, Request, in_batches
from tests.service_process import until
from tests.simulator.fake_service import FakeService
from tests.simulator.stream.test_merge import reading_of, report_of

DEVICES = [f"d{n}" for n in range(12)]
Answers = list[tuple[Request[Reading], Receipt]]


def request(second: int, lane: int = 0) -> Request[Reading]:
    timed = reading_of(second, "h", f"d{lane}")
    return Request(since=timed.at, at=timed.at, lane=lane, readings=[timed.reading])


def lane_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("lane-")]


@contextmanager
def sending(lanes: Lanes[Reading], requests: list[Request[Reading]]) -> Iterator[list[int]]:
    """Send in a thread of its own; gives the numbers of those that found room so far."""
    sent: list[int] = []

    def send() -> None:
        for number, one in enumerate(requests):
            lanes.send(one)
            sent.append(number)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        thread.join(30)
        assert not thread.is_alive()


def test_each_device_arrives_in_order(fake: FakeService) -> None:
    """Through four lanes, with faults: no reading is late, no outcome comes before what was sent before it."""
    readings = [reading_of(second, "h", DEVICES[second % 12]) for second in range(600)]
    reports = [report_of(second, f"o{second}", "h", DEVICES[second % 12]) for second in range(5, 600, 50)]
    fake.faults = ["drop", (503, {"Retry-After": "0"}, b""), "drop", (429, {"Retry-After": "0"}, b"")]
    answers: Answers = []

    with Lanes[Reading](fake.url, 4, lambda *answer: answers.append(answer)) as lanes:
        for one in in_batches(readings, reports, 7, done=[Done() for _ in range(4)]):
            lanes.send(one)
        lanes.finish()

    assert {0, 1, 2, 3} == {answered.lane for answered, _ in answers}
    assert 600 + len(reports) == sum(receipt.accepted for _, receipt in answers)
    newest: dict[str, float] = {}
    for path, body in fake.requests:
        for item in body:
            assert not isinstance(item, Retraction)
            if path == "/v1/readings":
                assert item.ts.timestamp() > newest.get(item.device_id, -1.0)
                newest[item.device_id] = item.ts.timestamp()
            else:
                assert item.ts.timestamp() == newest[item.device_id]
    assert [] == lane_threads()


def test_a_slow_service_slows_the_stream_down(fake: FakeService) -> None:
    """No more than three requests of a lane are taken; the fourth waits for the first answer."""
    fake.gate.clear()
    with Lanes[Reading](fake.url, 1, lambda *_: None) as lanes:
        with sending(lanes, [request(second) for second in range(20)]) as sent:
            until(lambda: fake.arrived == 1 and len(sent) == 3)
            assert [] == fake.requests
            fake.gate.set()
        lanes.finish()
    assert 20 == len(fake.readings())


def test_no_lane_is_left_behind(fake: FakeService) -> None:
    """What is on its way spans no more than the window of event time."""
    fake.gate.clear()
    with Lanes[Reading](fake.url, 2, lambda *_: None, window_us=10_000_000) as lanes:
        with sending(lanes, [request(0, 0), request(10, 1), request(11, 1)]) as sent:
            until(lambda: fake.arrived == 2 and len(sent) == 2)
            assert [] == fake.requests
            fake.gate.set()
        lanes.finish()
    assert 3 == len(fake.readings())


def test_the_first_error_ends_the_stream(fake: FakeService) -> None:
    """In one line, whichever lane it met; nothing more is sent, and no lane is left."""
    fake.faults = [(400, {}, b'{"detail": "no such metric"}')]
    with Lanes[Reading](fake.url, 2, lambda *_: None) as lanes:
        lanes.send(request(1, 0))
        with pytest.raises(ServiceError, match="no such metric"):
            lanes.finish()
    with pytest.raises(ServiceError, match="no such metric"):
        lanes.rest(60.0)
    assert [] == fake.requests
    assert [] == lane_threads()


def test_what_all_lanes_wait_for_is_said_once(
    fake: FakeService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by each lane."""
    monkeypatch.setattr("simulator.stream.client._SILENT_S", 0.0)
    fake.faults = [(503, {"Retry-After": "0"}, b'{"detail": "full"}')] * 3
    with Lanes[Reading](fake.url, 3, lambda *_: None) as lanes:
        for lane in range(3):
            lanes.send(request(1, lane))
        lanes.finish()
    assert 3 == len(fake.readings())
    assert 1 == capsys.readouterr().err.count("answered 503: full\n")


def test_a_wait_may_be_longer_than_the_system_counts(fake: FakeService) -> None:
    """And ends all the same as soon as a lane has failed."""
    fake.faults = [(400, {}, b'{"detail": "no such metric"}')]
    fake.gate.clear()
    with Lanes[Reading](fake.url, 1, lambda *_: None) as lanes:
        lanes.send(request(1))
        threading.Timer(0.1, fake.gate.set).start()
        with pytest.raises(ServiceError, match="no such metric"):
            lanes.rest(1e15)


def test_leaving_early_finishes_what_is_on_its_way(fake: FakeService) -> None:
    """The request whose answer is due is counted; those that were queued are not sent."""
    fake.gate.clear()
    answers: Answers = []
    leaving = threading.Thread(target=fake.gate.set)
    with Lanes[Reading](fake.url, 1, lambda *answer: answers.append(answer)) as lanes:
        for second in range(3):
            lanes.send(request(second))
        until(lambda: fake.arrived == 1)
        leaving.start()
    leaving.join(30)
    assert len(fake.readings()) == len(answers) >= 1
    assert [] == lane_threads()


def test_leaving_does_not_wait_for_ever(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that does not answer is left, and what it answers later is not counted."""
    monkeypatch.setattr("simulator.stream.lanes._PATIENCE_S", 0.05)
    fake.gate.clear()
    answers: Answers = []
    with Lanes[Reading](fake.url, 1, lambda *answer: answers.append(answer)) as lanes:
        lanes.send(request(1))
        until(lambda: fake.arrived == 1)
    assert 1 == len(lane_threads())
    fake.gate.set()
    until(lambda: not lane_threads())
    assert [] == answers


def test_leaving_does_not_wait_for_a_retry(fake: FakeService) -> None:
    """A lane that waits out a busy service is stopped in its wait."""
    fake.faults = [(503, {"Retry-After": "30"}, b"")]
    with Lanes[Reading](fake.url, 1, lambda *_: None) as lanes:
        lanes.send(request(1))
        until(lambda: not fake.faults)
    assert [] == lane_threads()
    assert [] == fake.requests
