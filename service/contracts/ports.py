"""Ports: what the pipeline asks of the world, as Protocols. Each has a durable backend and an in-memory twin."""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.journal import JournalRecord


class LogRecord(Struct, frozen=True, array_like=True):
    """One event of the log as stored."""

    seq: int
    blob: bytes


class EventLog(Protocol):
    """The append-only, totally ordered event log. One process appends; any may read."""

    def append(self, blobs: Sequence[bytes]) -> int:
        """Store blobs under the next sequence numbers, all or none.

        Returns:
            The sequence number of the last one. On return all of them are durable.

        Raises:
            OSError: They could not be stored; none of them is.
        """
        ...

    def read(self, after: int, *, limit: int = 256, limit_bytes: int = 8_000_000) -> list[LogRecord]:
        """Records with ``seq > after`` in order: at most ``limit``, and no more once ``limit_bytes`` are reached.

        Raises:
            LogDamaged: A record is missing or does not match its checksum.
        """
        ...

    def get(self, seq: int) -> LogRecord | None:
        """The record ``seq``, or None if there is none (any more)."""
        ...

    def last_seq(self) -> int:
        """The newest sequence number, 0 for a log that never had one."""
        ...

    def probe(self) -> None:
        """Write something durable that is no event.

        Raises:
            OSError: The log cannot be written now.
        """
        ...

    def first_seq(self) -> int:
        """The oldest sequence number still there, ``last_seq() + 1`` if there is none."""
        ...

    def size_bytes(self) -> int:
        """About how much room the events take."""
        ...

    def prune(self, below: int) -> None:
        """Forget the events with ``seq < below``; the newest one always stays.

        Raises:
            OSError: It could not be done.
        """
        ...

    def rewrite(self, records: Sequence[LogRecord]) -> None:
        """Put other blobs in the place of events, all or none; events that are not there any more are left out.

        For erasure alone: a fold of the log must come to the same state afterwards. What stood there before is
        overwritten, not only unlinked.

        Raises:
            OSError: It could not be done; all is as before.
        """
        ...

    def rewrites(self) -> int:
        """How many times the log has been rewritten, so that who copies it piece by piece can tell."""
        ...

    def close(self) -> None:
        """Release the backend. Nothing may be called afterwards."""
        ...


class MaturedExamples(Struct, frozen=True, kw_only=True):
    """Examples whose labels became final at one event, columns in order of maturity.

    A *late* block holds examples that were final already and turned out positive by a failure reported afterwards.

    Attributes:
        home_type: Whose examples.
        at_seq: The event that made them mature; (home_type, at_seq) names the block.
        place: Order of the block among those of the same event.
        late: Whether it corrects labels that were final.
        seq: int64 (n,) event that holds the reading.
        row: int32 (n,) position in that event's group.
        device: int32 (n,) device number.
        ts: int64 (n,) instant of the reading in microseconds.
        label: int8 (n,) 1 positive, 0 negative, -1 censored, -2 unreported; see `service.labels.join`.
        blend: float64 (n,) the risk that was answered.
        members: Names of the members.
        member_risk: float32 (n, members) their risks then, NaN where they gave none.
        chosen: int32 (k,) positions of the examples that are kept for training.
        learned: bool (k,) which of these the online members learned; empty altogether in a block that was written when
            nothing else was kept. See `was_learned`.
        columns: How many feature columns the home type had.
        features: float32 (k, columns) feature rows of the kept examples, NaN where unknown.
        modes: The failure mode of each kept example, empty where it is negative or nobody told; of length k, or empty
            altogether in a block that was written before modes were kept.
    """

    home_type: str
    at_seq: int
    place: int = 0
    late: bool = False
    seq: bytes
    row: bytes
    device: bytes
    ts: bytes
    label: bytes
    blend: bytes
    members: list[str]
    member_risk: bytes
    chosen: bytes = b""
    learned: bytes = b""
    columns: int = 0
    features: bytes = b""
    modes: list[str] = []

    def was_learned(self) -> npt.NDArray[np.bool_]:
        """Which of the kept examples the online members learned; (k,)."""
        if not self.learned:
            return np.ones(len(self.chosen) // np.dtype(np.int32).itemsize, np.bool_)
        return np.frombuffer(self.learned, np.bool_)


class ExampleStore(Protocol):
    """Matured examples with the risks they had been given, for evaluation and training."""

    def put(self, blocks: Sequence[MaturedExamples]) -> None:
        """Store blocks; one with the same (home_type, at_seq) replaces the former, so that a replay is harmless."""
        ...

    def blocks(self, home_type: str | None = None, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """All blocks, of one home type or of all, in order of ``at_seq`` then home type."""
        ...

    def around(self, home_type: str, first_us: int, last_us: int, *, up_to_seq: int) -> list[MaturedExamples]:
        """Blocks of a home type that may hold examples with ``first_us <= ts <= last_us``, in order of ``at_seq``."""
        ...

    def prune(self, home_type: str, examples: int) -> None:
        """Keep only the newest blocks of a home type, such that they hold at least this many examples."""
        ...

    def forget(self, home_type: str, devices: Collection[int], *, up_to_seq: int) -> int:
        """Remove the examples of some devices that matured up to an event; returns how many there were."""
        ...

    def latest(self, home_type: str, examples: int, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """The newest blocks of a home type that hold at least this many examples (or all), in order of ``at_seq``."""
        ...

    def note(self, records: Sequence[JournalRecord]) -> None:
        """Store records of the journal; one with the same (seq, place) replaces the former. The oldest are dropped."""
        ...

    def journal(
        self,
        *,
        home_type: str | None = None,
        kind: str | None = None,
        after: tuple[int, int] = (0, -1),
        limit: int = 1_000_000,
    ) -> list[JournalRecord]:
        """Records behind ``after`` (seq, place) in order, of one home type and kind or of all."""
        ...

    def journal_back(self, records: int) -> tuple[int, int]:
        """Behind which (seq, place) the newest so many records stand: of 0 that of the newest, (0, -1) if all do."""
        ...

    def close(self) -> None:
        """Release the backend."""
        ...
