"""Client: the service's HTTP interface, as a fleet uses it.

Every write may be repeated: the service knows a reading by its device and time and an outcome by its id, so a retry
after a lost answer changes nothing and comes back as ``duplicate`` or ``late``.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from service.contracts.access import bearer
from service.contracts.decoding import UNDECODABLE
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
_PATIENCE_S = 300.0
"""How long a request is tried again at most, unless a number of attempts is given."""
_ENCODER = msgspec.json.Encoder()


class Problem(msgspec.Struct):
    """The parts of an RFC 9457 problem that a user wants to see."""

    title: str = ""
    detail: str = ""


class _Busy(ServiceError):
    """No answer, or one that may be another a little later.

    Args:
        detail: One line for the user.
        status: HTTP status, or None without an answer.
        retry_after_s: When the service wants to be asked again, if it says so.
    """

    def __init__(self, detail: str, status: int | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail, status)
        self.retry_after_s = retry_after_s


class Notices:
    """Says on stderr what is waited for, each cause once, whichever client meets it first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[int | None] = set()

    def say(self, status: int | None, line: str) -> None:
        """Say a line, unless one was said of the same status (None: no answer)."""
        with self._lock:
            if status in self._said:
                return
            self._said.add(status)
        print(line, file=sys.stderr)


class Client:
    """A connection to one service; a context manager.

    A request that meets a service that is busy, or none, is tried again: for five minutes, or as often as is said.

    Args:
        url: Base address, such as ``http://127.0.0.1:8000``.
        attempts: How often a request is tried in all, or None for as often as five minutes allow.
        timeout_s: How long one try may take.
        sleep: Waits for some seconds; given in tests.
        notices: Who says what is waited for; clients may share it.
        key: Sent with each request, or None.

    Raises:
        UsageError: If ``url`` is no http address, or ``key`` no key.
    """

    def __init__(
        self,
        url: str,
        *,
        attempts: int | None = None,
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        notices: Notices | None = None,
        key: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._attempts = attempts
        self._sleep = sleep
        self._notices = notices or Notices()
        self._random = random.Random()
        try:
            parsed = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError) as error:
            raise UsageError(f"--url {url!r} is no address: {error}") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise UsageError(f"--url {url!r} is no address such as http://127.0.0.1:8000")
        if parsed.port is not None and not 1 <= parsed.port <= 65_535:
            raise UsageError(f"--url {url!r}: {parsed.port} is no port; ports are 1 to 65535")
        self._http = httpx.Client(base_url=self.url, timeout=timeout_s, headers=_bearer(key))

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
        while self.health(attempts=8).learned_seq < seq:
            if time.monotonic() >= deadline:
                return False
            self._sleep(0.1)
        return True

    def _call(self, method: str, path: str, kind: type[T], body: object = None, *, attempts: int | None = None) -> T:
        content = None if body is None else _ENCODER.encode(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        attempts = self._attempts if attempts is None else attempts
        tries, waited_s, wait_s = 0, 0.0, 0.1
        while True:
            began = time.monotonic()
            try:
                return self._try(method, path, kind, content, headers)
            except _Busy as busy:
                tries, wait_s = tries + 1, min(_LONGEST_WAIT_S, 2 * wait_s)
                least_s = wait_s if busy.retry_after_s is None else max(wait_s / 4, busy.retry_after_s)
                # Full waits in step would bring all clients back at once.
                pause_s = least_s * self._random.uniform(1.0, 1.25)
                # What a try took counts too: silence is waited out no longer than a refusal.
                waited_s += time.monotonic() - began
                if attempts is not None and tries >= attempts:
                    raise
                if attempts is None and waited_s + pause_s > _PATIENCE_S:
                    raise ServiceError(f"{busy} (waited {waited_s:.0f} s)", busy.status) from None
                if attempts is None and waited_s + pause_s > _SILENT_S:
                    self._notices.say(busy.status, f"waiting, up to {_PATIENCE_S:g} s for a request: {busy}")
            self._sleep(pause_s)
            waited_s += pause_s

    def _try(self, method: str, path: str, kind: type[T], content: bytes | None, headers: dict[str, str]) -> T:
        try:
            response = self._http.request(method, path, content=content, headers=headers)
        except httpx.TransportError as error:
            raise _Busy(f"no answer from {self.url}{path}: {str(error) or type(error).__name__}") from None
        if response.is_success:
            return self._decoded(response, kind, path)
        problem = self._problem(response, method, path)
        if response.status_code in _BUSY:
            raise _Busy(problem, response.status_code, _retry_after_s(response))
        raise ServiceError(problem, response.status_code)

    def _decoded(self, response: httpx.Response, kind: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except UNDECODABLE as error:
            raise ServiceError(f"{self.url}{path} gave an answer that is none of ours: {error}") from None

    def _problem(self, response: httpx.Response, method: str, path: str) -> str:
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
            text = problem.detail or problem.title
            if not text and path == "/health/ready":
                text = "; ".join(msgspec.json.decode(response.content, type=Health).reasons) or "not ready"
        except UNDECODABLE:
            text = response.text.strip()
        line = " ".join((text or response.reason_phrase).split())[:300]
        return f"{method} {self.url}{path} answered {response.status_code}: {line}"


def _bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key."""
    try:
        return bearer(key)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header, bounded, or None without; a date, or nonsense, counts as one second."""
    text = response.headers.get("Retry-After")
    try:
        return None if text is None else min(_LONGEST_WAIT_S, max(0.0, float(text)))
    except ValueError:
        return 1.0
