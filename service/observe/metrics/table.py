"""Which metrics there are; docs/metrics.md has the same table, and a test holds both together.

Labels are bounded: home types by the setting ``max_home_types``, members, kinds, reasons and routes by the code. No
device, home or request ever makes a series. The label ``home_type`` is empty for what concerns the whole fleet.
"""

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["counter", "gauge", "histogram"]


class Metric(Struct, frozen=True):
    """A metric: its kind, its labels in order, and what it tells."""

    kind: Kind
    labels: tuple[str, ...]
    meaning: str


def _metric(kind: Kind, meaning: str, *labels: str) -> Metric:
    return Metric(kind, labels, meaning)


METRICS: Final[dict[str, Metric]] = {
    "hearthbeat_build_info": _metric("gauge", "1, with what runs in its labels", "version", "python", "schema"),
    "hearthbeat_start_time_seconds": _metric("gauge", "when the service was started, as Unix time"),
    "hearthbeat_ready": _metric("gauge", "1 while readings are taken, 0 while the service starts"),
    "hearthbeat_degraded_reasons": _metric("gauge", "how many parts are missing; GET /health/ready names them"),
    "hearthbeat_readings_total": _metric("counter", "readings answered, by what became of them", "result"),
    "hearthbeat_outcomes_total": _metric("counter", "outcomes answered, by what became of them", "result"),
    "hearthbeat_outcomes_waiting": _metric("gauge", "outcomes of devices that have not been read yet"),
    "hearthbeat_queue_length": _metric("gauge", "requests that wait before the scorer"),
    "hearthbeat_queue_capacity": _metric("gauge", "requests that may wait before 429 is answered"),
    "hearthbeat_http_requests_total": _metric(
        "counter", "requests answered; status 499 where nobody was told", "method", "route", "status"
    ),
    "hearthbeat_http_request_duration_seconds": _metric(
        "histogram", "from arrival to the end of the answer; answers in pieces are left out", "method", "route"
    ),
    "hearthbeat_log_seq": _metric("gauge", "sequence number of the newest event"),
    "hearthbeat_log_first_seq": _metric("gauge", "sequence number of the oldest event that the log still holds"),
    "hearthbeat_log_size_bytes": _metric("gauge", "about how much room the events take on the disk"),
    "hearthbeat_learned_seq": _metric("gauge", "the log is learned up to this event"),
    "hearthbeat_learner_lag_events": _metric("gauge", "events of the log that the learner has not folded"),
    "hearthbeat_learner_lag_seconds": _metric("gauge", "for how long the oldest of them has waited"),
    "hearthbeat_learner_up": _metric("gauge", "1 while the learner runs and has published"),
    "hearthbeat_learner_stale": _metric("gauge", "1 while its members do not speak since it is too far behind"),
    "hearthbeat_learner_restarts_total": _metric("counter", "how often the learner was started again"),
    "hearthbeat_process_resident_memory_bytes": _metric("gauge", "memory of a process", "process"),
    "hearthbeat_process_cpu_seconds_total": _metric("counter", "processor time of a process", "process"),
    "hearthbeat_snapshot_seq": _metric("gauge", "event up to which the newest snapshot of a fold goes", "fold"),
    "hearthbeat_snapshot_timestamp_seconds": _metric("gauge", "when it was taken, as Unix time", "fold"),
    "hearthbeat_home_type_devices": _metric("gauge", "devices seen", "home_type"),
    "hearthbeat_home_type_readings_total": _metric(
        "counter", "readings accepted since the log began; a restart does not reset it", "home_type"
    ),
    "hearthbeat_home_type_outcomes_total": _metric(
        "counter", "outcomes received since the log began, by kind", "home_type", "kind"
    ),
    "hearthbeat_home_type_dropped_values_total": _metric(
        "counter", "values left out since there were too many names of metrics", "home_type"
    ),
    "hearthbeat_event_time_lag_seconds": _metric(
        "gauge", "event time from the newest reading back to the watermark", "home_type"
    ),
    "hearthbeat_watermark_timestamp_seconds": _metric("gauge", "the watermark, as Unix time", "home_type"),
    "hearthbeat_examples_pending": _metric("gauge", "examples that wait for their labels", "home_type"),
    "hearthbeat_examples_matured_total": _metric("counter", "examples whose labels became final", "home_type", "label"),
    "hearthbeat_examples_learned_total": _metric("counter", "examples learned", "home_type", "label"),
    "hearthbeat_late_readings_total": _metric("counter", "readings behind the watermark, no examples", "home_type"),
    "hearthbeat_late_failures_total": _metric("counter", "failures reported after the labels were final", "home_type"),
    "hearthbeat_quality": _metric(
        "gauge", "live quality over the newest matured examples, a minute old at most or longer with many home types",
        "home_type", "member", "measure",
    ),
    "hearthbeat_quality_examples": _metric("gauge", "how many examples that is over", "home_type"),
    "hearthbeat_member_log_loss": _metric("gauge", "a member's decayed log loss, in nats", "home_type", "member"),
    "hearthbeat_member_weight": _metric("gauge", "a member's share of the blend", "home_type", "member"),
    "hearthbeat_member_benched": _metric("gauge", "1 for a member without a vote", "home_type", "member", "reason"),
    "hearthbeat_member_pinned": _metric("gauge", "1 for a member that answers alone by order", "home_type", "member"),
    "hearthbeat_provisional": _metric("gauge", "1 while only baseline or prior speak", "home_type"),
    "hearthbeat_calibration_slope": _metric("gauge", "by what the blend's log odds are multiplied", "home_type"),
    "hearthbeat_calibration_offset": _metric("gauge", "what is added to them", "home_type"),
    "hearthbeat_decisions_total": _metric(
        "counter", "entries of the journal since the start, such as member_drift or benched", "home_type", "kind"
    ),
    "hearthbeat_checkpoint_version": _metric(
        "gauge", "number of the version that serves, and whose it is: own, global, baseline", "home_type", "serves"
    ),
    "hearthbeat_checkpoint_made_timestamp_seconds": _metric("gauge", "when it was made, as Unix time", "home_type"),
    "hearthbeat_checkpoint_behind_seconds": _metric(
        "gauge", "event time from the newest example it was trained on to the watermark", "home_type"
    ),
    "hearthbeat_checkpoint_loaded": _metric("gauge", "1 if its model is in memory and was verified", "home_type"),
    "hearthbeat_trainings_total": _metric("counter", "trainings of a checkpoint that ended, by outcome", "outcome"),
    "hearthbeat_trainings_waiting": _metric("gauge", "trainings that wait"),
    "hearthbeat_training_running": _metric("gauge", "1 while one runs"),
    "hearthbeat_streams_open": _metric("gauge", "live streams that are open"),
    "hearthbeat_streams_capacity": _metric("gauge", "how many may be"),
    "hearthbeat_stream_events_total": _metric("counter", "events sent on live streams, by kind", "event"),
}  # fmt: skip
"""By name, in the order in which they are told."""
