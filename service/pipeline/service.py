"""The service as the API sees it: take something in, answer a question, say how it is.

Questions that need the fold's state take the ingest lock and belong in a worker thread, never on the event loop.
"""

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from service import __version__
from service.contracts.errors import NotKnown, RefusedItem, Unavailable
from service.contracts.events import Advanced
from service.contracts.forgetting import ErasureState, Forget, ForgetReceipt, Forgotten
from service.contracts.journal import JournalKind, JournalPage
from service.contracts.ports import EventLog, ExampleStore
from service.contracts.predictions import (
    DeviceDetail,
    DeviceList,
    DeviceState,
    Health,
    HomeDetail,
    Prediction,
    WhatIf,
)
from service.contracts.standing import (
    Advance,
    AdvanceReceipt,
    Evaluation,
    HomeTypeDetail,
    HomeTypeList,
    Quality,
)
from service.labels.book import instant_us
from service.pipeline.instants import bad_instant
from service.pipeline.link import LearnerLink
from service.pipeline.publication import HomeTypeOut
from service.pipeline.records import decode_record
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.intake.arrivals import Limits
from service.pipeline.scoring.intake.forgetting import ForgetJob
from service.pipeline.scoring.requests import Job
from service.pipeline.views.device_list import DeviceListing
from service.pipeline.views.device_views import DeviceViews
from service.pipeline.views.home_type_views import HomeTypeViews, evaluate, live_quality
from service.pipeline.views.journal_view import journal_page

_QUALITY_LIVES_S = 2.0


def now_us() -> int:
    """The clock of intake: microseconds since the epoch. Nothing inside a fold reads it."""
    return time.time_ns() // 1000


