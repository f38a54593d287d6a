"""The benchmark of latency, small: all that is to happen at once does happen."""

import socket
import threading
from pathlib import Path

import pytest

from benchmarks import latency
from benchmarks.latency.wire import Connection
from benchmarks.workload import Workload


def test_a_small_load() -> None:
    """Readings are answered, alone and under load; load, trainings and learning leave their traces."""
    workload = Workload(data=Path(), seed=1, full=False)
    rows = {
        row.id: row.value or 0.0
        for row in latency.measure(workload, devices=1_000, rate=1_000, idle_s=0.5, loaded_s=4.0)
    }

    for state in ("idle", "loaded"):
        p50, p99, most = (rows[f"latency.{name}_{state}_ms"] for name in ("p50", "p99", "max"))
        assert 0.0 < p50 <= p99 <= most
    assert 300.0 < rows["latency.background_readings_per_s"] < 1_300.0
    assert rows["latency.snapshots"] >= 1
    assert rows["latency.learner_lag_s"] >= 0.0


@pytest.mark.parametrize("pieces", [[b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345"],
                                    [b"HTTP/1.1 42", b"9 No\r\ncontent-length: 2\r\n\r", b"\n1", b"2"]])  # fmt: skip
def test_an_answer_in_any_pieces(pieces: list[bytes]) -> None:
    """The status is told once the whole answer is there, however it is cut."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                assert connection.recv(65_536).endswith(b"\r\n\r\n{}")
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=answer)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{server.getsockname()[1]}")
        status = connection.post("/v1/readings", b"{}")
        thread.join()
        connection.close()

    assert int(b"".join(pieces).split()[1]) == status
