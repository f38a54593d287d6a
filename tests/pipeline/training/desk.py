"""A desk with the real trainer, over a log in memory and a training store of a small world."""

from collections.abc import Callable
from pathlib import Path

from service.contracts.events import Act, Event
from service.contracts.jobs import JobDetail
from service.contracts.readings import Reading
from service.pipeline.publication import Publication, TrainingDue
from service.pipeline.records import decode_record
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.training.acts import ModelActs
from service.pipeline.training.desk import Desk, Trainings
from service.pipeline.training.files import ModelFiles
from service.pipeline.training.link import TrainerLink
from service.pipeline.training.numbers import Numbers
from service.pipeline.training.shelf import Shelf
from service.storage.memory import MemoryEventLog
from tests.jobs.training.stores import COLUMNS, fill, lived
from tests.pipeline.streams import LIMITS, NOW_US, SETTINGS, START, empty_fleet

READING = Reading(
    home_id="home",
    device_id="lamp",
    home_type="villa",
    device_type="lamp",
    ts=START,
    metrics={"battery_pct": 70.0, "temperature_c": 20.0},
)


class Office:
    """A desk and what it needs. One home type, ``villa``, has been read, and hours of its examples have matured.

    Args:
        folder: For store and models.
        trainer: The command that starts the trainer.
        hours: How much has matured.
    """

    def __init__(self, folder: Path, trainer: list[str], hours: int = 240) -> None:
        self.models = folder / "models"
        self.models.mkdir(parents=True)
        self.log = MemoryEventLog()
        self.ingest = Ingest(
            log=self.log, link=None, fleet=empty_fleet(), keeper=Keeper(None, 0.0, empty_fleet), limits=LIMITS,
            lockstep=False, queue_size=64, on_fatal=_fatal,
        )  # fmt: skip
        self.ingest.start()
        self.ingest.submit(ReadingsJob(readings=[READING], received_us=NOW_US)).result()
        assert COLUMNS == self.ingest.fleet.home_types["villa"].windows.layout.columns
        self.ingest.panel.install(Publication(seq=10_000, models={}, home_types=[]))
        fill(folder / "examples.db", lived("villa", hours=hours))
        shelf, numbers = Shelf(self.models, self.ingest.panel), Numbers()
        self.shelf = shelf
        self.link = TrainerLink(trainer)
        self.files = ModelFiles(self.ingest, shelf, lambda: NOW_US)
        self.acts = ModelActs(ingest=self.ingest, shelf=shelf, files=self.files, numbers=numbers, clock=lambda: NOW_US)
        self.desk = Desk(
            ingest=self.ingest, link=self.link, shelf=shelf, files=self.files, numbers=numbers, clock=lambda: NOW_US,
            orders=Trainings(examples=str(folder / "examples.db"), window=10**6, learn=SETTINGS), lockstep=False,
        )  # fmt: skip

    def close(self) -> None:
        self.desk.stop()
        self.ingest.stop()

    def submit(self, act: Act) -> None:
        self.ingest.submit(act).result()

    def train(self, *due: TrainingDue, submit: Callable[[Act], None] | None = None) -> JobDetail:
        """Carry out what waits and what is due; the last job."""
        self.desk.work(due, submit or self.submit)
        return self.desk.jobs()[0]

    def events(self) -> list[Event]:
        return [decode_record(record) for record in self.log.read(1)]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.models.iterdir())


def _fatal(error: BaseException) -> None:
    raise AssertionError(error)
