"""The fast way over the wire says exactly what the plain one says."""

import msgspec
import numpy as np
import pytest

from service.contracts.readings import ReadingsDecoder
from simulator.arrays import DAY_S, SECOND
from simulator.blocks import Block
from simulator.fleet import Fleet
from simulator.stream.readings import timed_readings
from simulator.stream.wire import Wire, instant_texts

END = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def fleet() -> Fleet:
    return Fleet(12, 5, END - DAY_S * SECOND, END, failure_rate=4.0)


def test_wire_readings_decode_to_the_readings_of_the_fleet() -> None:
    """Item by item, with the instants at which they are sent; absent metrics are absent, offsets are the homes'."""
    expected = list(timed_readings(fleet()))
    timed = list(Wire.of_fleet(fleet()).timed(fleet().deliveries()))
    decoded = ReadingsDecoder.decode(msgspec.json.encode([one.reading for one in timed]))

    assert [one.reading for one in expected] == decoded
    assert [one.at for one in expected] == [one.at for one in timed]
    assert [one.reading.ts.utcoffset() for one in expected] == [one.ts.utcoffset() for one in decoded]
    by_type: dict[str, set[int]] = {}
    for one in decoded:
        by_type.setdefault(one.device_type, set()).add(len(one.metrics))
    assert all(len(counts) > 1 for counts in by_type.values()), "some reading of each type must lack a metric"


def test_bodies_hold_all_readings_of_a_block() -> None:
    """In order, so many in each but the last."""
    wire, block = Wire.of_fleet(fleet()), next(fleet().deliveries())
    bodies = [ReadingsDecoder.decode(body) for body in wire.bodies(block, 50)]

    assert [50] * (len(block) // 50) + [len(block) % 50] == [len(body) for body in bodies]
    assert ReadingsDecoder.decode(msgspec.json.encode(wire.readings(block))) == [one for body in bodies for one in body]


@pytest.mark.parametrize("names", [["a b", "class", "m0", "é"], ['quo"te', "back\\slash", "ta\tb", "m"]])
def test_any_name_may_be_a_metric_and_nothing_may_be_there(names: list[str]) -> None:
    """A table's columns are not Python's names; a row without a value has an empty object."""
    wire = Wire(["h"], ["d"], ["t"], ["x"], names, "cycle")
    nothing, zero = np.full(4, np.nan), np.zeros(4)
    ts = np.full(2, END)
    block = Block(np.zeros(2, np.int32), ts, ts, np.zeros(2, np.int32), np.array([nothing, zero]))
    first, second = ReadingsDecoder.decode(next(wire.bodies(block, 10)))

    assert ({}, dict.fromkeys(names, 0.0), "cycle") == (first.metrics, second.metrics, second.time_basis)


@pytest.mark.parametrize(
    ("second", "us", "offset_s", "text"),
    [
        (1_767_225_600, 0, 0, "2026-01-01T00:00:00+00:00"),
        (1_767_225_600, 0, -34_200, "2025-12-31T14:30:00-09:30"),
        (1_767_225_600, 0, 20_700, "2026-01-01T05:45:00+05:45"),
        (1_767_225_600, 1, 3600, "2026-01-01T01:00:00.000001+01:00"),
        (-1, 0, 0, "1969-12-31T23:59:59+00:00"),
        (0, 0, 3208, "1970-01-01T00:53:00+00:53"),
    ],
)
def test_instants(second: int, us: int, offset_s: int, text: str) -> None:
    """Local time with its offset, in whole minutes as the wire knows them; the instant is never changed by that."""
    assert [text] == instant_texts(np.array([second * SECOND + us]), np.array([offset_s], np.int32))


def test_no_instants() -> None:
    """An empty block is no special case to who calls."""
    assert [] == instant_texts(np.zeros(0, np.int64), np.zeros(0, np.int32))
