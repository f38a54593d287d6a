"""The exposition: metrics as text, in the form of Prometheus or of OpenMetrics."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from service.contracts.status import Status
from service.observe.metrics.samples import Samples, samples_of
from service.observe.metrics.table import METRICS
from service.observe.traffic import BOUNDS_S, RouteCounts


def exposition(status: Status, routes: Sequence[RouteCounts], accept: str) -> tuple[bytes, str]:
    """The metrics as text, in the form that an ``Accept`` header asks for, and its Content-Type."""
    registry = CollectorRegistry()
    registry.register(_Once(samples_of(status, routes), routes))
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


class _Once(Collector):
    """Gives the families of one scrape."""

    def __init__(self, samples: Samples, routes: Sequence[RouteCounts]) -> None:
        self._samples = samples
        self._routes = routes

    def describe(self) -> list[Metric]:
        """Nothing: without it the registry would collect once more."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics there are, also those without a sample, in order."""
        for name, metric in METRICS.items():
            labels = list(metric.labels)
            if metric.kind == "histogram":
                yield self._histogram(name, metric.meaning, labels)
                continue
            family = (
                CounterMetricFamily(name.removesuffix("_total"), metric.meaning, labels=labels)
                if metric.kind == "counter"
                else GaugeMetricFamily(name, metric.meaning, labels=labels)
            )
            for values, number in self._samples.get(name, ()):
                family.add_metric(values, number)
            yield family

    def _histogram(self, name: str, meaning: str, labels: list[str]) -> HistogramMetricFamily:
        family = HistogramMetricFamily(name, meaning, labels=labels)
        bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
        for route in self._routes:
            buckets = list(zip(bounds, accumulate(route.buckets), strict=True))
            if buckets[-1][1]:
                family.add_metric([route.method, route.route], buckets, route.total_s)
        return family
