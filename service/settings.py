"""Settings: one frozen struct, filled from ``HEARTHBEAT_*`` variables and overridden by flags, checked at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from service.contracts.errors import BadSetting

_NOT_SETTINGS = frozenset({"HEARTHBEAT_DATA"})  # where benchmarks and tests find real data sets

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


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be set. The environment variable of a field is ``HEARTHBEAT_`` and its name in capitals.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        data_dir: Folder of log, models and examples; made if it is not there (flag ``--data``).
        horizon: How far ahead failures are foretold, a duration.
        grace: How long after the horizon a label still waits for a late report, a duration; ``auto`` is horizon/24.
        lateness: How far the watermark stays behind the newest readings, a duration; ``auto`` is horizon/48.
        lockstep: Learn all that is mature before a batch is scored.
        baseline: ``auto`` takes the one that an image ships, if its horizon fits, or trains it at the first start;
            ``off`` does without, else a file made by train-baseline.
        seed: Seed of the models and of sampling.
        snapshot_every: Least time between two snapshots of a fold, a duration.
        log_keep: How long events stay in the log once no fold needs them, a duration.
        log_max_bytes: Beyond this size events that no fold needs go earlier, the oldest first.
        training_window: Matured examples kept per home type, for evaluation and training.
        train_every: Event time after which a checkpoint is trained anew, a duration; 0 is never.
        train_examples: Matured examples after which it is.
        train_cron: When to train besides, a crontab expression in UTC; empty is never.
        min_positives: Learned positives that a home type, or the fleet, needs to get a checkpoint.
        on_drift: What a drift does besides being told, separated by commas: ``warn`` (nothing), ``train`` (a
            checkpoint is due at once), ``bench`` (the member has no vote while in alarm), ``reset`` (its online
            model begins anew).
        stale_after: The learner may be so far behind before its models no longer speak, a duration.
        max_metrics: Names of metrics a home type may have.
        max_device_types: Device types a home type may have.
        max_home_types: How many home types there may be.
        max_devices: How many devices there may be.
        max_body_bytes: Largest JSON body; an NDJSON body may be of any length.
        max_items: Most items in one JSON array.
        queue_size: Requests that may wait for the scorer before further ones are told to come back (429).
        alert_risk: From this risk on, an answer names the likely failure mode.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: str = "./data"
    horizon: str = "24h"
    grace: str = "auto"
    lateness: str = "auto"
    lockstep: bool = False
    baseline: str = "auto"
    seed: int = 1
    snapshot_every: str = "60s"
    log_keep: str = "30d"
    log_max_bytes: int = 20_000_000_000
    training_window: int = 500_000
    train_every: str = "1d"
    train_examples: int = 200_000
    train_cron: str = ""
    min_positives: int = 1_000
    on_drift: str = "train,bench"
    stale_after: str = "30s"
    max_metrics: int = 64
    max_device_types: int = 64
    max_home_types: int = 64
    max_devices: int = 1_000_000
    max_body_bytes: int = 16_000_000
    max_items: int = 20_000
    queue_size: int = 256
    alert_risk: float = 0.2

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
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser()


_ON_DRIFT = frozenset({"warn", "train", "bench", "reset"})

_LIMITS: dict[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "seed": (0, 2**31 - 1),
    "log_max_bytes": (1_000_000, 2**62),
    "training_window": (1_000, 2**31 - 1),
    "train_examples": (1, 2**62),
    "min_positives": (10, 2**31 - 1),
    "max_metrics": (1, 4096),
    "max_device_types": (1, 4096),
    "max_home_types": (1, 4096),
    "max_devices": (1, 2**31 - 1),
    "max_body_bytes": (1_000, 2**31 - 1),
    "max_items": (1, 1_000_000),
    "queue_size": (1, 100_000),
    "alert_risk": (0.0, 1.0),
}


def load_settings(environ: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Settings from the environment, overridden by those flags that are not None.

    Raises:
        BadSetting: A value cannot be used, or a ``HEARTHBEAT_*`` variable names no setting.
    """
    environ = os.environ if environ is None else environ
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in environ.items():
        if not key.startswith("HEARTHBEAT_") or key in _NOT_SETTINGS:
            continue
        name = key.removeprefix("HEARTHBEAT_").lower()
        if name not in fields or key != f"HEARTHBEAT_{name.upper()}":
            raise BadSetting("there is no such setting", field=key)
        try:
            values[name] = msgspec.convert(text, fields[name], strict=False)
        except msgspec.ValidationError as error:
            raise BadSetting(f"{text!r}: {error}", field=key) from None
    for name, value in flags.items():
        if value is not None:
            try:
                values[name] = msgspec.convert(value, fields[name])
            except (KeyError, msgspec.ValidationError) as error:
                raise BadSetting(f"{value!r}: {error}", field=name) from None
    settings = Settings(**values)
    for name, (low, high) in _LIMITS.items():
        if not low <= getattr(settings, name) <= high:
            raise BadSetting(f"{getattr(settings, name)} is outside {low:g} to {high:g}", field=name)
    for name in ("horizon", "grace", "lateness", "snapshot_every", "log_keep", "train_every", "stale_after"):
        text = getattr(settings, name)
        if name in ("grace", "lateness") and text == "auto":
            continue
        try:
            parse_duration_s(text)
        except ValueError as error:
            raise BadSetting(str(error), field=name) from None
    unknown = set(settings.drift_policy) - _ON_DRIFT
    if unknown:
        raise BadSetting(f"{sorted(unknown)[0]!r} is none of {', '.join(sorted(_ON_DRIFT))}", field="on_drift")
    if not settings.data_dir:
        raise BadSetting("no folder is named", field="data_dir")
    if settings.horizon_us < 1_000_000:
        raise BadSetting("the horizon must be at least one second", field="horizon")
    return settings
