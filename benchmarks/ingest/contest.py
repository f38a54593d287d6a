"""Contest: contestants take turns in short rounds, so that all meet the same load of the machine.

What is compared are the rates of one and the same round; the median over the rounds counts.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from benchmarks.ingest.bodies import Part, Source
from benchmarks.ingest.cores import Cores
from benchmarks.ingest.load import Played, play, request
from benchmarks.peers.process import BareRiver

CONNECTIONS = 16
"""How many connections send side by side, to whoever it is."""


class Round(Struct, frozen=True):
    """Readings and the seconds that they took; ``busy`` is the load's share of its core."""

    readings: int
    seconds: float
    busy: float = 0.0

    @property
    def per_s(self) -> float:
        """Readings a second."""
        return self.readings / self.seconds


Contestant = Callable[[int], Round]
"""Goes through about so many readings, at least one request."""


def contest(
    cores: Cores, contestants: Mapping[str, Contestant], trials: Mapping[str, int], rounds: int, round_s: float
) -> "Scores":
    """Let contestants take turns.

    Args:
        cores: Where the load runs.
        contestants: By name, in the order of their turns.
        trials: Readings of a first round, which does not count but tells how many make a round.
        rounds: How many rounds count.
        round_s: How long a turn should take, in seconds.
    """
    with cores.sending():
        sizes = {name: round(turn(trials[name]).per_s * round_s) for name, turn in contestants.items()}
        return Scores([{name: turn(sizes[name]) for name, turn in contestants.items()} for _ in range(rounds)])


class Scores:
    """What became of a contest."""

    def __init__(self, rounds: Sequence[Mapping[str, Round]]) -> None:
        self._rounds = rounds

    def per_s(self, name: str) -> float:
        """Readings a second of a contestant."""
        return statistics.median(turn[name].per_s for turn in self._rounds)

    def ratio(self, name: str, other: str) -> float:
        """How many times the rate of the other a contestant has."""
        return statistics.median(turn[name].per_s / turn[other].per_s for turn in self._rounds)

    def busy(self) -> float:
        """The load's share of its core when it was busiest: near 1 it would be the load that is measured."""
        return max(turn.busy for turns in self._rounds for turn in turns.values())


def fresh(send: Callable[[Part], Played], source: Source, size: int) -> Contestant:
    """A contestant that keeps what it is sent, and so has to be sent something new every time."""

    def turn(readings: int) -> Round:
        part = source.take(readings, size, CONNECTIONS)
        return _round(part.readings, send(part))

    return turn


def stateless(port: int, part: Part, size: int) -> Contestant:
    """A contestant that forgets, and so can be sent the same bodies again and again."""
    requests = [request("/v1/readings", body) for lane in part.lanes for body in lane]

    def turn(readings: int) -> Round:
        lanes: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
        for number in range(max(1, readings // size)):
            lanes[number % len(lanes)].append(requests[number % len(requests)])
        return _round(sum(map(len, lanes)) * size, play(port, lanes))

    return turn


def bare(loop: BareRiver) -> Contestant:
    """River alone."""
    return lambda readings: Round(max(1, readings), loop.seconds(max(1, readings)))


def _round(readings: int, played: Played) -> Round:
    return Round(readings, played.seconds, played.cpu_s / played.seconds)
