"""The schedule: APScheduler polls what is due, and has it done beside the service.

Whether a training is due is a function of the log (`service.pipeline.learning.due`); the scheduler only looks, so that
a year replayed in a minute is trained on as often as a year lived. A cron expression may ask for more.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

_POLL_S = 1
_GRACE_S = 60


class Schedule:
    """Jobs that come back, each in one thread at a time; what was missed is made up for once.

    Args:
        every_second: Called again and again, each in a thread of its own.
        cron: A crontab expression (UTC), or empty.
        at_cron: Called when it says.
    """

    def __init__(self, every_second: list[Callable[[], None]], cron: str, at_cron: Callable[[], None]) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(len(every_second) + 1)},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": _GRACE_S},
        )
        for task in every_second:
            self._scheduler.add_job(task, "interval", seconds=_POLL_S)
        if cron:
            self._scheduler.add_job(at_cron, CronTrigger.from_crontab(cron, timezone="UTC"))

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def next_cron(self) -> list[datetime]:
        """When ``at_cron`` will be called next; none without an expression, or before `start`."""
        jobs = self._scheduler.get_jobs()
        return [job.next_run_time for job in jobs if isinstance(job.trigger, CronTrigger)]

    def stop(self) -> None:
        """End, once what runs has ended."""
        if self._scheduler.running:
            self._scheduler.shutdown()


def check_cron(text: str) -> None:
    """Raises ValueError where ``text`` is neither empty nor a crontab expression."""
    if text:
        CronTrigger.from_crontab(text, timezone="UTC")
