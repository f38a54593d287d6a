"""Replies: answers on their way from the ingest thread to whoever waits for them."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any


class LoopReply:
    """The answer that a coroutine waits for in ``future``; made in its event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def set_running_or_notify_cancel(self) -> bool:
        """Whether anybody still waits."""
        return not self.future.cancelled()


Reply = Future[Any] | LoopReply


def deliver(answers: Iterable[tuple[Reply, Any]]) -> None:
    """Let answers go; an exception is raised where it is waited for.

    An event loop is woken once for all that concern it. To wake it gives the interpreter away, and to get it back takes
    longer than to answer.
    """
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for reply, answer in answers:
        if isinstance(reply, LoopReply):
            by_loop.setdefault(reply.loop, []).append((reply.future, answer))
        elif isinstance(answer, Exception):
            reply.set_exception(answer)
        else:
            reply.set_result(answer)
    for loop, settled in by_loop.items():
        loop.call_soon_threadsafe(_settle, settled)


def _settle(answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answers:
        if future.done():  # whoever waited has gone
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
