"""The desk with the real trainer: what becomes of a training, however it ends."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.contracts.errors import Busy, Unavailable
from service.contracts.events import Act, CheckpointPublished, TrainingAsked, TrainingEnded
from service.pipeline.publication import Publication, TrainingDue
from tests.pipeline.training.desk import Office
from tests.service_process import until

TRAINER = [sys.executable, "-m", "service", "trainer"]
VILLA = TrainingDue(home_type="villa", why="its time has come")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, TRAINER)
    yield office
    office.close()


def test_what_is_due_is_trained_and_published(office: Office) -> None:
    """The home type's and the global one in one job; each is loaded before its event is logged, and serves."""
    job = office.train(TrainingDue(home_type=None, why="much has matured"), VILLA)
    assert ("done", "schedule") == (job.state, job.by)
    assert "its time has come; much has matured" == job.why
    assert [(None, "published", 2), ("villa", "published", 2)] == [
        (each.home_type, each.state, each.version) for each in job.targets
    ]
    of_fleet, of_villa = office.events()
    assert isinstance(of_fleet, CheckpointPublished)
    assert isinstance(of_villa, CheckpointPublished)
    assert (None, "villa", job.job) == (of_fleet.home_type, of_villa.home_type, of_villa.job)
    assert of_villa.trained_to_seq > 200
    assert ["checkpoint-2.npz", "checkpoint-2@villa.npz"] == office.names()
    assert {of_fleet.sha256, of_villa.sha256} == office.ingest.fleet.versions.in_force()
    assert office.ingest.panel.has(of_villa.sha256)


def test_what_was_just_done_is_not_due(office: Office) -> None:
    """A learner that has not heard of a training yet still calls it due; it is not trained once more for that."""
    office.ingest.panel.install(Publication(seq=1, models={}, home_types=[], due=[VILLA]))
    done = office.train(VILLA)
    assert [done] == [office.train(VILLA)]
    assert 1 == len(office.desk.jobs())
    office.ingest.panel.install(Publication(seq=office.log.last_seq(), models={}, home_types=[], due=[VILLA]))
    office.train(VILLA)
    assert 2 == len(office.desk.jobs())


def test_a_wish_is_logged_before_it_waits(office: Office) -> None:
    """Who and why stand in the log at once, and then with what came of it."""
    asked = office.desk.ask(["villa"], "ada", "to see")
    assert ("waiting", None) == (asked.state, asked.started_at)
    (wish,) = office.events()
    assert isinstance(wish, TrainingAsked)
    assert (asked.job, "villa", "ada", "to see") == (wish.job, wish.home_type, wish.by, wish.why)
    job = office.train()
    assert (asked.job, "done") == (job.job, job.state)
    published = office.events()[-1]
    assert isinstance(published, CheckpointPublished)
    assert ("ada", "to see: there is no present version to compare with") == (published.by, published.why)
    assert job == office.desk.job(asked.job)
    assert office.desk.job("another") is None


def test_too_many_wishes(office: Office) -> None:
    """Further ones are told to come back, and are not logged."""
    for _ in range(16):
        office.desk.ask([None], "ada", "to see")
    with pytest.raises(Busy):
        office.desk.ask([None], "ada", "to see")
    assert 16 == len(office.events()) == len(office.desk.jobs())


def test_too_few_positives(tmp_path: Path) -> None:
    """It ends without a version, says how many there are, and leaves the number for the next."""
    office = Office(tmp_path, TRAINER, hours=60)
    job = office.train(VILLA)
    (target,) = job.targets
    assert ("done", "too_few", None) == (job.state, target.state, target.version)
    assert "300 are needed" in (target.reason or "")
    (event,) = office.events()
    assert isinstance(event, TrainingEnded)
    assert ("too_few", 0, "") == (event.outcome, event.version, event.file)
    assert [] == office.names()
    assert 2 == office.ingest.fleet.versions.next_number("villa")
    office.close()


