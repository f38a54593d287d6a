"""Events as they stand in the log: what is read is what was written."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.events import (
    SCHEMA,
    Advanced,
    CheckpointPublished,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
    Vote,
    checksum,
    decode_event,
    encode_event,
)
from service.contracts.outcomes import Failure, Outcome, Repair, Retraction

NAMES = st.text(max_size=20).filter(lambda text: text.isprintable())


@st.composite
def groups(draw: st.DrawFn) -> ReadingGroup:
    n, m, votes = draw(st.integers(1, 6)), draw(st.integers(0, 3)), draw(st.integers(0, 3))
    examples = sorted(draw(st.sets(st.integers(0, n - 1))))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    values = rng.normal(size=(n, m))
    values[rng.random((n, m)) < 0.3] = np.nan
    return ReadingGroup(
        home_type=draw(NAMES),
        new_devices=draw(st.lists(st.tuples(NAMES, NAMES), max_size=2)),
        new_metrics=draw(st.lists(NAMES, max_size=2)),
        new_device_types=draw(st.lists(NAMES, max_size=2)),
        device=rng.integers(0, 2**31 - 1, n, np.int32).tobytes(),
        device_type=rng.integers(0, 2**15 - 1, n, np.int16).tobytes(),
        ts=rng.integers(-(2**62), 2**62, n, np.int64).tobytes(),
        offset_s=rng.integers(-50_000, 50_000, n, np.int32).tobytes(),
        cycle=(rng.random(n) < 0.5).tobytes(),
        values=values.tobytes(),
        dropped=draw(st.integers(0, 100)),
        example=np.array(examples, np.int32).tobytes(),
        features=rng.normal(size=(len(examples), 7 + 6 * m)).astype(np.float32).tobytes(),
        risk=rng.random(n).tobytes(),
        votes=[Vote(f"member{k}", k, 1 / votes) for k in range(votes)],
        member_risk=rng.random((n, votes)).tobytes(),
        provisional=draw(st.booleans()),
    )


@given(st.integers(0, 2**53), st.lists(groups(), max_size=3))
def test_readings_round_trip(received_us: int, given_groups: list[ReadingGroup]) -> None:
    """To the byte, with names of any script."""
    event = ReadingsLogged(received_us=received_us, groups=given_groups)

    assert event == decode_event(encode_event(event))


@given(groups())
def test_columns_have_their_shapes(group: ReadingGroup) -> None:
    """Arrays as documented: also without metrics, without examples, and without votes; nobody can write into them."""
    columns = GroupColumns(group)
    n = len(group.ts) // 8

    assert [(n,)] * 6 == [
        column.shape
        for column in (columns.device, columns.device_type, columns.ts, columns.offset_s, columns.cycle, columns.risk)
    ]
    assert columns.values.shape[0] == n
    assert columns.values.tobytes() == group.values
    assert columns.features.shape[0] == len(columns.example)
    assert columns.features.tobytes() == group.features
    assert columns.member_risk.shape == (n, len(group.votes))
    assert not columns.values.flags.writeable


def failure(ts: datetime) -> Failure:
    return Failure(outcome_id="ä1", home_id="h", device_id="d", ts=ts, mode="battery")


@given(
    st.lists(
        st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()),  # noqa: DTZ001 - zone drawn
        min_size=1,
        max_size=4,
    )
)
def test_outcomes_round_trip(instants: list[datetime]) -> None:
    """Instants keep their microseconds; an outcome read back equals the one sent, so that a retry is recognised."""
    utc = [ts.astimezone(UTC) for ts in instants]
    outcomes: list[Outcome] = [failure(ts) for ts in utc]
    outcomes += [Repair(outcome_id="r", home_id="h", device_id="d", ts=utc[0], supersedes="ä1")]
    outcomes += [Retraction(outcome_id="x", retracts="r")]
    event = OutcomesLogged(received_us=1, outcomes=outcomes)
    decoded = decode_event(encode_event(event))

    assert event == decoded
    assert isinstance(decoded, OutcomesLogged)
    assert outcomes[0] == decoded.outcomes[0]


@pytest.mark.parametrize(
    "event",
    [
        Advanced(received_us=1, to_us=-5, home_type=None),
        Advanced(received_us=1, to_us=2**62, home_type="villa"),
        CheckpointPublished(
            received_us=1,
            member="baseline",
            version=1,
            home_type=None,
            metrics=["battery_pct"],
            shift=-0.5,
            file="baseline.npz",
            sha256="0" * 64,
        ),
    ],
)
def test_acts_round_trip(event: Advanced | CheckpointPublished) -> None:
    """An operator's acts and checkpoints."""
    assert event == decode_event(encode_event(event))


GOOD = encode_event(Advanced(received_us=1, to_us=2, home_type=None))


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes([SCHEMA + 1]) + GOOD[1:], id="another schema"),
        pytest.param(b"\x00" + GOOD[1:], id="schema 0"),
        pytest.param(bytes([SCHEMA]), id="schema alone"),
        pytest.param(GOOD[:-1], id="cut off"),
        pytest.param(GOOD + b"\x00", id="something behind it"),
        pytest.param(bytes([SCHEMA]) + msgspec.msgpack.encode({"type": "party"}), id="unknown kind"),
        pytest.param(bytes([SCHEMA]) + msgspec.msgpack.encode({"type": "advance"}), id="fields missing"),
        pytest.param(bytes([SCHEMA]) + msgspec.msgpack.encode([1, 2]), id="no object"),
    ],
)
def test_what_is_no_event_is_refused(blob: bytes) -> None:
    """ValueError, with a sentence."""
    with pytest.raises(ValueError, match=r"."):
        decode_event(blob)


def test_digest_has_its_length() -> None:
    """A checkpoint without a whole SHA-256 cannot be read back."""
    event = CheckpointPublished(
        received_us=1, member="m", version=1, home_type=None, metrics=[], shift=0.0, file="f", sha256="abc"
    )
    with pytest.raises(ValueError, match="sha256"):
        decode_event(encode_event(event))


@given(st.binary(max_size=100), st.integers(1, 2**40), st.data())
def test_checksum_sees_damage_and_misplacement(blob: bytes, seq: int, data: st.DataObject) -> None:
    """One bit flipped, or the record under the next number, gives another checksum."""
    assert checksum(seq, blob) == checksum(seq, blob)
    assert checksum(seq, blob) != checksum(seq + 1, blob)
    if blob:
        bit = data.draw(st.integers(0, 8 * len(blob) - 1))
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert checksum(seq, blob) != checksum(seq, bytes(flipped))
