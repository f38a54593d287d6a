"""Live qualities are measured seldom, and a few at a time."""

from service.contracts.standing import Quality
from service.observe.qualities import Qualities

NAMES = [f"type-{n}" for n in range(5)]


class _Measured:
    """Takes 40 ms for each, by a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.names: list[str] = []

    def measure(self, name: str) -> dict[str, Quality]:
        self.now += 0.04
        self.names.append(name)
        return {}


def test_one_question_costs_a_bounded_time() -> None:
    """Those never measured come first; what is young is not measured again; the oldest is renewed first."""
    measured = _Measured()
    qualities = Qualities(measured.measure, lives_s=60.0, budget_s=0.1, clock=lambda: measured.now)
    assert set(NAMES[:3]) == set(qualities.of(NAMES))
    assert set(NAMES) == set(qualities.of(NAMES))
    assert NAMES == measured.names
    qualities.of(NAMES)
    assert NAMES == measured.names
    measured.now += 60.0
    qualities.of(NAMES)
    assert [*NAMES, *NAMES[:3]] == measured.names
