"""Answers on their way to whoever waits."""

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import Any

import pytest

from service.contracts.errors import Unavailable
from service.pipeline.scoring.replies import LoopReply, deliver


def test_answers_reach_coroutines_and_threads() -> None:
    """Whether it is a result or an error; who has gone meanwhile disturbs nobody."""

    async def ask() -> list[Any]:
        replies = [LoopReply() for _ in range(3)]
        thread: Future[str] = Future()
        replies[0].future.cancel()
        answers = [*((reply, f"answer {n}") for n, reply in enumerate(replies)), (thread, "for a thread")]
        Thread(target=deliver, args=(answers,)).start()
        return [await replies[1].future, await replies[2].future, await asyncio.wrap_future(thread)]

    assert ["answer 1", "answer 2", "for a thread"] == asyncio.run(ask())


def test_an_error_is_raised_where_the_answer_is_waited_for() -> None:
    """In a coroutine as in a thread."""

    async def ask() -> None:
        reply = LoopReply()
        Thread(target=deliver, args=([(reply, Unavailable("no disk"))],)).start()
        await reply.future

    with pytest.raises(Unavailable, match="no disk"):
        asyncio.run(ask())
    thread: Future[str] = Future()
    deliver([(thread, Unavailable("no disk"))])
    with pytest.raises(Unavailable, match="no disk"):
        thread.result()
