"""The learner's process: reads the log, folds it, and publishes. `service.pipeline.link` is its other end.

It runs at low priority, so that scoring comes first, and from its first publication on only when nobody else wants to:
a service that is started on a busy machine shall get ready. In lock-step, where readings wait for it, it has the usual
priority. It ends when its standard input does.
"""

import contextlib
import os
import select
import struct
import sys
import time
from pathlib import Path
from typing import IO

import msgspec

from service.contracts.forgetting import Forgotten
from service.contracts.ports import EventLog, ExampleStore
from service.pipeline.learning.config import LearnerConfig
from service.pipeline.learning.keeper import LearnerKeeper
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.link import read_frame, write_frame
from service.pipeline.publication import encode_publication
from service.pipeline.records import decode_record
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore

_POLL_S = 0.05
_PUBLISH_EVERY_S = 0.25


def main() -> None:
    """Run until standard input ends."""
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    frame = read_frame(commands)
    if frame is None:
        return
    config = msgspec.msgpack.decode(frame, type=LearnerConfig)
    if not config.lockstep:
        os.nice(10)
    folder = Path(config.folder)
    log = SqliteEventLog(folder / "events.db", read_only=True)
    examples = SqliteExampleStore(folder / "examples.db")
    keeper = LearnerKeeper(folder, config.snapshot_every_s)
    fold = keeper.recover(config.settings, log, examples)
    # What would be printed by a library must not get between the frames.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        _serve(fold, log, examples, keeper, commands.fileno(), out, config)
        keeper.close(fold)
    except BrokenPipeError:
        os._exit(0)
    finally:
        examples.close()
        log.close()


def _step_back() -> None:
    """Run when nobody else wants to, where a system knows such a priority (Linux)."""
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _forget(seq: int, event: Forgotten, fold: LearnerFold, examples: ExampleStore, keeper: LearnerKeeper) -> None:
    """What was forgotten must neither come back from a snapshot nor be trained on."""
    keeper.forget(fold, seq)
    for home_type, aliases in event.aliases().items():
        examples.forget(home_type, aliases, up_to_seq=seq)


def _serve(
    fold: LearnerFold,
    log: EventLog,
    examples: ExampleStore,
    keeper: LearnerKeeper,
    commands: int,
    out: IO[bytes],
    config: LearnerConfig,
) -> None:
    lockstep, window = config.lockstep, config.training_window
    wanted, published_at = 0, 0.0
    inbox = b""
    published_seq = -1
    while True:
        records = log.read(fold.seq, limit=64)
        for record in records:
            event = decode_record(record)
            fold.apply(record.seq, event)
            if isinstance(event, Forgotten):
                _forget(record.seq, event, fold, examples, keeper)
        now = time.monotonic()
        due = fold.seq >= wanted if lockstep else not records or now - published_at >= _PUBLISH_EVERY_S
        if due and fold.seq > published_seq:
            publication = msgspec.structs.replace(fold.publication(), needed_seq=keeper.needed_seq)
            write_frame(out, encode_publication(publication))
            if published_seq < 0 and not lockstep:
                _step_back()
            published_at, published_seq = now, fold.seq
            if keeper.pass_by(fold):
                for name in fold.home_types:
                    examples.prune(name, window)
        if select.select([commands], [], [], 0.0 if records else _POLL_S)[0]:
            chunk = os.read(commands, 65_536)
            if not chunk:
                return
            inbox += chunk
            while len(inbox) >= 12:
                (wanted,) = struct.unpack("<Q", inbox[4:12])
                inbox = inbox[12:]
