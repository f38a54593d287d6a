"""Requests counted by route."""

from service.observe.traffic import BOUNDS_S, ELSEWHERE, Traffic


def test_requests_are_counted_by_route_and_status() -> None:
    """Answers in pieces count, but their time does not."""
    traffic = Traffic()
    traffic.count("GET", "/v1/devices", 200, 0.0007)
    traffic.count("GET", "/v1/devices", 200, 0.03)
    traffic.count("GET", "/v1/devices", 400, 60.0)
    traffic.count("GET", "/v1/stream", 200, None)
    devices, stream = traffic.routes()
    assert {200: 2, 400: 1} == devices.statuses
    assert [1, 1, 1] == [devices.buckets[0], devices.buckets[BOUNDS_S.index(0.05)], devices.buckets[-1]]
    assert 60.0307 == devices.total_s
    assert ({200: 1}, 0) == (stream.statuses, sum(stream.buckets))


def test_methods_are_bounded() -> None:
    """A client that makes up methods makes one series."""
    traffic = Traffic()
    for n in range(100):
        traffic.count(f"METHOD{n}", ELSEWHERE, 405, 0.001)
    (route,) = traffic.routes()
    assert (ELSEWHERE, {405: 100}) == (route.method, route.statuses)
