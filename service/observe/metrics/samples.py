"""Samples: the numbers of a status, by the metric that tells them."""

from collections.abc import Sequence

from msgspec.structs import asdict

from service.contracts.models import ServingModel
from service.contracts.standing import HomeTypeDetail, Quality
from service.contracts.status import Calibration, Status
from service.observe.metrics.table import METRICS
from service.observe.traffic import RouteCounts
from service.pipeline.views.build import build
from service.pipeline.views.home_type_views import BLEND

Samples = dict[str, list[tuple[list[str], float]]]
"""Label values and number of each sample, by name of the metric."""

_MEASURES = ("pr_auc", "roc_auc", "recall_at_1pct_far", "brier", "log_loss")
_LABELS = ("positive", "negative", "censored", "unreported")


class _Sheet:
    """Fills in samples; a None is no sample."""

    def __init__(self) -> None:
        self.samples: Samples = {name: [] for name in METRICS}

    def put(self, name: str, number: float | None, *labels: str) -> None:
        if number is not None:
            self.samples[f"hearthbeat_{name}"].append((list(labels), float(number)))


def samples_of(status: Status, routes: Sequence[RouteCounts]) -> Samples:
    """All samples of one scrape, but for the histogram's."""
    sheet = _Sheet()
    _service(sheet, status)
    _intake(sheet, status, routes)
    _learner(sheet, status)
    for state in status.home_types:
        _home_type(sheet, state.detail, state.calibration)
        _labels(sheet, state.detail)
        _members(sheet, state.detail)
    for model in status.models:
        _checkpoint(sheet, model)
    _decisions(sheet, status)
    return sheet.samples


def _service(sheet: _Sheet, status: Status) -> None:
    what = build()
    sheet.put("build_info", 1.0, what.version, what.python, str(what.schema))
    sheet.put("start_time_seconds", status.started_at.timestamp())
    starting = status.health.status == "starting"
    sheet.put("ready", not starting)
    sheet.put("degraded_reasons", 0 if starting else len(status.health.reasons))
    for process in status.processes:
        sheet.put("process_resident_memory_bytes", process.resident_bytes, process.process)
        sheet.put("process_cpu_seconds_total", process.cpu_s, process.process)
    for snapshot in status.snapshots:
        sheet.put("snapshot_seq", snapshot.seq, snapshot.fold)
        sheet.put("snapshot_timestamp_seconds", snapshot.made_at.timestamp(), snapshot.fold)
    sheet.put("log_seq", status.log.seq)
    sheet.put("log_first_seq", status.log.first_seq)
    sheet.put("log_size_bytes", status.log.size_bytes)


def _intake(sheet: _Sheet, status: Status, routes: Sequence[RouteCounts]) -> None:
    for result, count in asdict(status.ingest.readings).items():
        sheet.put("readings_total", count, result)
    for result, count in asdict(status.ingest.outcomes).items():
        sheet.put("outcomes_total", count, result)
    sheet.put("outcomes_waiting", status.ingest.outcomes_waiting)
    sheet.put("queue_length", status.ingest.queue_length)
    sheet.put("queue_capacity", status.ingest.queue_capacity)
    for route in routes:
        for code, count in sorted(route.statuses.items()):
            sheet.put("http_requests_total", count, route.method, route.route, str(code))


def _learner(sheet: _Sheet, status: Status) -> None:
    learner = status.learner
    sheet.put("learned_seq", learner.learned_seq)
    sheet.put("learner_lag_events", learner.state.lag_events)
    sheet.put("learner_lag_seconds", learner.state.lag_s)
    sheet.put("learner_up", learner.up)
    sheet.put("learner_stale", learner.state.stale is not None)
    sheet.put("learner_restarts_total", learner.restarts)


def _home_type(sheet: _Sheet, detail: HomeTypeDetail, calibration: Calibration) -> None:
    name = detail.home_type
    sheet.put("home_type_devices", detail.devices, name)
    sheet.put("home_type_readings_total", detail.readings, name)
    sheet.put("home_type_outcomes_total", detail.outcomes.failures, name, "failure")
    sheet.put("home_type_outcomes_total", detail.outcomes.repairs, name, "repair")
    sheet.put("home_type_outcomes_total", detail.outcomes.retractions, name, "retraction")
    sheet.put("home_type_dropped_values_total", detail.metrics_dropped, name)
    sheet.put("event_time_lag_seconds", detail.lag_s, name)
    sheet.put("watermark_timestamp_seconds", detail.watermark.timestamp() if detail.watermark else None, name)
    sheet.put("provisional", detail.provisional, name)
    sheet.put("calibration_slope", calibration.slope, name)
    sheet.put("calibration_offset", calibration.offset, name)


def _labels(sheet: _Sheet, detail: HomeTypeDetail) -> None:
    name, counts = detail.home_type, detail.counts
    sheet.put("examples_pending", counts.pending, name)
    for label in _LABELS:
        sheet.put("examples_matured_total", getattr(counts, label), name, label)
    sheet.put("examples_learned_total", counts.positives_learned, name, "positive")
    sheet.put("examples_learned_total", counts.negatives_learned, name, "negative")
    sheet.put("late_readings_total", counts.late_readings, name)
    sheet.put("late_failures_total", counts.late_failures, name)


def _members(sheet: _Sheet, detail: HomeTypeDetail) -> None:
    name = detail.home_type
    for member in detail.members:
        sheet.put("member_weight", member.weight, name, member.member)
        sheet.put("member_log_loss", member.log_loss, name, member.member)
        if member.benched is not None:
            sheet.put("member_benched", 1.0, name, member.member, member.benched)
        _quality(sheet, name, member.member, member.quality)
    _quality(sheet, name, BLEND, detail.quality)
    sheet.put("quality_examples", detail.quality.examples if detail.quality is not None else None, name)


def _quality(sheet: _Sheet, home_type: str, member: str, quality: Quality | None) -> None:
    for measure in _MEASURES if quality is not None else ():
        sheet.put("quality", getattr(quality, measure), home_type, member, measure)


def _checkpoint(sheet: _Sheet, model: ServingModel) -> None:
    name = model.home_type or ""
    sheet.put("checkpoint_version", model.version, name, model.serves)
    sheet.put("checkpoint_made_timestamp_seconds", model.made_at.timestamp() if model.made_at else None, name)
    sheet.put("checkpoint_behind_seconds", model.behind_s, name)
    sheet.put("checkpoint_loaded", model.loaded if model.version is not None else None, name)
    if model.pin is not None:
        sheet.put("member_pinned", 1.0, name, model.pin.member)


def _decisions(sheet: _Sheet, status: Status) -> None:
    for decided in status.decisions.counts:
        sheet.put("decisions_total", decided.count, decided.home_type or "", decided.kind)
    trainings = status.trainings
    for outcome, count in sorted(trainings.ended.items()):
        sheet.put("trainings_total", count, outcome)
    sheet.put("trainings_waiting", trainings.waiting)
    sheet.put("training_running", trainings.running)
    sheet.put("streams_open", status.streams.open)
    sheet.put("streams_capacity", status.streams.most)
    for kind, count in status.streams.sent.items():
        sheet.put("stream_events_total", count, kind)
