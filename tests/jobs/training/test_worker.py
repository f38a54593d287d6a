"""The trainer as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.contracts.checkpoints import Progress, TrainingOrder, TrainingReport, decode_message, encode_order
from service.pipeline.link import read_frame, write_frame
from tests.jobs.training.stores import fill, lived, order_for, villa
from tests.service_process import ROOT

Trainer = subprocess.Popen[bytes]


@pytest.fixture
def trainer() -> Iterator[Trainer]:
    command = [sys.executable, "-m", "service", "trainer"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def send(trainer: Trainer, payload: bytes) -> None:
    assert trainer.stdin is not None
    write_frame(trainer.stdin, payload)


def receive(trainer: Trainer) -> Progress | TrainingReport:
    assert trainer.stdout is not None
    frame = read_frame(trainer.stdout)
    assert frame is not None
    return decode_message(frame)


def report_of(trainer: Trainer, order: TrainingOrder) -> TrainingReport:
    send(trainer, encode_order(order))
    while not isinstance(message := receive(trainer), TrainingReport):
        pass
    return message


def test_orders_one_after_the_other(trainer: Trainer, tmp_path: Path) -> None:
    """Each is reported, what is no order too; the same one gives the same file, and the end of input is the end."""
    store = fill(tmp_path / "examples.db", lived("villa", hours=120))
    order = order_for(store, tmp_path, villa())
    send(trainer, b"no order")
    fault = receive(trainer)
    one, two = report_of(trainer, order), report_of(trainer, order)

    assert isinstance(fault, TrainingReport)
    assert (fault.fault or "").startswith("not an order: ")
    assert one == two
    assert ["published"] == [result.outcome for result in one.results]
    assert os.getpriority(os.PRIO_PROCESS, trainer.pid) >= 10
    assert trainer.stdin is not None
    trainer.stdin.close()
    assert 0 == trainer.wait(30)


def test_killed_in_mid_training(trainer: Trainer, tmp_path: Path) -> None:
    """No file has come into the folder, and the next trainer does the same work."""
    store = fill(tmp_path / "examples.db", lived("villa", hours=120))
    send(trainer, encode_order(order_for(store, tmp_path / "models", villa())))
    while not (isinstance(message := receive(trainer), Progress) and message.stage == "fitting"):
        pass
    trainer.kill()
    trainer.wait(30)

    assert [] == list(tmp_path.glob("models/*"))


def test_river_is_not_loaded() -> None:
    """The trainer learns in batch; River and its 60 MB stay where they are needed."""
    code = "import sys, service.jobs.training.worker; print([n for n in ('river', 'simulator') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()
