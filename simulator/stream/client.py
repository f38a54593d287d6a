"""Client: the service's HTTP interface, as a fleet uses it.

Every write may be repeated: the service knows a reading by its device and time and an outcome by its id, so a retry
after a lost answer changes nothing and comes back as ``duplicate`` or ``late``.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from service.contracts.outcomes import Outcome
from service.contracts.predictions import Health, Receipt
from service.contracts.standing import Advance, AdvanceReceipt, Evaluation, HomeTypeList
from simulator.errors import ServiceError, UsageError
from simulator.stream.deal import OfDevice
from simulator.stream.merge import R, Request

T = TypeVar("T")

_BUSY = frozenset({429, 502, 503, 504})
_SILENT_S = 2.0
_LONGEST_WAIT_S = 30.0
_ENCODER = msgspec.json.Encoder()


class Problem(msgspec.Struct):
    """The parts of an RFC 9457 problem that a user wants to see."""

    title: str = ""
    detail: str = ""


class Client:
    """A connection to one service; a context manager.

    Args:
        url: Base address, such as ``http://127.0.0.1:8000``.
        attempts: How often a request is tried in all.
        timeout_s: How long one try may take.
        sleep: Waits for some seconds; given in tests.

    Raises:
        UsageError: If ``url`` is no http address.
    """

    def __init__(
        self,
        url: str,
        *,
        attempts: int = 8,
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._attempts = attempts
        self._sleep = sleep
        self._random = random.Random()
        try:
            parsed = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError) as error:
            raise UsageError(f"--url {url!r} is no address: {error}") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise UsageError(f"--url {url!r} is no address such as http://127.0.0.1:8000")
        self._http = httpx.Client(base_url=self.url, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.close()

    def send(self, request: Request[R]) -> Receipt:
        """Send a request; what it holds is durable when this returns."""
        return self.post_readings(request.readings) if request.readings else self.post_outcomes(request.outcomes)

    def post_readings(self, readings: Sequence[OfDevice]) -> Receipt:
        """Send readings, in whatever form encodes as one; they are durable when this returns."""
        return self._call("POST", "/v1/readings", Receipt, readings)

    def post_outcomes(self, outcomes: Sequence[Outcome]) -> Receipt:
        """Send outcomes; they are durable when this returns."""
        return self._call("POST", "/v1/outcomes", Receipt, outcomes)

    def advance(self, act: Advance) -> AdvanceReceipt:
        """Declare that event time has surely reached an instant."""
        body = {"to": act.to} if act.home_type is None else {"to": act.to, "home_type": act.home_type}
        return self._call("POST", "/v1/advance", AdvanceReceipt, body)

    def evaluation(self) -> Evaluation:
        """Return the exact prequential evaluation."""
        return self._call("GET", "/v1/evaluation", Evaluation)

    def home_types(self, *, attempts: int | None = None) -> HomeTypeList:
        """Return the list of home types."""
        return self._call("GET", "/v1/home-types", HomeTypeList, attempts=attempts)

    def health(self, *, attempts: int | None = None) -> Health:
        """Return the state of a service that is ready.

        Raises:
            ServiceError: If it is not ready after the last attempt.
        """
        return self._call("GET", "/health/ready", Health, attempts=attempts)

    def wait_ready(self, bound_s: float = 60.0) -> Health:
        """Wait until the service is ready, ``bound_s`` seconds at most.

        Raises:
            ServiceError: If it is not ready by then; the line says what the last try met.
        """
        began, told = time.monotonic(), False
        deadline = began + bound_s
        while True:
            try:
                return self.health(attempts=1)
            except ServiceError as error:
                if error.status not in (None, *_BUSY):
                    raise
                if time.monotonic() >= deadline:
                    raise ServiceError(f"{error} (waited {bound_s:g} s for it to be ready)", error.status) from None
            if not told and time.monotonic() - began > _SILENT_S:
                print(f"waiting for {self.url} to be ready, up to {bound_s:g} s ...", file=sys.stderr)
                told = True
            self._sleep(0.25)

    def wait_learned(self, seq: int, bound_s: float = 120.0) -> bool:
        """Wait until the learner has folded the log up to ``seq``; return whether it has within ``bound_s`` seconds."""
        deadline = time.monotonic() + bound_s
        while self.health().learned_seq < seq:
            if time.monotonic() >= deadline:
                return False
            self._sleep(0.1)
        return True

    def _call(self, method: str, path: str, kind: type[T], body: object = None, *, attempts: int | None = None) -> T:
        content = None if body is None else _ENCODER.encode(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        attempts = self._attempts if attempts is None else attempts
        for attempt in range(1, attempts + 1):
            wait_s = min(_LONGEST_WAIT_S, 0.1 * 2**attempt)
            try:
                response = self._http.request(method, path, content=content, headers=headers)
            except httpx.TransportError as error:
                if attempt == attempts:
                    reason = str(error) or type(error).__name__
                    raise ServiceError(f"no answer from {self.url}{path}: {reason}") from None
            else:
                if response.is_success:
                    return self._decoded(response, kind, path)
                if response.status_code not in _BUSY or attempt == attempts:
                    raise ServiceError(self._problem(response, method, path), response.status_code)
                wait_s = max(wait_s / 4, _retry_after_s(response)) if "Retry-After" in response.headers else wait_s
            # Full waits in step would bring all clients back at once.
            self._sleep(wait_s * self._random.uniform(1.0, 1.25))
        raise AssertionError("attempts must be at least 1")

    def _decoded(self, response: httpx.Response, kind: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ServiceError(f"{self.url}{path} gave an answer that is none of ours: {error}") from None

    def _problem(self, response: httpx.Response, method: str, path: str) -> str:
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
            text = problem.detail or problem.title
            if not text and path == "/health/ready":
                text = "; ".join(msgspec.json.decode(response.content, type=Health).reasons) or "not ready"
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = response.text.strip()
        line = " ".join((text or response.reason_phrase).split())[:300]
        return f"{method} {self.url}{path} answered {response.status_code}: {line}"


def _retry_after_s(response: httpx.Response) -> float:
    """Seconds of a Retry-After header, bounded; a date, or nonsense, counts as one second."""
    try:
        return min(_LONGEST_WAIT_S, max(0.0, float(response.headers["Retry-After"])))
    except ValueError:
        return 1.0
