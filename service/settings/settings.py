"""What can be set: one frozen struct, of which each field says its default, its range and its meaning."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Struct

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def parse_duration_s(text: str) -> float:
    """Seconds of a duration such as ``90s``, ``15m``, ``24h`` or ``7d``; a bare number is seconds.

    Raises:
        ValueError: It is no duration, or it is negative or not finite.
    """
    body, unit = (text[:-1], text[-1]) if text and text[-1] in _UNITS_S else (text, "s")
    try:
        seconds = float(body) * _UNITS_S[unit]
    except ValueError:
        raise ValueError(f"{text!r} is no duration; write it like 90s, 15m, 24h or 7d") from None
    if not 0.0 <= seconds < 1e10:
        raise ValueError(f"{text!r} is out of range")
    return seconds


class Says(Struct, frozen=True):
    """What a field of `Settings` says of itself, as annotation.

    Attributes:
        meaning: In a phrase, as Markdown; it stands in the docs as it is.
        low, high: Bounds of a number, or of a duration in seconds.
        duration: Whether it is written like ``90s``, ``15m``, ``24h`` or ``7d``.
        auto: Whether it may be the word ``auto`` instead.
        words: The only values that a text may have; none of them is any text.
    """

    meaning: str
    low: float = float("-inf")
    high: float = float("inf")
    duration: bool = False
    auto: bool = False
    words: tuple[str, ...] = ()


def _duration(meaning: str, low: float = 0.0, high: float = float("inf"), *, auto: bool = False) -> Says:
    return Says(meaning, low, high, duration=True, auto=auto)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be set, with each field's meaning beside it. `load_settings` checks it."""

    host: Annotated[
        str, Says("address to listen on; beyond loopback only with a key, see [security.md](security.md)")
    ] = "127.0.0.1"
    port: Annotated[int, Says("port to listen on; 0 takes a free one", 0, 65_535)] = 8000
    data_dir: Annotated[str, Says("folder of log, models, examples and keys; made if it is not there")] = "./data"
    time_zone: Annotated[
        str,
        Says(
            "the homes' time zone, such as `Europe/Berlin`, for hour, weekday and season; empty takes the UTC offset "
            "that each `ts` is sent with"
        ),
    ] = ""
    horizon: Annotated[str, _duration("how far ahead failures are foretold", 1)] = "24h"
    grace: Annotated[
        str,
        _duration(
            "how long beyond the horizon a label waits for late reports; `auto` is a 24th of the horizon", auto=True
        ),
    ] = "auto"
    lateness: Annotated[
        str,
        _duration("how far the watermark stays behind the newest readings; `auto` is a 48th of the horizon", auto=True),
    ] = "auto"
    lockstep: Annotated[bool, Says("learn all that is mature before a batch is scored")] = False
    baseline: Annotated[
        str,
        Says(
            "`auto` takes the one that an image ships, if its horizon fits, or trains it at the first start; `off` "
            "does without, else a file made by `train-baseline`"
        ),
    ] = "auto"
    seed: Annotated[int, Says("seed of the models and of sampling", 0, 2**31 - 1)] = 1
    snapshot_every: Annotated[str, _duration("least time between two snapshots of a fold")] = "60s"
    log_keep: Annotated[str, _duration("how long events stay in the log once no fold needs them")] = "30d"
    log_max_bytes: Annotated[
        int, Says("beyond this size events that no fold needs go earlier, the oldest first", 1_000_000, 2**62)
    ] = 20_000_000_000
    training_window: Annotated[
        int, Says("matured examples kept per home type, for evaluation and training", 1_000, 2**31 - 1)
    ] = 500_000
    train_every: Annotated[str, _duration("event time after which a checkpoint is trained anew; 0 is never")] = "1d"
    train_examples: Annotated[int, Says("matured examples after which it is", 1, 2**62)] = 200_000
    train_cron: Annotated[
        str, Says("when to train besides, a crontab expression in UTC, such as `0 3 * * *`; empty is never")
    ] = ""
    min_positives: Annotated[
        int, Says("learned positives that a home type, or the fleet, needs to get a checkpoint", 10, 2**31 - 1)
    ] = 1_000
    on_drift: Annotated[
        str,
        Says(
            "what a drift does besides being told: any of `warn` (nothing), `train`, `bench`, `reset`, with commas; "
            "see [committee.md](committee.md)"
        ),
    ] = "train,bench"
    stale_after: Annotated[str, _duration("so far behind may the learner be before its models no longer speak")] = "30s"
    max_metrics: Annotated[
        int, Says("names of metrics that a home type may have; further ones are dropped and counted", 1, 4096)
    ] = 64
    max_device_types: Annotated[
        int, Says("device types that a home type may have; readings of further ones are refused", 1, 4096)
    ] = 64
    max_home_types: Annotated[int, Says("how many home types there may be", 1, 4096)] = 64
    max_devices: Annotated[int, Says("how many devices there may be", 1, 2**31 - 1)] = 1_000_000
    max_body_bytes: Annotated[
        int, Says("largest body, but of NDJSON, which may be of any length", 1_000, 2**31 - 1)
    ] = 16_000_000
    max_items: Annotated[int, Says("most items in one JSON array", 1, 1_000_000)] = 20_000
    body_timeout: Annotated[
        str,
        _duration(
            "how long a body other than NDJSON may pause, and take in all; each 10,000 bytes give it a second more",
            1,
            3600,
        ),
    ] = "30s"
    rate_limit: Annotated[
        float,
        Says(
            "readings, outcomes and other requests a second, of a key or else a client address; 0 is no limit", 0, 1e9
        ),
    ] = 0.0
    queue_size: Annotated[
        int, Says("requests that may wait for the scorer before further ones get 429", 1, 100_000)
    ] = 256
    alert_risk: Annotated[
        float,
        Says(
            "from this risk on, an answer names the likely failure mode, and the live stream tells of the reading",
            0.0,
            1.0,
        ),
    ] = 0.2
    log_level: Annotated[
        str,
        Says(
            "least level of the [lines on standard error](#lines-of-the-log)",
            words=("debug", "info", "warning", "error"),
        ),
    ] = "info"
    log_format: Annotated[
        str,
        Says("their form; `auto` is text where standard error is a terminal", words=("auto", "json", "text")),
    ] = "auto"
    max_streams: Annotated[int, Says("live streams that may be open at a time; 0 is none", 0, 1_000)] = 16

    @property
    def horizon_us(self) -> int:
        """The horizon in microseconds."""
        return int(parse_duration_s(self.horizon) * 1e6)

    @property
    def grace_us(self) -> int:
        """The grace in microseconds."""
        return self.horizon_us // 24 if self.grace == "auto" else int(parse_duration_s(self.grace) * 1e6)

    @property
    def lateness_us(self) -> int:
        """The allowed lateness in microseconds."""
        return self.horizon_us // 48 if self.lateness == "auto" else int(parse_duration_s(self.lateness) * 1e6)

    @property
    def snapshot_every_s(self) -> float:
        """Least time between two snapshots in seconds."""
        return parse_duration_s(self.snapshot_every)

    @property
    def log_keep_us(self) -> int:
        """How long events stay in the log, in microseconds."""
        return int(parse_duration_s(self.log_keep) * 1e6)

    @property
    def train_every_us(self) -> int:
        """Event time between two trainings, in microseconds."""
        return int(parse_duration_s(self.train_every) * 1e6)

    @property
    def drift_policy(self) -> tuple[str, ...]:
        """What a drift does, word by word."""
        return tuple(sorted({word.strip() for word in self.on_drift.split(",")}))

    @property
    def stale_after_s(self) -> float:
        """How far the learner may be behind, in seconds."""
        return parse_duration_s(self.stale_after)

    @property
    def slot_us(self) -> int:
        """Width of a slot in microseconds: a forty-eighth of the horizon."""
        return max(self.horizon_us // 48, 1)

    @property
    def body_timeout_s(self) -> float:
        """How long a body may let itself be waited for, in seconds."""
        return parse_duration_s(self.body_timeout)

    @property
    def zone(self) -> ZoneInfo | None:
        """The homes' time zone, or None where each time stamp's own offset counts."""
        return ZoneInfo(self.time_zone) if self.time_zone else None

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser()
