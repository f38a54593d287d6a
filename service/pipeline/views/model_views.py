"""Views of checkpoints: what serves, which versions there are, how two of them differ."""

from datetime import datetime

from msgspec.structs import asdict

from service.contracts.checkpoints import HeldOut
from service.contracts.errors import NotKnown
from service.contracts.models import (
    Gap,
    ModelComparison,
    ModelManifest,
    PinState,
    Serves,
    ServingModel,
    VersionDetail,
    VersionSummary,
)
from service.models.artifact import Manifest
from service.models.committee import BASELINE
from service.pipeline.instants import utc
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.score import Panel
from service.pipeline.versions import BASELINE_NUMBER, Version

_MEASURES = ("pr_auc", "recall_at_1pct_far", "brier", "log_loss", "base_rate")


class ModelViews:
    """Questions about checkpoints. Each call needs the ingest lock.

    Args:
        fleet, panel: The state as it stands.
        now_us: Microseconds since the epoch.
    """

    def __init__(self, fleet: FleetState, panel: Panel, now_us: int) -> None:
        self._fleet = fleet
        self._versions = fleet.versions
        self._panel = panel
        self._now_us = now_us

    def check(self, home_type: str | None) -> None:
        """Raises `NotKnown` if no reading of a home type has come. The global checkpoint is always known."""
        if home_type is not None and home_type not in self._fleet.home_types:
            raise NotKnown(f"no reading from a home of type {home_type!r} has come yet")

    def every(self) -> list[ServingModel]:
        """What serves: the global checkpoint, then each home type."""
        return [self.serving(home_type) for home_type in (None, *sorted(self._fleet.home_types))]

    def serving(self, home_type: str | None) -> ServingModel:
        """What serves a home type, or as the global checkpoint."""
        serves: Serves = "own"
        version = self._versions.own(home_type)
        if version is None and home_type is not None:
            version, serves = self._versions.own(None), "global"
        loaded = version is not None and self._panel.has(version.sha256)
        if version is None:
            version, serves = self._baseline(), "baseline"
            loaded = self._panel.has(BASELINE)
        if version is None:
            return ServingModel(home_type=home_type, serves="none", pin=self._pin(home_type))
        made_us, watermark_us = version.made_us, self._watermark_us(home_type)
        known = version.trained_to_us > 0 and watermark_us is not None
        return ServingModel(
            home_type=home_type,
            serves=serves,
            version=version.number,
            sha256=version.sha256,
            since=utc(version.since_us),
            made_at=_instant(made_us),
            age_s=max(0.0, (self._now_us - made_us) / 1e6) if made_us else None,
            trained_to_seq=version.trained_to_seq,
            trained_to=_instant(version.trained_to_us),
            behind_s=max(0.0, ((watermark_us or 0) - version.trained_to_us) / 1e6) if known else None,
            loaded=loaded,
            pin=self._pin(home_type),
            by=version.by,
            why=version.why,
        )

    def versions(self, home_type: str | None) -> list[Version]:
        """All versions that are remembered, the newest first; among the global ones, the baseline.

        Raises:
            NotKnown: See `check`.
        """
        self.check(home_type)
        versions = sorted(self._versions.of.get(home_type or "", []), key=lambda v: v.number, reverse=True)
        baseline = self._baseline() if home_type is None else None
        return versions if baseline is None else [*versions, baseline]

    def version(self, home_type: str | None, number: int) -> Version:
        """One of `versions`.

        Raises:
            NotKnown: There is none of that number, or no longer.
        """
        found = next((v for v in self.versions(home_type) if v.number == number), None)
        if found is None:
            whose = "the global checkpoint" if home_type is None else f"home type {home_type}"
            raise NotKnown(f"there is no version {number} of {whose}, or no longer")
        return found

    def summary(self, version: Version) -> VersionSummary:
        """A version as the list shows it."""
        return VersionSummary(
            version=version.number,
            state="baseline" if version.number == BASELINE_NUMBER else version.state,
            since=utc(version.since_us),
            made_at=_instant(version.made_us),
            trained_to_seq=version.trained_to_seq,
            trained_to=_instant(version.trained_to_us),
            sha256=version.sha256,
            by=version.by,
            why=version.why,
        )

    def _baseline(self) -> Version | None:
        event = self._versions.baseline
        if event is None:
            return None
        return Version(
            number=event.version,
            state="serving",
            since_us=event.received_us,
            made_us=event.received_us,
            file=event.file,
            sha256=event.sha256,
            shift=event.shift,
            metrics=event.metrics,
        )

    def _pin(self, home_type: str | None) -> PinState | None:
        pin = self._versions.pins.get(home_type) if home_type is not None else None
        if pin is None or pin.member is None:
            return None
        return PinState(member=pin.member, since=utc(pin.received_us), by=pin.by, why=pin.why)

    def _watermark_us(self, home_type: str | None) -> int | None:
        names = self._fleet.home_types if home_type is None else [home_type]
        marks = [self._panel.standing(name).watermark_us for name in names]
        return max((mark for mark in marks if mark is not None), default=None)


def manifest_view(manifest: Manifest) -> ModelManifest:
    """What a file says of itself, as it is answered."""
    return ModelManifest(
        home_type=manifest.home_type,
        number=manifest.number,
        created_at=_instant(manifest.created_us),
        horizon_s=manifest.horizon_s,
        seq_first=manifest.seq_first,
        seq_last=manifest.seq_last,
        trained_to=_instant(manifest.trained_to_us),
        samples=manifest.samples,
        positives=manifest.positives,
        quality=manifest.quality,
        features=manifest.features,
        metrics=manifest.metrics,
        modes=manifest.modes,
        seed=manifest.seed,
        made_with=manifest.made_with,
    )


def compared(home_type: str | None, a: VersionDetail, b: VersionDetail) -> ModelComparison:
    """Two versions side by side. Of a damaged one nothing is known but that."""
    left, right = a.manifest, b.manifest
    differs: list[str] = []
    quality: dict[str, Gap] = {}
    if left is not None and right is not None:
        of_right = asdict(right)
        differs = [name for name, value in asdict(left).items() if value != of_right[name]]
        quality = _gaps(left.quality, right.quality)
    features = [set(m.features) if m is not None else set[str]() for m in (left, right)]
    metrics = [set(m.metrics) if m is not None else set[str]() for m in (left, right)]
    ends = [m.trained_to if m is not None else None for m in (left, right)]
    return ModelComparison(
        home_type=home_type,
        a=a,
        b=b,
        differs=differs,
        quality=quality,
        features_only_a=sorted(features[0] - features[1]),
        features_only_b=sorted(features[1] - features[0]),
        metrics_only_a=sorted(metrics[0] - metrics[1]),
        metrics_only_b=sorted(metrics[1] - metrics[0]),
        trained_between_s=(ends[1] - ends[0]).total_seconds() if ends[0] and ends[1] else None,
    )


def _gaps(a: HeldOut | None, b: HeldOut | None) -> dict[str, Gap]:
    def gap(left: float | None, right: float | None) -> Gap:
        return Gap(a=left, b=right, difference=right - left if left is not None and right is not None else None)

    out = {name: gap(getattr(a, name, None), getattr(b, name, None)) for name in _MEASURES}
    of_a, of_b = a.mode_recall if a is not None else {}, b.mode_recall if b is not None else {}
    for mode in sorted(of_a.keys() | of_b.keys()):
        out[f"recall_at_1pct_far of {mode}"] = gap(of_a.get(mode), of_b.get(mode))
    return out


def _instant(us: int) -> datetime | None:
    return utc(us) if us else None
