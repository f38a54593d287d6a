"""Examples that wait for their labels."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.labels.pending import Due, Pending

MEMBERS = ("forest", "logistic", "prior", "baseline")


@dataclass
class Example:
    ts: int
    seq: int
    row: int
    device: int
    blend: float
    risks: dict[str, float] = field(default_factory=dict)


def add(pending: Pending, examples: list[Example], seq: int, members: list[str]) -> None:
    pending.add(
        np.array([e.ts for e in examples], np.int64),
        seq,
        np.array([e.row for e in examples], np.int32),
        np.array([e.device for e in examples], np.int32),
        np.array([e.blend for e in examples], np.float64),
        members,
        np.array([[e.risks[m] for m in members] for e in examples], np.float64).reshape(len(examples), len(members)),
    )


def taken(due: Due) -> list[Example]:
    return [
        Example(
            int(due.ts[i]),
            int(due.seq[i]),
            int(due.row[i]),
            int(due.device[i]),
            float(due.blend[i]),
            {m: float(column[i]) for m, column in due.member_risk.items() if not np.isnan(column[i])},
        )
        for i in range(len(due))
    ]


class PendingAgainstAList(RuleBasedStateMachine):
    """Any order of adds and takes, with members that come and go, against a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.pending = Pending(10)
        self.list: list[Example] = []
        self.seq = 0

    @rule(
        ts=st.lists(st.integers(-50, 300), max_size=40),
        members=st.lists(st.sampled_from(MEMBERS), unique=True, max_size=4),
        seed=st.integers(0, 1000),
    )
    def add(self, ts: list[int], members: list[str], seed: int) -> None:
        self.seq += 1
        rng = np.random.default_rng(seed)
        examples = [
            Example(t, self.seq, row, int(rng.integers(9)), float(rng.random()),
                    {m: float(np.float32(rng.random())) for m in members})
            for row, t in enumerate(ts)
        ]  # fmt: skip
        add(self.pending, examples, self.seq, members)
        self.list += examples

    @rule(up_to=st.integers(-60, 320))
    def take(self, up_to: int) -> None:
        expected = sorted((e for e in self.list if e.ts <= up_to), key=lambda e: (e.ts, e.seq, e.row))
        self.list = [e for e in self.list if e.ts > up_to]
        due = self.pending.take_due(up_to)

        assert expected == ([] if due is None else taken(due))
        assert due is None or len(due) > 0

    @invariant()
    def counts(self) -> None:
        assert len(self.list) == self.pending.count
        assert min((e.ts for e in self.list), default=None) == self.pending.oldest_us()


TestPendingAgainstAList = PendingAgainstAList.TestCase


def test_a_member_that_comes_later_gave_no_risk_before() -> None:
    """Examples kept before a member joined have NaN for it, also after the columns have grown and been cut."""
    pending = Pending(1000)
    early = [Example(ts, 1, ts, 0, 0.1, {"prior": 0.25}) for ts in range(20)]
    late = [Example(100 + ts, 2, ts, 0, 0.2, {"prior": 0.25, "forest": 0.75}) for ts in range(20)]
    add(pending, early, 1, ["prior"])
    pending.take_due(9)
    add(pending, late, 2, ["prior", "forest"])
    due = pending.take_due(1000)

    assert due is not None
    assert np.isnan(due.member_risk["forest"]).tolist() == [True] * 10 + [False] * 20
    assert not np.isnan(due.member_risk["prior"]).any()


def test_types_of_columns() -> None:
    """Columns have the types that the example store documents."""
    pending = Pending(10)
    add(pending, [Example(3, 1, 0, 2, 0.5, {"prior": 0.5})], 1, ["prior"])
    due = pending.take_due(3)

    assert due is not None
    assert [np.int64, np.int64, np.int32, np.int32, np.float64, np.float32] == [
        column.dtype for column in (due.ts, due.seq, due.row, due.device, due.blend, due.member_risk["prior"])
    ]


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**12))
def test_an_example_is_due_at_its_instant(ts: int, slot_us: int) -> None:
    """Not a microsecond earlier, whatever the width of the buckets."""
    pending = Pending(slot_us)
    add(pending, [Example(ts, 1, 0, 0, 0.5)], 1, [])

    assert pending.take_due(ts - 1) is None
    assert len(pending.take_due(ts) or []) == 1
    assert pending.take_due(ts + 10**12) is None
