"""The tables of an export: what a logged event, or a block of matured examples, is as rows of columns.

A reading is named by (``home_id``, ``device_id``, ``ts``), and within the log by (``seq``, ``home_type``, ``row``).
Rows of devices that were forgotten are left out.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Struct

from service.contracts.events import GroupColumns, OutcomesLogged, ReadingGroup
from service.contracts.forgetting import is_alias
from service.contracts.outcomes import Failure, Retraction
from service.contracts.ports import MaturedExamples
from service.labels.book import instant_us
from service.labels.join import CENSORED, NEGATIVE, POSITIVE, UNREPORTED
from service.pipeline.scoring.fleet import FleetState, HomeTypeState

INSTANT, TEXT, NUMBER, WHOLE, SMALL, FLAG = "instant", "text", "number", "whole", "small", "flag"
"""Kinds of columns: microseconds since the epoch in UTC, strings, float64, int64, int32, bool."""

Rows = dict[str, Any]
"""Columns of equal length by name: arrays, or lists where there are strings or unknown values."""

_READING = {"seq": WHOLE, "row": SMALL, "home_id": TEXT, "device_id": TEXT, "home_type": TEXT, "ts": INSTANT}
READINGS = _READING | {"device_type": TEXT, "utc_offset_s": SMALL, "time_basis": TEXT, "received": INSTANT}
RISKS = _READING | {"risk": NUMBER, "provisional": FLAG, "example": FLAG}
MEMBERS = {"seq": WHOLE, "row": SMALL, "home_type": TEXT, "member": TEXT, "version": WHOLE, "weight": NUMBER,
           "benched": TEXT, "risk": NUMBER}  # fmt: skip
EXAMPLES = {name: kind for name, kind in _READING.items() if name != "row"} | {
    "matured_seq": WHOLE, "label": TEXT, "late": FLAG, "learned": FLAG, "mode": TEXT, "risk": NUMBER,
}  # fmt: skip
OUTCOMES = {
    "seq": WHOLE, "received": INSTANT, "kind": TEXT, "outcome_id": TEXT, "home_id": TEXT, "device_id": TEXT,
    "ts": INSTANT, "utc_offset_s": SMALL, "mode": TEXT, "supersedes": TEXT, "retracts": TEXT,
}  # fmt: skip

METRIC = "metric_"
"""Before the name of a metric in the readings' table."""

