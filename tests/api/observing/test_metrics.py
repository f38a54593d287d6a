"""Metrics: those of the page are those of the endpoint, and they say what happened."""

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.observe.metrics.table import METRICS
from tests.api.test_readings import reading
from tests.service_process import ROOT, ServiceProcess

Sample = tuple[str, frozenset[tuple[str, str]]]


def scrape(url: str) -> dict[Sample, float]:
    answer = httpx.get(f"{url}/metrics", timeout=20)
    assert (200, True) == (answer.status_code, answer.headers["content-type"].startswith("text/plain"))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(samples: dict[Sample, float], name: str, **labels: str) -> float:
    return samples[f"hearthbeat_{name}", frozenset(labels.items())]


def test_page_and_endpoint_have_the_same_metrics(client: httpx.Client) -> None:
    """By name, kind, labels and meaning, both ways."""
    page = (ROOT / "docs/metrics.md").read_text()
    rows = re.findall(r"^\| `(hearthbeat_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    answer = client.get("/metrics").text
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", answer, re.MULTILINE)
    meanings = dict(re.findall(r"^# HELP (\w+) (.*)$", answer, re.MULTILINE))
    assert [(name, kind) for name, kind, _, _ in rows] == kinds
    assert {name: meaning for name, _, _, meaning in rows} == meanings
    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, _, labels, _ in rows} == {
        name: metric.labels for name, metric in METRICS.items()
    }


def test_alerts_are_about_metrics_there_are() -> None:
    """A rule that names something else would never fire."""
    named = set(re.findall(r"hearthbeat_[a-z_]+", (ROOT / "docs/metrics.md").read_text()))
    assert named <= {*METRICS, *(f"{name}_bucket" for name, metric in METRICS.items() if metric.kind == "histogram")}


def test_what_comes_in_is_counted(client: httpx.Client, service: ServiceProcess) -> None:
    """Readings by what became of them, requests by route; no name of a home or device makes a series."""
    client.post("/v1/readings", json=reading("counted-home", "counted-device"))
    before = scrape(service.url)
    again = reading("counted-home", "counted-device")
    client.post(
        "/v1/readings", json=[again, reading("counted-home", "counted-device", 10), reading("c", minutes_ago=-99)]
    )
    client.get("/v1/homes/counted-home/devices/counted-device")
    after = scrape(service.url)

    def more(name: str, **labels: str) -> float:
        return of(after, name, **labels) - before.get((f"hearthbeat_{name}", frozenset(labels.items())), 0.0)

    assert [1, 1, 0, 1] == [more("readings_total", result=r) for r in ("accepted", "duplicate", "late", "refused")]
    route = {"method": "GET", "route": "/v1/homes/{home_id}/devices/{device_id}"}
    assert 1 == more("http_requests_total", **route, status="200")
    assert 1 == more("http_request_duration_seconds_count", **route)
    assert 1 == more("log_seq")
    told = client.get("/metrics").text
    assert "counted-home" not in told
    assert "counted-device" not in told
    assert 1 == of(after, "learner_up")
    assert 1e7 < of(after, "process_resident_memory_bytes", process="learner") < 1e10


def test_openmetrics_on_demand(client: httpx.Client) -> None:
    """The form that Prometheus asks for first."""
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_committee_and_checkpoints(trained: ServiceProcess) -> None:
    """Weights add up, the version that serves is named, its home type and quality with it."""
    samples = scrape(trained.url)
    weights = [
        value
        for (name, labels), value in samples.items()
        if name == "hearthbeat_member_weight" and ("home_type", "villa") in labels
    ]
    assert pytest.approx(1.0) == sum(weights)
    assert 3 == of(samples, "checkpoint_version", home_type="villa", serves="own")
    assert 0 < of(samples, "quality", home_type="villa", member="blend", measure="pr_auc") <= 1
    assert 0 < of(samples, "trainings_total", outcome="published")
    assert of(samples, "examples_matured_total", home_type="villa", label="positive") > 20
