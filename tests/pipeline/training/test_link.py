"""The line to the trainer, whatever sits at its other end."""

import sys
import threading
from pathlib import Path

import pytest

from service.contracts.checkpoints import Progress
from service.pipeline.training import link as link_module
from service.pipeline.training.link import TrainerLink
from tests.jobs.training.stores import order_for, villa
from tests.service_process import until

ECHO = """
import sys
from service.contracts.checkpoints import Progress, TrainingReport, encode_message
from service.pipeline.link import read_frame, write_frame
while read_frame(sys.stdin.buffer) is not None:
    write_frame(sys.stdout.buffer, encode_message(Progress(home_type="villa", stage="fitting", share=0.5)))
    write_frame(sys.stdout.buffer, encode_message(TrainingReport(results=[], fault=None)))
"""


def idle(link: TrainerLink) -> bool:
    return link.pid is None


def linked(script: str) -> TrainerLink:
    return TrainerLink([sys.executable, "-c", script])


def test_one_process_for_many_orders(tmp_path: Path) -> None:
    """It is started for the first, told of as it works, and kept for the next."""
    link, told = linked(ECHO), list[Progress]()
    order = order_for(tmp_path / "examples.db", tmp_path, villa())
    assert idle(link)
    assert link.train(order, told.append).fault is None
    first = link.pid
    assert first is not None
    assert link.train(order, told.append).fault is None
    assert first == link.pid
    assert ["fitting", "fitting"] == [progress.stage for progress in told]
    link.stop()
    assert idle(link)


def test_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trainer that has had nothing to do for a while is ended; the next order starts another."""
    link = linked(ECHO)
    order = order_for(tmp_path / "examples.db", tmp_path, villa())
    link.train(order, lambda _: None)
    first = link.pid
    link.rest()
    assert first == link.pid
    monkeypatch.setattr(link_module, "_REST_AFTER_S", -1.0)
    link.rest()
    assert idle(link)
    assert link.train(order, lambda _: None).fault is None
    assert link.pid not in (None, first)
    link.stop()


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("import sys; sys.exit(4)", "the trainer ended with status 4"),
        ("import sys; sys.stdin.buffer.read(9); sys.stdout.buffer.write(bytes([2, 0, 0, 0, 193, 193]))", "spoken to"),
        ("import sys; sys.stdin.buffer.read(9); sys.stdout.buffer.write(bytes([9, 0, 0, 0, 1]))", "status 0"),
    ],
    ids=["ends", "talks rubbish", "ends in mid-word"],
)
def test_a_trainer_that_is_none(tmp_path: Path, script: str, fault: str) -> None:
    """Each is a report with a fault, and the next order finds a line that works."""
    link = linked(script)
    report = link.train(order_for(tmp_path / "examples.db", tmp_path, villa()), lambda _: None)
    assert [] == report.results
    assert fault in str(report.fault) or "spoken to" in str(report.fault)  # by when the pipe breaks
    link._command = [sys.executable, "-c", ECHO]
    assert link.train(order_for(tmp_path / "examples.db", tmp_path, villa()), lambda _: None).fault is None
    link.stop()


def test_stop_in_mid_training(tmp_path: Path) -> None:
    """Whoever waits for a report gets one; after that nothing is started any more."""
    link = linked("import sys; sys.stdin.read()")
    order = order_for(tmp_path / "examples.db", tmp_path, villa())
    reports = list[str | None]()
    waiting = threading.Thread(target=lambda: reports.append(link.train(order, lambda _: None).fault))
    waiting.start()
    until(lambda: not idle(link))
    link.stop()
    waiting.join(30)
    assert not waiting.is_alive()
    assert ["the service is stopping"] == reports
    assert "the service is stopping" == link.train(order, lambda _: None).fault