_LABELS = {POSITIVE: "positive", NEGATIVE: "negative", CENSORED: "censored", UNREPORTED: "unreported"}


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows are wanted: ``since_us <= ts < until_us``, of one home type or (None) of all."""

    since_us: int
    until_us: int
    home_type: str | None


def reading_tables(
    seq: int, received_us: int, group: ReadingGroup, state: HomeTypeState, wanted: Selection
) -> dict[str, Rows]:
    """Readings, risks and members of a logged group."""
    columns = GroupColumns(group)
    keep = np.flatnonzero(_wanted(columns.ts, columns.device, state, wanted))
    if wanted.home_type not in (None, group.home_type) or not len(keep):
        return {}
    layout = state.windows.layout
    example = np.zeros(len(columns.ts), np.bool_)
    example[columns.example] = True
    about = _about(seq, keep, columns.device[keep], columns.ts[keep], state)
    values = columns.values[keep]
    metrics = {METRIC + name: values[:, n] for n, name in enumerate(layout.metrics[: values.shape[1]])}
    readings = about | {
        "device_type": [layout.device_types[n] for n in columns.device_type[keep].tolist()],
        "utc_offset_s": columns.offset_s[keep],
        "time_basis": ["cycle" if cycle else "clock" for cycle in columns.cycle[keep].tolist()],
        "received": np.full(len(keep), received_us, np.int64),
    }
    risks = {
        "risk": columns.risk[keep],
        "provisional": np.full(len(keep), group.provisional),
        "example": example[keep],
    }
    return {"readings": readings | metrics, "risks": about | risks, "members": _members(seq, keep, group, columns)}


def _members(seq: int, keep: npt.NDArray[np.intp], group: ReadingGroup, columns: GroupColumns) -> Rows:
    count, votes = len(keep), group.votes
    return {
        "seq": np.full(count * len(votes), seq, np.int64),
        "row": np.repeat(keep.astype(np.int32), len(votes)),
        "home_type": [group.home_type] * (count * len(votes)),
        "member": [vote.member for vote in votes] * count,
        "version": np.tile(np.array([vote.version for vote in votes], np.int64), count),
        "weight": np.tile(np.array([vote.weight for vote in votes], np.float64), count),
        "benched": [vote.benched for vote in votes] * count,
        "risk": columns.member_risk[keep].ravel(),
    }


def example_table(block: MaturedExamples, state: HomeTypeState, wanted: Selection) -> Rows | None:
    """A block of matured examples; None if none of it is wanted."""
    device, ts = np.frombuffer(block.device, np.int32), np.frombuffer(block.ts, np.int64)
    keep = np.flatnonzero(_wanted(ts, device, state, wanted))
    if wanted.home_type not in (None, block.home_type) or not len(keep):
        return None
    modes: list[str | None] = [None] * len(ts)
    learned = np.zeros(len(ts), np.bool_)
    chosen = np.frombuffer(block.chosen, np.int32)
    learned[chosen[block.was_learned()]] = True
    for position, mode in zip(chosen.tolist(), block.modes, strict=False):
        modes[position] = mode or None
    labels = np.frombuffer(block.label, np.int8)[keep]
    return _about(0, keep, device[keep], ts[keep], state) | {
        "seq": np.frombuffer(block.seq, np.int64)[keep],
        "matured_seq": np.full(len(keep), block.at_seq, np.int64),
        "label": [_LABELS[label] for label in labels.tolist()],
        "late": np.full(len(keep), block.late),
        "learned": learned[keep],
        "mode": [modes[k] for k in keep.tolist()],
        "risk": np.frombuffer(block.blend, np.float64)[keep],
    }


def outcome_table(seq: int, event: OutcomesLogged, fleet: FleetState, wanted: Selection) -> Rows:
    """The wanted outcomes of an event. A retraction, which has no instant and no device, goes by when it came."""
    rows: Rows = {name: [] for name in OUTCOMES}
    for outcome in event.outcomes:
        retraction = isinstance(outcome, Retraction)
        at_us = event.received_us if isinstance(outcome, Retraction) else instant_us(outcome.ts)
        key = None if isinstance(outcome, Retraction) else (outcome.home_id, outcome.device_id)
        home_type = fleet.place[key][0] if key is not None and key in fleet.place else None
        gone = (key is not None and is_alias(key[0])) or is_alias(outcome.outcome_id.partition("/")[0])
        if gone or not wanted.since_us <= at_us < wanted.until_us or wanted.home_type not in (None, home_type):
            continue
        offset = None if isinstance(outcome, Retraction) else outcome.ts.utcoffset()
        supersedes = UNSET if isinstance(outcome, Retraction) else outcome.supersedes
        row: Mapping[str, Any] = {
            "seq": seq,
            "received": event.received_us,
            "kind": type(outcome).__name__.lower(),
            "outcome_id": outcome.outcome_id,
            "home_id": key and key[0],
            "device_id": key and key[1],
            "ts": None if retraction else at_us,
            "utc_offset_s": None if offset is None else int(offset.total_seconds()),
            "mode": outcome.mode if isinstance(outcome, Failure) else None,
            "supersedes": None if supersedes is UNSET else supersedes,
            "retracts": outcome.retracts if isinstance(outcome, Retraction) else None,
        }
        for name, value in row.items():
            rows[name].append(value)
    return rows


def _wanted(
    ts: npt.NDArray[np.int64], device: npt.NDArray[np.int32], state: HomeTypeState, wanted: Selection
) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (ts >= wanted.since_us) & (ts < wanted.until_us)
    return inside & ~np.isin(device, list(state.buried)) if state.buried else inside


def _about(
    seq: int, rows: npt.NDArray[np.intp], device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64], state: HomeTypeState
) -> Rows:
    keys = [state.devices[number] for number in device.tolist()]
    return {
        "seq": np.full(len(rows), seq, np.int64),
        "row": rows.astype(np.int32),
        "home_id": [key[0] for key in keys],
        "device_id": [key[1] for key in keys],
        "home_type": [state.home_type] * len(rows),
        "ts": ts,
    }
