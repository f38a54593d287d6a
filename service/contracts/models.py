"""Checkpoints over HTTP: what serves, which versions there are, and an operator's acts upon them.

Wherever a ``home_type`` stands in an answer, ``null`` is the global checkpoint.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from service.contracts.checkpoints import HeldOut

GLOBAL_NAME = "global"
"""How a path or a query names the global checkpoint."""

LITERAL = "~"
"""Before a home type's name in a path or a query: what follows is the name, also where it is ``global``."""

OCTETS = "application/octet-stream"
"""Media type of a version's file."""

_PLAIN = r"^[^\x00-\x1f\x7f]+$(?!\n)"
Who = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PLAIN, description="Who does it.")]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN, description="What for, in one line.")]
MemberName = Annotated[str, Meta(min_length=1, max_length=64)]
VersionNumber = Annotated[int, Meta(ge=0, le=2**31 - 1)]

VersionState = Literal["candidate", "serving", "archived", "rejected", "baseline"]
Serves = Literal["own", "global", "baseline", "none"]


class Deed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator's act: who does it, and what for. Both stand in the log."""

    by: Who
    why: Reason


class Rollback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let another version serve.

    Attributes:
        version: Which; the one that served before if it is left out. 0 takes a home type's own checkpoint away.
        by, why: Who does it, and what for.
    """

    by: Who
    why: Reason
    version: VersionNumber | None = None


class PinMember(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let one member of the committee answer alone."""

    member: MemberName
    by: Who
    why: Reason


class PinState(Struct, frozen=True, kw_only=True):
    """An operator's choice in force: ``member`` answers alone as long as it can."""

    member: str
    since: datetime
    by: str
    why: str


class ServingModel(Struct, frozen=True, kw_only=True):
    """The checkpoint that answers for a home type, or the global one itself.

    Attributes:
        home_type: The home type; None for the global checkpoint.
        serves: Whose checkpoint that is: its ``own``, the ``global`` one, or, without either, the ``baseline``.
        version: Its number.
        sha256: Digest of its file.
        since: When it began to serve.
        made_at: When it was published here for the first time.
        age_s: Seconds since then.
        trained_to_seq: No example that matured at a later event was trained on.
        trained_to: Instant of the newest example that was, in event time; None for a baseline.
        behind_s: From there to the watermark, in seconds of event time.
        loaded: Whether its model is there and was verified.
        pin: An operator's choice of a member.
        by, why: Who had it serve, and what for.
    """

    home_type: str | None
    serves: Serves
    version: int | None = None
    sha256: str | None = None
    since: datetime | None = None
    made_at: datetime | None = None
    age_s: float | None = None
    trained_to_seq: int | None = None
    trained_to: datetime | None = None
    behind_s: float | None = None
    loaded: bool = False
    pin: PinState | None = None
    by: str = ""
    why: str = ""


class LearnerState(Struct, frozen=True, kw_only=True):
    """The learner, whose members vote beside the checkpoints.

    Attributes:
        lag_events: Events in the log that it has not folded.
        lag_s: For how long the oldest of them has been in the log, in seconds.
        stale: Why its members do not speak, or None.
        fault: What ails its process, or None.
    """

    lag_events: int
    lag_s: float
    stale: str | None
    fault: str | None


class ModelList(Struct, frozen=True, kw_only=True):
    """What serves: the global checkpoint first, then each home type by name."""

    models: list[ServingModel]
    learner: LearnerState


class VersionSummary(Struct, frozen=True, kw_only=True):
    """One version in the list.

    Attributes:
        version: Its number among those of its home type. Version 1 is the baseline, a member of its own.
        state: ``serving``, ``archived`` (it has served), ``rejected`` by the gate, or ``candidate`` (it was imported).
        since: Since when it is in that state.
        made_at: When it came into being here.
        trained_to_seq, trained_to: The last event and the newest example that it was trained on.
        sha256: Digest of its file.
        by, why: Who brought it into its state, and what for.
    """

    version: int
    state: VersionState
    since: datetime
    made_at: datetime | None
    trained_to_seq: int
    trained_to: datetime | None
    sha256: str
    by: str
    why: str


