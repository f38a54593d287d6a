"""River alone: a loop over readings in memory, without a service around it.

Run as ``python -m benchmarks.peers.bare_river FILE MODEL``; the file holds a JSON array of readings. Every line on
standard input is a number of readings to go through; it is answered with the seconds that they took.
"""

import itertools
import sys
import time
from pathlib import Path

from benchmarks.peers.models import Peer
from service.contracts.readings import ReadingsDecoder


def main(path: Path, kind: str) -> None:
    """Answer until standard input ends."""
    peer = Peer(kind)
    readings = itertools.cycle(ReadingsDecoder.decode(path.read_bytes()))
    for line in sys.stdin:
        part = list(itertools.islice(readings, int(line)))
        began = time.perf_counter()
        for reading in part:
            peer.step(reading)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
