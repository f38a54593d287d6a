"""The model folder, held to what the log says of it: after a start, and as versions come and go."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.contracts.errors import Conflict, RefusedItem
from service.contracts.events import CheckpointImported, CheckpointPublished, RolledBack
from service.contracts.models import Deed, Rollback
from service.jobs.training.examples import read_examples
from service.jobs.training.file import write_checkpoint
from service.jobs.training.fit import fit
from service.jobs.training.pool import pooled
from service.models.committee import CHECKPOINT
from service.pipeline.training.numbers import Numbers
from service.pipeline.versions import KEPT, Versions
from service.storage.examples import SqliteExampleStore
from service.storage.registry import file_name
from tests.jobs.training.stores import COLUMNS, HORIZON_US, fill, lived
from tests.pipeline.training.desk import Office

ACT = Deed(by="ada", why="to see")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, [sys.executable, "-c", ""], hours=1)
    yield office
    office.close()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a checkpoint."""
    folder = tmp_path_factory.mktemp("content")
    store = SqliteExampleStore(fill(folder / "examples.db", lived("villa", hours=48)))
    pool = pooled([read_examples(store, "villa", COLUMNS, window=10**6, up_to_seq=10**6)])
    store.close()
    write_checkpoint(
        folder / "made.npz", fit(pool, 1), pool, home_type="villa", number=7, created_us=1, horizon_us=HORIZON_US,
        seed=1, quality=None,
    )  # fmt: skip
    return (folder / "made.npz").read_bytes()


def publish(office: Office, number: int, content: bytes) -> None:
    """As a training would: the file, the model at hand, the event."""
    manifest, sha256 = office.shelf.receive(content, file_name("villa", number))
    office.shelf.fetch(file_name("villa", number), sha256)
    office.submit(
        CheckpointPublished(
            received_us=number, member=CHECKPOINT, version=number, home_type="villa", metrics=manifest.metrics,
            shift=manifest.shift, file=file_name("villa", number), sha256=sha256,
        )
    )  # fmt: skip


def serving(office: Office) -> int | None:
    own = office.ingest.fleet.versions.own("villa")
    return own.number if own is not None else None


def damage(office: Office, number: int) -> None:
    path = office.models / file_name("villa", number)
    path.write_bytes(path.read_bytes()[:-7])


def test_damaged_version_makes_place_for_the_one_before(office: Office, content: bytes) -> None:
    """The newest that is whole serves; each step back is in the log, by the service, with the reason."""
    for number in (2, 3, 4):
        publish(office, number, content)
    damage(office, 4)
    (office.models / file_name("villa", 3)).unlink()
    office.ingest.panel._models.clear()
    office.files.recover()

    assert 2 == serving(office)
    steps = [event for event in office.events() if isinstance(event, RolledBack)]
    assert [(3, "service"), (2, "service")] == [(step.version, step.by) for step in steps]
    assert "version 4 of home type villa is damaged: checkpoint-4@villa.npz does not match" in steps[0].why
    assert "version 3 of home type villa is damaged" in steps[1].why
    assert [steps[0].why] == office.files.ails()
    office.acts.rollback("villa", Rollback(by="ada", why="to see", version=0))
    assert [] == office.files.ails()


def test_nothing_is_whole(office: Office, content: bytes) -> None:
    """Then nothing of its own serves the home type, and the service starts all the same."""
    publish(office, 2, content)
    damage(office, 2)
    office.ingest.panel._models.clear()
    office.files.recover()
    assert serving(office) is None
    assert 1 == len(office.files.ails())


def test_leftovers_go_at_the_start(office: Office, content: bytes) -> None:
    """Files of no version, finished or not; what is not ours to judge stays."""
    publish(office, 2, content)
    ours = ["checkpoint-9.npz", "checkpoint-9@villa.npz", ".checkpoint-9.npz.77", ".imported-checkpoint-9.npz"]
    others = ["baseline-1.npz", "notes.txt", "mine.npz"]
    for name in ours + others:
        (office.models / name).write_bytes(b"")
    office.files.recover()
    assert sorted([*others, "checkpoint-2@villa.npz"]) == office.names()


def test_forgotten_versions_lose_their_files(office: Office, content: bytes) -> None:
    """What the fold forgets goes; what was never in it may be in the making."""
    office.files.recover()
    (office.models / "checkpoint-99@villa.npz").write_bytes(b"in the making")
    for number in range(2, KEPT + 5):
        publish(office, number, content)
        office.files.forget()
    kept = [file_name("villa", number) for number in range(5, KEPT + 5)]
    assert sorted([*kept, "checkpoint-99@villa.npz"]) == office.names()


def test_models_that_serve_no_longer_are_let_go(office: Office, content: bytes) -> None:
    """Memory holds what serves. Going back loads it anew; a damaged one is refused, and nothing is logged."""
    publish(office, 2, content)
    first = office.ingest.fleet.versions.in_force()
    receipt = office.acts.receive("villa", content, ACT, HORIZON_US)
    assert (3, first) == (receipt.version, {receipt.sha256})
    office.acts.rollback("villa", Rollback(by="ada", why="to see", version=0))
    assert not office.ingest.panel.has(receipt.sha256)
    assert office.acts.rollback("villa", Rollback(by="ada", why="to see", version=3)).model.loaded
    office.acts.rollback("villa", Rollback(by="ada", why="to see", version=0))
    damage(office, 3)
    seq = office.log.last_seq()
    with pytest.raises(Conflict, match="version 3 of home type villa is damaged"):
        office.acts.rollback("villa", Rollback(by="ada", why="to see", version=3))
    assert seq == office.log.last_seq()


def test_imports(office: Office, content: bytes) -> None:
    """A candidate with a number and a name of its own; another horizon or rubbish leaves nothing behind."""
    receipt = office.acts.receive(None, content, ACT, HORIZON_US)
    event = office.events()[-1]
    assert isinstance(event, CheckpointImported)
    assert (2, None, "checkpoint-2.npz") == (event.version, event.home_type, event.file)
    assert receipt.seq == office.log.last_seq()
    for bad, reason, horizon_us in ((content, "horizon", 2 * HORIZON_US), (content[:-1], "bad_model", HORIZON_US)):
        with pytest.raises(RefusedItem) as refusal:
            office.acts.receive("villa", bad, ACT, horizon_us)
        assert reason == refusal.value.reason
    assert ["checkpoint-2.npz"] == office.names()
    assert receipt.seq == office.log.last_seq()
    assert 2 == office.acts.receive("villa", content, ACT, HORIZON_US).version


def test_numbers_in_the_making() -> None:
    """Two that are made at the same time get different ones; what came to nothing is given again."""
    numbers, versions = Numbers(), Versions()
    assert (2, 3, 2) == tuple(numbers.take(home_type, versions) for home_type in ("villa", "villa", None))
    numbers.settle("villa", 3)
    assert 3 == numbers.take("villa", versions)
    numbers.settle("villa", 2)
    numbers.settle("villa", 3)
    assert 2 == numbers.take("villa", versions)
