"""Readings as they come over the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from service.contracts.readings import CATALOGUE, Reading, ReadingDecoder, ReadingsDecoder

GOOD: dict[str, Any] = {
    "home_id": "home 1",
    "device_id": "sensor/kitchen",
    "home_type": "apartment",
    "device_type": "light",
    "ts": "2026-03-01T12:00:00.123456+05:30",
    "metrics": {"battery_pct": 50, "odd name!": -1.5e-7, "gone": None},
}


def decoded(**changes: Any) -> Reading:
    return ReadingDecoder.decode(msgspec.json.encode(GOOD | changes))


def test_a_good_reading() -> None:
    """Instant to the microsecond with its offset, integers as numbers, null as unknown, the clock by default."""
    reading = decoded()

    assert reading.ts == datetime(2026, 3, 1, 6, 30, 0, 123456, tzinfo=UTC)
    assert reading.ts.utcoffset() == timedelta(hours=5, minutes=30)
    assert reading.metrics == {"battery_pct": 50.0, "odd name!": -1.5e-7, "gone": None}
    assert all(value is None or type(value) is float for value in reading.metrics.values())
    assert reading.time_basis == "clock"
    assert decoded(metrics={}).metrics == {}
    assert decoded(time_basis="cycle").time_basis == "cycle"


@pytest.mark.parametrize("missing", ["home_id", "device_id", "home_type", "device_type", "ts", "metrics"])
def test_fields_are_needed(missing: str) -> None:
    """Each of them, and the error names it."""
    with pytest.raises(msgspec.ValidationError, match=missing):
        ReadingDecoder.decode(msgspec.json.encode({name: v for name, v in GOOD.items() if name != missing}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ts", "2026-03-01T12:00:00"),
        ("ts", "2026-03-01"),
        ("ts", 1_772_366_400),
        ("ts", "yesterday"),
        ("ts", None),
        ("home_id", ""),
        ("home_id", "a/b"),
        ("home_id", "x" * 129),
        ("home_id", None),
        ("home_id", 5),
        ("device_id", ""),
        ("device_id", "x" * 129),
        ("home_type", ""),
        ("home_type", "x" * 65),
        ("home_type", "two words"),
        ("home_type", "a/b"),
        ("home_type", "apartment\n"),
        ("home_type", "wohnung-ä"),
        ("device_type", "light\n"),
        ("device_type", "a,b"),
        ("metrics", None),
        ("metrics", []),
        ("metrics", {"a": True}),
        ("metrics", {"a": "5"}),
        ("metrics", {"a": []}),
        ("metrics", {"": 1}),
        ("metrics", {"x" * 65: 1}),
        ("time_basis", "moon"),
        ("time_basis", None),
        ("Home_id", "typo"),
        ("risk", 0.5),
    ],
)
def test_bad_fields_are_refused(field: str, value: Any) -> None:
    """Naive instants, unknown fields, booleans and texts as numbers, names out of bounds or with other characters."""
    with pytest.raises(msgspec.ValidationError, match=field if field in GOOD else "unknown field|time_basis"):
        decoded(**{field: value})


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "NaN", "Infinity", "-Infinity", "0x10"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    """A metric is a finite number of JSON."""
    body = msgspec.json.encode(GOOD | {"metrics": {"a": 0}}).replace(b'"a":0', b'"a":' + number.encode())
    with pytest.raises(msgspec.DecodeError):
        ReadingDecoder.decode(body)


@pytest.mark.parametrize("length", [1, 128])
def test_names_up_to_their_bounds(length: int) -> None:
    """Lengths count characters, of any script."""
    assert decoded(home_id="ä" * length, device_id="水" * length).home_id == "ä" * length
    assert decoded(home_type="x" * min(length, 64), metrics={"é" * min(length, 64): 1}).metrics


def test_lists_of_readings() -> None:
    """The place of a bad one is said."""
    with pytest.raises(msgspec.ValidationError, match=r"\$\[1\]\.home_id"):
        ReadingsDecoder.decode(msgspec.json.encode([GOOD, GOOD | {"home_id": ""}]))

    assert len(ReadingsDecoder.decode(msgspec.json.encode([GOOD, GOOD]))) == 2


def test_catalogue_makes_sense() -> None:
    """Each metric stands under its own name, with a unit, a meaning, and bounds in order."""
    for name, metric in CATALOGUE.items():
        assert name == metric.name
        assert metric.low < metric.high
        assert metric.unit
        assert metric.meaning
