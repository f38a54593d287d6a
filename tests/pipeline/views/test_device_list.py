"""The list of devices, against a plain sort of all of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.errors import BadQuery
from service.contracts.events import OutcomesLogged
from service.contracts.outcomes import Failure
from service.pipeline.instants import utc
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.score import Panel
from service.pipeline.views.device_list import DeviceListing
from tests.pipeline.streams import NOW_US, empty_fleet


def fleet_of(risks: dict[str, list[float]], failed: set[int] = frozenset()) -> FleetState:  # type: ignore[assignment]  # never changed
    fleet = empty_fleet()
    for name, values in risks.items():
        state = fleet.home_type(name)
        state.windows.layout.extend([], ["bulb"])
        for number in range(len(values)):
            fleet.register(state, (f"{name}-{number % 3}", f"d{number}"))
        state.reserve()
        state.risk[: len(values)] = values
        state.windows.last_ts[: len(values)] = NOW_US
        outcomes = [
            Failure(outcome_id=f"{name}{n}", home_id=f"{name}-{n % 3}", device_id=f"d{n}", ts=utc(NOW_US), mode="worn")
            for n in range(len(values))
            if n in failed
        ]
        fleet.outcomes(OutcomesLogged(received_us=NOW_US, outcomes=list(outcomes)), 1)
    return fleet


def listed(fleet: FleetState, limit: int, **query: Any) -> list[tuple[str, str, float]]:
    """All pages, one after the other."""
    out: list[tuple[str, str, float]] = []
    cursor = None
    chosen = {"home_type": query.pop("home_type", None), "home_id": query.pop("home_id", None)}
    asked = {"min_risk": 0.0, "state": None} | query
    while True:
        page = DeviceListing(fleet, Panel(), 1.0, **chosen).page(**asked, limit=limit, cursor=cursor)
        assert len(page.devices) <= limit
        out += [(device.home_id, device.device_id, device.risk) for device in page.devices]
        cursor = page.next
        if cursor is None:
            assert page.total == len(out)
            return out


def plain(fleet: FleetState, **query: Any) -> list[tuple[str, str, float]]:
    rows = []
    for name, state in fleet.home_types.items():
        for number, key in enumerate(state.devices):
            risk = float(state.risk[number])
            says = "ok" if fleet.failed_since(key) is None else "failed"
            if (
                query.get("home_type", name) == name
                and query.get("home_id", key[0]) == key[0]
                and risk >= query.get("min_risk", 0.0)
                and (query.get("state") or says) == says
            ):
                rows.append((-risk, name, number, key))
    return [(*key, -risk) for risk, _, _, key in sorted(rows)]


few = st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9])  # so that many are equal


@given(
    risks=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(few, max_size=30), max_size=3),
    limit=st.integers(1, 12),
    failed=st.sets(st.integers(0, 29)),
    query=st.fixed_dictionaries(
        {},
        optional={
            "home_type": st.sampled_from(["a", "b", "z"]),
            "home_id": st.sampled_from(["a-0", "b-2", "z-0"]),
            "min_risk": few,
            "state": st.sampled_from(["ok", "failed"]),
        },
    ),
)
def test_pages_are_the_plain_order(
    risks: dict[str, list[float]], limit: int, failed: set[int], query: dict[str, Any]
) -> None:
    """Whatever is asked, page after page: every device once, in order of risk, home type and number."""
    fleet = fleet_of(risks, failed)

    assert plain(fleet, **query) == listed(fleet, limit, **query)


def test_a_listing_stands_still() -> None:
    """What changes after it was made does not show in it."""
    fleet = fleet_of({"a": [0.1, 0.9, 0.5]})
    listing = DeviceListing(fleet, Panel(), 1.0, home_type=None, home_id=None)
    state = fleet.home_types["a"]
    state.risk[:3] = [0.8, 0.0, 0.7]
    fleet.register(state, ("a-9", "new"))
    page = listing.page(min_risk=0.0, state=None, limit=9, cursor=None)

    assert [0.9, 0.5, 0.1] == [device.risk for device in page.devices]
    assert 3 == page.total


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "1-2", "1-2-", "-1-2-a", "1-2-a\n", "\N{FULLWIDTH DIGIT ONE}-2-a", "1" * 20 + "-2-a"]
)
def test_a_foreign_cursor_is_told(cursor: str) -> None:
    """Something that is no cursor of ours is an error of the query."""
    listing = DeviceListing(fleet_of({"a": [0.5]}), Panel(), 1.0, home_type=None, home_id=None)
    with pytest.raises(BadQuery, match="cursor"):
        listing.page(min_risk=0.0, state=None, limit=1, cursor=cursor)


def test_whatever_has_the_form_of_a_cursor_has_a_meaning() -> None:
    """The document promises so: a number that is no risk stands before all devices, as the risk 1 does."""
    listing = DeviceListing(fleet_of({"a": [0.5, 1.0]}), Panel(), 1.0, home_type=None, home_id=None)
    cursors = ("9" * 19 + "-0-A", "0-999999999-a", f"{0x7FF8 << 48}-0-A")
    pages = [listing.page(min_risk=0.0, state=None, limit=9, cursor=cursor) for cursor in cursors]
    assert [2, 0, 2] == [len(page.devices) for page in pages]


def test_only_columns_are_copied() -> None:
    """A listing holds copies of columns and none of a device's own objects: its size is that of its columns."""
    fleet = fleet_of({"a": np.linspace(0.0, 1.0, 1_000).tolist()})
    listing = DeviceListing(fleet, Panel(), 1.0, home_type=None, home_id=None)
    (columns,) = listing._columns

    assert columns.devices is fleet.home_types["a"].devices
    copied = (columns.number, columns.risk, columns.last_ts, columns.device_type, columns.provisional, columns.failed)
    assert 28 * 1_000 == sum(column.nbytes for column in copied)
