"""The ingest benchmark in small, and its parts: the load, the stream that is sent, the peers."""

from datetime import datetime
from pathlib import Path

import pytest

from benchmarks.ingest.bodies import Source
from benchmarks.ingest.contest import bare, stateless
from benchmarks.ingest.load import play, request
from benchmarks.ingest.questions import measure
from benchmarks.peers.process import BareRiver, Peer
from benchmarks.report import BenchError
from benchmarks.workload import Workload
from service.contracts.readings import ReadingDecoder, ReadingsDecoder


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("fastapi_river", ["logistic"]), ("fastapi_river", ["forest"]), ("wire", []), ("empty", [])],
)
def test_a_peer_answers_for_every_reading(module: str, arguments: list[str]) -> None:
    """It takes the very bodies that the service is sent, says how many there were, and keeps the connection."""
    part = Source(8, 1_000, 1).take(40, 10, 2)

    with Peer(module, *arguments) as peer:
        played = play(peer.wait().port, [[request("/v1/readings", body) for body in lane] for lane in part.lanes])

    answer = b"null" if module == "empty" else b'{"accepted":10}'
    assert [answer] * 4 == played.answers
    assert min(played.seconds, played.cpu_s) > 0


def test_the_load_tells_of_a_refusal() -> None:
    """Nothing but 200 counts, and the reason is told."""
    with Peer("fastapi_river", "logistic") as peer:
        peer.wait()
        with pytest.raises(BenchError, match="422"):
            play(peer.port, [[request("/v1/readings", b"{}")]])


def test_a_device_stays_in_its_lane_and_in_its_order() -> None:
    """Lanes share no device, a device's readings rise, and no reading comes twice; single readings are objects."""
    source = Source(8, 4_000, 1)
    last: dict[tuple[str, str], datetime] = {}
    lane_of: dict[tuple[str, str], int] = {}
    for _ in range(2):
        part = source.take(600, 50, 3)
        assert [len(lane) for lane in part.lanes] == [4, 4, 4]
        for number, lane in enumerate(part.lanes):
            for reading in (reading for body in lane for reading in ReadingsDecoder.decode(body)):
                device = (reading.home_id, reading.device_id)
                assert lane_of.setdefault(device, number) == number
                assert device not in last or reading.ts > last[device]
                last[device] = reading.ts
    assert ReadingDecoder.decode(source.take(2, 1, 1).lanes[0][0]).metrics


def test_a_stream_that_ends_is_told() -> None:
    """A benchmark that wants more than there is does not send the same again."""
    with pytest.raises(BenchError, match="too few readings"):
        Source(8, 100, 1).take(1_000_000, 1_000, 1)


def test_river_alone_goes_through_readings(tmp_path: Path) -> None:
    """It begins again when the readings are through."""
    body = Source(8, 200, 1).take(20, 20, 1).lanes[0][0]
    (tmp_path / "sample.json").write_bytes(body)

    with BareRiver(str(tmp_path / "sample.json"), "logistic") as loop:
        turn = bare(loop)(50)

    assert (50, 0.0) == (turn.readings, turn.busy)
    assert turn.seconds > 0


def test_bodies_are_sent_again_to_those_who_forget() -> None:
    """So many bodies as asked for, in turn, whatever the number of lanes."""
    part = Source(8, 200, 1).take(20, 10, 1)

    with Peer("wire") as peer:
        assert 170 == stateless(peer.wait().port, part, 10)(170).readings


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_whole_benchmark_in_small() -> None:
    """Every figure is there and fits its absolute figures; the committee was whole, or it would not have ended."""
    rows = measure(
        Workload(data=Path(), seed=1, full=False), warm=40_000, rounds=1, round_s=0.05, many=30_000, crowd=100
    )

    value = {row.id.removeprefix("ingest."): row.value for row in rows}
    figures = {name: figure for name, figure in value.items() if figure is not None}
    assert figures == value
    assert all(figure > 0 for figure in figures.values())
    for kind in ("logistic", "forest"):
        ratio = figures["b100.readings_per_s"] / figures[f"b100.peer_{kind}.readings_per_s"]
        assert figures[f"b100.vs_peer_{kind}"] == pytest.approx(ratio)
    share = figures["b1000.readings_per_s"] / figures["b1000.wire.readings_per_s"]
    assert figures["b1000.share_of_wire"] == pytest.approx(share)
    assert figures["flatness"] == max(figures["flatness.by_devices"], figures["flatness.by_readings"])
    assert figures["flatness.readings"] >= 30_000