class Service:
    """Everything behind the API.

    Args:
        ingest: The scorer's fold and its thread.
        log, examples: The durable stores, opened for reading from other threads.
        link: The learner.
        limits: As given to ``ingest``.
        grace_us, lockstep: Settings that answers name.
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        log: EventLog,
        examples: ExampleStore,
        link: LearnerLink,
        limits: Limits,
        grace_us: int,
        lockstep: bool,
    ) -> None:
        self.starting: str | None = "the log is being replayed"
        self.degraded: list[str] = []
        self.ails: Callable[[], list[str]] = list
        self.stopping = threading.Event()
        self.erasure_state: Callable[[int], ErasureState] = lambda seq: ErasureState(seq=seq, done=True)
        self._ingest = ingest
        self._log = log
        self._examples = examples
        self._link = link
        self._limits = limits
        self._grace_us = grace_us
        self._lockstep = lockstep
        self._quality: dict[str, tuple[float, dict[str, Quality]]] = {}

    def submit(self, job: Job) -> Awaitable[Any]:
        """Put a request before the scorer; see `Ingest.submit`."""
        self.check_ready()
        return self._ingest.ask(job)

    def check_ready(self) -> None:
        """Raises `Unavailable` while the service is starting."""
        if self.starting is not None:
            raise Unavailable(f"the service is starting: {self.starting}")

    def advance(self, act: Advance) -> Awaitable[AdvanceReceipt]:
        """Put down that event time has reached ``act.to``."""
        self.check_ready()
        to_us, received_us = instant_us(act.to), now_us()
        refusal = bad_instant(0, act.to, to_us, received_us)
        if refusal is not None:
            raise RefusedItem(refusal.reason, refusal.detail, field="to")
        if act.home_type is not None and act.home_type not in self._ingest.fleet.home_types:
            raise NotKnown(f"no reading from a home of type {act.home_type!r} has come yet")
        return self.submit(Advanced(received_us=received_us, to_us=to_us, home_type=act.home_type))

    def forget(self, wish: Forget) -> Awaitable[ForgetReceipt]:
        """Forget a home or a device; see `ForgetJob`."""
        return self.submit(ForgetJob(wish=wish, received_us=now_us()))

    def erasure(self, seq: int) -> ErasureState:
        """How far the erasure of what event ``seq`` forgot is.

        Raises:
            NotKnown: That event forgot nothing.
        """
        self.check_ready()
        with self._ingest.lock:
            record = self._log.get(seq)
            forgot = seq <= self._ingest.fleet.seq if record is None else isinstance(decode_record(record), Forgotten)
        if not forgot or seq < 1:
            raise NotKnown(f"event {seq} forgot nothing")
        return self.erasure_state(seq)

    def devices(
        self,
        *,
        home_type: str | None,
        home_id: str | None,
        min_risk: float,
        state: DeviceState | None,
        limit: int,
        cursor: str | None,
    ) -> DeviceList:
        """See `DeviceListing.page`."""
        with self._ingest.lock:
            self._ingest.install()
            self.check_ready()
            listing = DeviceListing(
                self._ingest.fleet, self._ingest.panel, self._limits.alert_risk, home_type=home_type, home_id=home_id
            )
        return listing.page(min_risk=min_risk, state=state, limit=limit, cursor=cursor)

    def device(self, home_id: str, device_id: str) -> DeviceDetail:
        """See `DeviceViews.device`."""
        with self._ingest.lock:
            self._ingest.install()
            return self._device_views().device(home_id, device_id)

    def home(self, home_id: str) -> HomeDetail:
        """See `DeviceViews.home`."""
        with self._ingest.lock:
            self._ingest.install()
            return self._device_views().home(home_id)

    def what_if(self, question: WhatIf) -> Prediction:
        """See `DeviceViews.what_if`."""
        with self._ingest.lock:
            self._ingest.install()
            return self._device_views().what_if(question, now_us())

    def home_types(self) -> HomeTypeList:
        """All home types with their live quality."""
        with self._ingest.lock:
            self._ingest.install()
            names, up_to_seq = self._home_type_views().names(), self._ingest.panel.learned_seq
        pr_auc = {}
        for name in names:
            blend = self._live_quality(name, up_to_seq).get("blend")
            pr_auc[name] = blend.pr_auc if blend is not None else None
        with self._ingest.lock:
            return self._home_type_views().every(pr_auc)

    def home_type(self, name: str) -> HomeTypeDetail:
        """One home type with its live quality."""
        with self._ingest.lock:
            self._ingest.install()
            up_to_seq = self._ingest.panel.learned_seq
            self.check_ready()
            self._home_type_views().check(name)
        qualities = self._live_quality(name, up_to_seq)
        with self._ingest.lock:
            return self._home_type_views().detail(name, qualities)

    def home_type_names(self) -> list[str]:
        """All home types seen, by name."""
        with self._ingest.lock:
            self._ingest.install()
            return self._home_type_views().names()

    def measure(self, name: str) -> dict[str, Quality]:
        """The live quality of a home type, by member, measured now."""
        return live_quality(self._examples, name, self._ingest.panel.learned_seq)

    def standing(self, name: str, qualities: dict[str, Quality]) -> tuple[HomeTypeDetail, HomeTypeOut]:
        """One home type with live qualities as given, and as the learner has published it."""
        with self._ingest.lock:
            return self._home_type_views().detail(name, qualities), self._ingest.panel.standing(name)

    def evaluation(self, home_type: str | None) -> Evaluation:
        """Exact prequential evaluation up to what is learned now."""
        with self._ingest.lock:
            self._ingest.install()
            if home_type is not None:
                self._home_type_views().check(home_type)
            weights = self._home_type_views().weights(home_type)
            up_to_seq = self._ingest.panel.learned_seq
        return evaluate(self._examples, home_type, up_to_seq, weights)

    def journal(self, *, home_type: str | None, kind: JournalKind | None, after: str | None, limit: int) -> JournalPage:
        """See `journal_page`."""
        self.check_ready()
        return journal_page(self._examples, home_type, kind, after, limit)

    def health(self) -> Health:
        """How the service is. Never waits."""
        reasons = [*self.degraded, *self.ails()]
        if self._link.fault is not None:
            reasons.append(self._link.fault)
        stale = self._ingest.fleet.versions.stale
        if stale is not None:
            reasons.append(f"the online models do not speak: {stale}")
        if self._ingest.log_fault is not None:
            reasons.append(self._ingest.log_fault)
        status: Literal["ok", "degraded", "starting"] = "degraded" if reasons else "ok"
        if self.starting is not None:
            status, reasons = "starting", [self.starting]
        return Health(
            status=status,
            reasons=reasons,
            lockstep=self._lockstep,
            horizon_s=self._ingest.fleet.horizon_us / 1e6,
            seq=self._ingest.fleet.seq,
            learned_seq=self._link.learned_seq,
            version=__version__,
        )

    def _live_quality(self, name: str, up_to_seq: int) -> dict[str, Quality]:
        made, cached = self._quality.get(name, (0.0, {}))
        if not cached or time.monotonic() - made > _QUALITY_LIVES_S:
            cached = live_quality(self._examples, name, up_to_seq)
            self._quality[name] = (time.monotonic(), cached)
        return cached

    def _device_views(self) -> DeviceViews:
        self.check_ready()
        return DeviceViews(self._ingest.fleet, self._ingest.panel, self._log, self._limits)

    def _home_type_views(self) -> HomeTypeViews:
        self.check_ready()
        return HomeTypeViews(self._ingest.fleet, self._ingest.panel, self._grace_us)