def test_trainer_killed_in_mid_fit(office: Office) -> None:
    """The training has failed, which the log says; nothing is left behind, and the next one is whole."""
    office.desk.ask(["villa"], "ada", "to see")
    work = threading.Thread(target=office.train)
    work.start()
    until(lambda: office.desk.jobs()[0].targets[0].stage == "fitting" or not work.is_alive())
    pid = office.link.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    work.join(60)
    job = office.desk.jobs()[0]
    assert ("failed", "failed", "the trainer ended with status -9") == (
        job.state,
        job.targets[0].state,
        job.targets[0].reason,
    )
    event = office.events()[-1]
    assert isinstance(event, TrainingEnded)
    assert ("failed", "ada") == (event.outcome, event.by)
    assert ([], None) == (office.names(), office.link.pid)
    assert [("published", 2)] == [(each.state, each.version) for each in office.train(VILLA).targets]


def test_finished_part_of_a_failed_training_is_removed(tmp_path: Path) -> None:
    """A trainer that dies between two targets has written a file which no event names."""
    script = (
        "import sys; from pathlib import Path; from service.pipeline.link import read_frame;"
        "from service.contracts.checkpoints import decode_order;"
        "models = Path(decode_order(read_frame(sys.stdin.buffer)).models);"
        "(models / 'checkpoint-2@villa.npz').write_bytes(b'whole'); (models / '.checkpoint-2.npz.1').write_bytes(b'');"
        "sys.exit(3)"
    )
    office = Office(tmp_path, [sys.executable, "-c", script])
    job = office.train(VILLA, TrainingDue(home_type=None, why="much has matured"))
    assert ["the trainer ended with status 3"] * 2 == [each.reason for each in job.targets]
    assert [] == office.names()
    office.close()


def test_a_file_that_is_damaged_before_it_is_loaded(tmp_path: Path) -> None:
    """What the trainer says of a file is not believed."""
    script = (
        "import sys; from pathlib import Path; from service.pipeline.link import read_frame, write_frame;"
        "from service.contracts.checkpoints import decode_order, encode_message, TrainingReport, TrainingResult;"
        "models = Path(decode_order(read_frame(sys.stdin.buffer)).models);"
        "(models / 'checkpoint-2@villa.npz').write_bytes(b'rubbish');"
        "done = TrainingResult(home_type='villa', number=2, outcome='published', reason='', "
        "file='checkpoint-2@villa.npz', sha256='0' * 64);"
        "write_frame(sys.stdout.buffer, encode_message(TrainingReport(results=[done]))); sys.stdin.read()"
    )
    office = Office(tmp_path, [sys.executable, "-c", script])
    (target,) = office.train(VILLA).targets
    assert ("failed", True) == (target.state, "does not match its SHA-256" in (target.reason or ""))
    assert [] == office.names()
    office.close()


def test_a_full_queue_does_not_waste_a_training(office: Office) -> None:
    """The event is put down as soon as there is room."""
    refusals = [Busy("full"), Busy("full")]

    def submit(act: Act) -> None:
        if refusals:
            raise refusals.pop()
        office.submit(act)

    assert ["published"] == [each.state for each in office.train(VILLA, submit=submit).targets]
    assert 1 == len(office.events())


def test_an_event_that_cannot_be_logged(office: Office) -> None:
    """The training has failed, its file is gone, and its number is free again."""

    def submit(act: Act) -> None:
        raise Unavailable("no space left")

    job = office.train(VILLA, submit=submit)
    assert ("failed", "it could not be logged: no space left") == (job.state, job.targets[0].reason)
    assert job.ended_at is not None
    assert [] == office.names()
    assert [2] == [each.version for each in office.train(VILLA).targets]


def test_stopping_ends_a_training(office: Office) -> None:
    """The trainer is killed, the job ends, and nothing is trained any more."""
    office.desk.ask(["villa"], "ada", "to see")
    work = threading.Thread(target=office.train)
    work.start()
    until(lambda: office.desk.jobs()[0].targets[0].stage is not None)
    office.desk.stop()
    work.join(60)
    assert not work.is_alive()
    assert ["the service is stopping"] == [each.reason for each in office.desk.jobs()[0].targets]
    assert ["the service is stopping"] == [each.reason for each in office.train(VILLA).targets]
    assert office.link.pid is None
