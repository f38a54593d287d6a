"""The trainer's process: takes orders on standard input, tells progress and reports on standard output.

It steps back behind those that answer, unless these wait for it (lock-step), stays warm between orders, and ends when
its standard input does. A fault is reported, and the next order is waited for.
"""

import os
import sys
from typing import IO

from service.contracts.checkpoints import TrainerMessage, TrainingReport, decode_order, encode_message
from service.contracts.decoding import UNDECODABLE
from service.jobs.training.train import carry_out
from service.pipeline.link import read_frame, write_frame
from service.storage.background import step_back


def main(*, awaited: bool = False) -> None:
    """Run until standard input ends; ``awaited`` says that readings wait for each training, so that it hurries."""
    orders = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    # What would be printed by a library must not get between the frames.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if not awaited:
        step_back()
    try:
        _serve(orders, out)
    except BrokenPipeError:
        os._exit(0)  # nobody listens, and closing `out` would fail again


def _serve(orders: IO[bytes], out: IO[bytes]) -> None:
    def tell(message: TrainerMessage) -> None:
        write_frame(out, encode_message(message))

    while (frame := read_frame(orders)) is not None:
        try:
            order = decode_order(frame)
        except UNDECODABLE as error:
            tell(TrainingReport(results=[], fault=f"not an order: {error}"))
            continue
        tell(carry_out(order, tell))