class VersionList(Struct, frozen=True, kw_only=True):
    """The versions of a home type's checkpoint that are remembered, the newest first."""

    home_type: str | None
    versions: list[VersionSummary]


class ModelManifest(Struct, frozen=True, kw_only=True):
    """What a checkpoint's file says of itself; of an imported one that is how it was where it comes from.

    Attributes:
        home_type, number: Whose it was made to be, and its number there.
        created_at: When its training was ordered; None for a baseline.
        horizon_s: The horizon of its labels.
        seq_first, seq_last: The first and the last event at which an example matured that it was trained on.
        trained_to: Instant of the newest example.
        samples, positives: The feature rows it was trained on, and the positive ones among them.
        quality: On the newest examples of held-out devices, fitted to the rest; by mode in ``mode_recall``.
        features: Names of its features.
        metrics: The metrics it knows.
        modes: The failure modes it tells apart.
        seed: Of its training.
        made_with: Versions of the libraries.
    """

    home_type: str | None
    number: int
    created_at: datetime | None
    horizon_s: float
    seq_first: int
    seq_last: int
    trained_to: datetime | None
    samples: int
    positives: int
    quality: HeldOut | None
    features: list[str]
    metrics: list[str]
    modes: list[str]
    seed: int
    made_with: dict[str, str]


class VersionDetail(Struct, frozen=True, kw_only=True):
    """One version.

    Attributes:
        home_type: Whose.
        version: As in the list.
        damaged: What is wrong with its file, or None: then it was just read and verified.
        manifest: What the file says of itself, unless it is damaged.
    """

    home_type: str | None
    version: VersionSummary
    damaged: str | None
    manifest: ModelManifest | None


class Gap(Struct, frozen=True, kw_only=True):
    """A number of both versions, each from its own hold-out, and b minus a."""

    a: float | None
    b: float | None
    difference: float | None


class ModelComparison(Struct, frozen=True, kw_only=True):
    """Two versions of a home type's checkpoint, by what their files say.

    Attributes:
        home_type: Whose.
        a, b: The versions.
        differs: Names of the fields of the manifest that differ.
        quality: Measures of quality by name. Each version was judged when it was made, on the newest examples of that
            time: where ``seq_last`` differs so do the examples.
        features_only_a, features_only_b: Features that only one of them has.
        metrics_only_a, metrics_only_b: Metrics that only one of them knows.
        trained_between_s: Event time from the newest example of a to that of b.
    """

    home_type: str | None
    a: VersionDetail
    b: VersionDetail
    differs: list[str]
    quality: dict[str, Gap]
    features_only_a: list[str]
    features_only_b: list[str]
    metrics_only_a: list[str]
    metrics_only_b: list[str]
    trained_between_s: float | None


class DeedReceipt(Struct, frozen=True, kw_only=True):
    """The event that holds an act, and what serves now."""

    seq: int
    model: ServingModel


class ImportReceipt(Struct, frozen=True, kw_only=True):
    """The event that holds an import, and the version that came of it."""

    seq: int
    home_type: str | None
    version: int
    sha256: str


class ModelCondition(Struct, frozen=True, kw_only=True):
    """A checkpoint that serves, and whether it does.

    Attributes:
        home_type, version, sha256: Which.
        loaded: Whether the model is in memory, as verified when it was loaded.
        verified: Whether its file is now as it was then.
        fault: What is wrong with it, or None.
    """

    home_type: str | None
    version: int
    sha256: str
    loaded: bool
    verified: bool
    fault: str | None


class ModelHealth(Struct, frozen=True, kw_only=True):
    """Whether each checkpoint that should serve does; ``reasons`` says what does not, or did not since the start."""

    status: Literal["ok", "degraded", "starting"]
    reasons: list[str]
    models: list[ModelCondition]


class Build(Struct, frozen=True, kw_only=True):
    """What runs: the version of the service, of Python, of the log's schema, and of the libraries that matter."""

    version: str
    python: str
    schema: int
    libraries: dict[str, str]
