"""Listeners: each is told all there is, once and in order, or of a gap; whatever the others do."""

from collections.abc import Iterator

import pytest

from service.contracts.errors import Busy, Unavailable
from service.contracts.forgetting import Erased, Forget, is_alias
from service.contracts.journal import JournalEntry, JournalRecord
from service.contracts.live import Gap, RiskTold
from service.pipeline.link import LearnerLink
from service.pipeline.live import feed as feed_module
from service.pipeline.live.feed import Feed, Listener
from service.pipeline.live.place import Place, parse_place, place_id
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.intake.forgetting import ForgetJob
from service.storage.memory import MemoryExampleStore
from service.storage.starts import Start, Starts
from tests.pipeline.scoring.test_ingest import FaultyLog, make
from tests.pipeline.streams import NOW_US, hourly
from tests.service_process import until


class Fleet:
    """A scorer of its own, and hours of readings for it."""

    def __init__(self) -> None:
        self.log = FaultyLog()
        self.ingest: Ingest = make(self.log)
        self.link = LearnerLink([], b"")
        self.examples = MemoryExampleStore()
        self.feed = Feed(ingest=self.ingest, link=self.link, log=self.log, examples=self.examples, most=2)
        self._hours = iter(hourly(200))

    def send(self, hours: int = 1) -> None:
        """So many events of the log, twelve readings each."""
        for _ in range(hours):
            readings, _ = next(self._hours)
            self.ingest.submit(ReadingsJob(readings=readings, received_us=NOW_US)).result()
        until(lambda: self.ingest.ring.next_seq == self.ingest.fleet.seq + 1)

    def listen(self, place: Place | None = None, min_risk: float = 0.0) -> Listener:
        return Listener(self.feed, place, min_risk=min_risk, home_type=None)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    fleet = Fleet()
    fleet.ingest.start()
    yield fleet
    fleet.ingest.stop()


def told(listener: Listener) -> list[tuple[int, int]]:
    """All that there is for a listener; each item's place leads behind it."""
    out: list[tuple[int, int]] = []
    while listener.behind():
        for place, what in listener.take():
            assert isinstance(what, RiskTold)
            assert (what.seq, what.row + 1) == (place.seq, place.row)
            assert place == parse_place(place_id(place))
            out.append((what.seq, what.row))
    return out


def rows(first: int, last: int) -> list[tuple[int, int]]:
    return [(seq, row) for seq in range(first, last + 1) for row in range(12)]


