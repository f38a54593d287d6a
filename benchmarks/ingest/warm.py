"""Warm: services whose whole committee may vote, all from one data folder that is prepared once.

A committee is at its dearest when nobody is cold: online members are, until they have learned thirty positives. Which
weight each then has, be it none, costs nothing. So days of a fleet that fails often are streamed with their outcomes
first, and learned, before anything is measured.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec

from benchmarks.ingest.bodies import Part, Source
from benchmarks.ingest.cores import Cores, learner_of, move
from benchmarks.ingest.load import Played, play, request
from benchmarks.report import BenchError
from service.contracts.predictions import Receipt
from service.contracts.standing import HomeTypeDetail, MemberState
from service.models.committee import BASELINE, GLOBAL_MEMBERS, HOME_MEMBERS
from simulator.child import ServiceProcess
from simulator.errors import ServiceError
from simulator.stream.client import Client

_PART = 4_000
_LEARN_S = 180.0


class Served(contextlib.AbstractContextManager["Served"]):
    """A service in a process of its own on the measured core, its learner on the load's.

    Args:
        folder: Its folder; what it stores is in ``data``.
        cores: The two cores.
    """

    def __init__(self, folder: Path, cores: Cores) -> None:
        folder.mkdir(exist_ok=True)
        self._process = ServiceProcess(folder)
        self._cores = cores
        self.readings = 0
        self.port = int(self._process.url.rpartition(":")[2])
        self.client = Client(self._process.url, attempts=4)

    def wait_ready(self) -> None:
        """Wait until it is ready, and move it and its learner to their cores.

        Raises:
            BenchError: It does not get ready.
        """
        try:
            self._process.wait_ready()
        except ServiceError as error:
            raise BenchError(str(error)) from None
        move(self._process.pid, self._cores.measured)
        learner = learner_of(self._process.pid)
        if learner is not None:
            move(learner, self._cores.load)

    def __exit__(self, *error: object) -> None:
        """Stop it; what its client met is told in one line."""
        self.client.__exit__(None, None, None)
        self._process.__exit__(*error)
        if isinstance(error[1], ServiceError):
            raise BenchError(str(error[1])) from None

    def send(self, part: Part, path: str = "/v1/readings") -> Played:
        """Send the outcomes of a part, then, timed, its readings.

        Raises:
            BenchError: A reading was not accepted: then it was not scored, and the figure would be wrong.
        """
        if part.outcomes is not None:
            play(self.port, [[request("/v1/outcomes", part.outcomes)]])
        played = play(self.port, [[request(path, body) for body in lane] for lane in part.lanes])
        accepted = sum(_RECEIPTS.decode(answer).accepted for answer in played.answers)
        if accepted < part.readings:
            raise BenchError(f"only {accepted} of {part.readings} readings were accepted")
        self.readings += part.readings
        return played

    def wait_learned(self) -> None:
        """Wait until all that was sent is learned.

        Raises:
            BenchError: It is not within some minutes.
        """
        if not self.client.wait_learned(self.client.health().seq, _LEARN_S):
            raise BenchError(f"the learner has not caught up within {_LEARN_S:g} s")

    def benched(self) -> dict[str, list[str]]:
        """The members of the whole committee that may not vote, by home type."""
        names = [kind.home_type for kind in self.client.home_types().home_types]
        everybody = {*HOME_MEMBERS, *GLOBAL_MEMBERS, BASELINE}
        return {
            name: sorted(everybody.difference(member.member for member in self._members(name) if not member.benched))
            for name in names
        }

    def _members(self, home_type: str) -> list[MemberState]:
        response = httpx.get(f"{self.client.url}/v1/home-types/{home_type}", timeout=60.0)
        return msgspec.json.decode(response.raise_for_status().content, type=HomeTypeDetail).members


_RECEIPTS = msgspec.json.Decoder(Receipt)


@contextlib.contextmanager
def copy_of(folder: Path, name: str, cores: Cores) -> Iterator[Served]:
    """A service on a copy of the prepared folder, started but not yet waited for."""
    there = folder.parent / name
    shutil.copytree(folder, there)
    with Served(there, cores) as served:
        yield served


def prepare(folder: Path, cores: Cores, source: Source, readings: int) -> None:
    """Make a data folder in which all members may vote: from ``readings`` on it is looked whether they do.

    Raises:
        BenchError: After three times as many they do not.
    """
    with Served(folder, cores) as served:
        served.wait_ready()
        benched = ["nobody has learned anything"]
        while benched:
            if served.readings >= 3 * readings:
                raise BenchError(f"after {served.readings} readings not all members may vote: {'; '.join(benched)}")
            for _ in range(0, readings if not served.readings else readings // 5, _PART):
                served.send(source.take(_PART, 500, 1))
            served.wait_learned()
            benched = [f"{name}: {', '.join(missing)}" for name, missing in served.benched().items() if missing]