@pytest.mark.parametrize("at_once", [1, 7, 500])
def test_each_is_told_all_from_its_place_on(fleet: Fleet, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """From the log or the ring, in large helpings or small ones, whoever comes and goes meanwhile."""
    monkeypatch.setattr(feed_module, "AT_ONCE", at_once)
    fleet.send(3)
    early = fleet.listen(Place(seq=1))
    fleet.send(2)
    now = fleet.listen()
    fleet.send(2)
    middle = fleet.listen(Place(seq=3, row=5))
    assert rows(1, 7) == told(early)
    fleet.send(1)
    assert [*rows(3, 8)][5:] == told(middle)
    now_told = told(now)
    middle.close()
    now.close()
    early.close()
    fleet.send(2)
    again = fleet.listen(early.place)
    assert (rows(6, 8), rows(8, 10)) == (now_told, told(again))
    assert [] == told(again)


def test_what_is_not_durable_is_not_told(fleet: Fleet) -> None:
    """A full disk: nothing is told of readings that were refused; what is sent again is told once."""
    listener = fleet.listen()
    fleet.log.full = True
    with pytest.raises(Unavailable):
        fleet.send()
    assert [] == told(listener)
    fleet.log.full = False
    fleet.send(2)
    assert rows(1, 2) == told(listener)


def test_too_far_back_is_a_gap(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was passed over is named; then it goes on. So it is for one who did not read for too long."""
    monkeypatch.setattr(feed_module, "LOG_BACK", 4)
    fleet.send(10)
    listener = fleet.listen(Place(seq=2, row=3))
    (place, gap), *rest = listener.take()
    assert isinstance(gap, Gap)
    assert ("log", 2, 6, 7) == (gap.of, gap.from_seq, gap.to_seq, place.seq)
    assert rows(7, 10) == [(what.seq, what.row) for _, what in rest if isinstance(what, RiskTold)]
    listener.close()
    fleet.listen().close()
    fleet.send(9)
    _, gap = fleet.listen(listener.place).take()[0]
    assert isinstance(gap, Gap)
    assert (11, 15) == (gap.from_seq, gap.to_seq)


def test_pruned_log_is_a_gap(fleet: Fleet) -> None:
    """Events that have left the log cannot be told again."""
    fleet.send(6)
    fleet.log.prune(below=5)
    (_, gap), *rest = fleet.listen(Place(seq=1)).take()
    assert isinstance(gap, Gap)
    assert (1, 4, 24) == (gap.from_seq, gap.to_seq, len(rest))


def test_decisions_go_on_too(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as the learner has come; what lies too far back is a gap of the journal."""
    monkeypatch.setattr(feed_module, "JOURNAL_BACK", 2)
    fleet.send(5)

    def note(seq: int) -> None:
        fields = {"member": "", "at_us": None, "amount": None, "sentence": str(seq)}
        record = JournalRecord(seq=seq, place=0, kind="silence", home_type=None, **fields)  # type: ignore[arg-type]  # of several types
        fleet.examples.note([record])
        fleet.link.learned_seq = seq

    for seq in (1, 2, 3):
        note(seq)
    first = fleet.listen(Place(seq=6, noted_seq=1, noted=1))
    assert ["2", "3"] == [what.sentence for _, what in first.take() if isinstance(what, JournalEntry)]
    assert not first.behind()
    note(4)
    assert ["4"] == [what.sentence for _, what in first.take() if isinstance(what, JournalEntry)]
    (_, gap), *rest = fleet.listen(Place(seq=6)).take()
    assert isinstance(gap, Gap)
    assert ("journal", 0, 2, 2) == (gap.of, gap.from_seq, gap.to_seq, len(rest))


def test_places_are_bounded(fleet: Fleet) -> None:
    """There may be so many listeners, and no more."""
    fleet.feed.enter()
    fleet.feed.enter()
    with pytest.raises(Busy, match="2 live streams"):
        fleet.feed.enter()


def test_who_is_forgotten_is_not_told_again(fleet: Fleet) -> None:
    """Neither to one who has listened all the time, nor to one who comes back; all others are."""
    listener = fleet.listen()
    fleet.send(2)
    home_id, device_id = next(iter(fleet.ingest.fleet.place))
    wish = Forget(home_id=home_id, device_id=device_id, by="ada", why="moved out")
    receipt = fleet.ingest.submit(ForgetJob(wish=wish, received_us=NOW_US)).result()
    fleet.ingest.submit(Erased(received_us=NOW_US, forget_seq=receipt.seq)).result()
    until(lambda: fleet.ingest.ring.next_seq == fleet.ingest.fleet.seq + 1)
    back = fleet.listen(Place(seq=1))
    for each in (listener, back):
        found = [what for _, what in each.take() if isinstance(what, RiskTold)]
        assert {1, 2} == {what.seq for what in found}
        assert len(found) == 2 * 11
        assert all((what.home_id, what.device_id) != (home_id, device_id) for what in found)
        assert not any(is_alias(what.home_id) for what in found)
    fleet.send()
    assert told(listener) == told(back) == rows(5, 5)


def test_what_another_run_told_beyond_this_log_is_a_gap(fleet: Fleet) -> None:
    """A log that was put back: what is not in it any more is named, and what it has instead is told from there on."""
    fleet.send(6)
    fleet.feed.starts = Starts([Start("aaaaaaaa", 1), Start("bbbbbbbb", 4)])
    for lost, to_seq in ((Place(seq=6, start="aaaaaaaa"), 5), (Place(seq=4, row=3, start="aaaaaaaa"), 4)):
        (place, gap), *rest = fleet.listen(lost).take()
        assert isinstance(gap, Gap)
        assert ("log", 4, to_seq) == (gap.of, gap.from_seq, gap.to_seq)
        assert (4, 0, "bbbbbbbb") == (place.seq, place.row, place.start)
        assert rows(4, 6) == [(what.seq, what.row) for _, what in rest if isinstance(what, RiskTold)]
    _, gap = fleet.listen(Place(seq=3, noted_seq=5, start="aaaaaaaa")).take()[0]
    assert isinstance(gap, Gap)
    assert ("journal", 4, 5) == (gap.of, gap.from_seq, gap.to_seq)
    for kept in (Place(seq=2, row=3, start="aaaaaaaa"), Place(seq=4, start="aaaaaaaa"), Place(seq=5, start="bbbbbbbb")):
        listener = fleet.listen(kept)
        assert [*rows(kept.seq, 6)][kept.row :] == told(listener)
        assert "bbbbbbbb" == listener.place.start


def test_an_id_of_a_run_that_is_not_known_is_a_gap(fleet: Fleet) -> None:
    """Also where its numbers would fit: they may be of other events."""
    fleet.send(3)
    fleet.feed.starts = Starts([Start("aaaaaaaa", 1)])
    listener = fleet.listen(Place(seq=2, start="cccccccc"))
    ((place, gap),) = listener.take()
    assert isinstance(gap, Gap)
    assert ("log", 2, 3, 4) == (gap.of, gap.from_seq, gap.to_seq, place.seq)
    fleet.send()
    assert rows(4, 4) == told(listener)
