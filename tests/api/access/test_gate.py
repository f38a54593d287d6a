"""Gate and rates, with a clock of their own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.api.access.gate import Gate
from service.api.access.rates import MOST, Bucket, Rates, neighbourhood
from service.api.access.scopes import scopes_of
from service.app import create_app
from service.contracts.errors import BadSetting, MissingScope, NoKey, TooFast
from service.settings import Settings
from service.storage.keys import KeyFile, digest_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """Seconds that only a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_what_was_closed_is_opened_by_no_loss(tmp_path: Path) -> None:
    """Open until the first key; closed from then on, also without its file, or once all keys are revoked."""
    clock, keys = Clock(), KeyFile(tmp_path)
    gate = Gate(keys, Settings(), "127.0.0.1", clock=clock)
    opened = [gate.open]
    digest = digest_of(keys.create("ada", ["read"], NOW).encode())
    with pytest.raises(NoKey):
        gate.check(digest, "read")
    clock.now_s = 1.0
    assert "ada" == gate.check(digest, "read").name
    opened.append(gate.open)
    with pytest.raises(MissingScope, match="admin"):
        gate.check(digest, "admin")
    keys.path.write_text("{")
    clock.now_s = 2.0
    assert "ada" == gate.check(digest, "read").name  # damaged: they stay as they were
    keys.path.unlink()
    clock.now_s = 3.0
    with pytest.raises(NoKey):
        gate.check(digest, "read")
    assert [True, False, False] == [*opened, gate.open]


def test_revoked_keys_keep_a_service_closed(tmp_path: Path) -> None:
    """A start with none but revoked keys is closed on loopback, and refused elsewhere."""
    keys = KeyFile(tmp_path)
    keys.create("ada", ["read"], NOW)
    keys.revoke("ada", NOW)

    assert not Gate(keys, Settings(), "::1").open
    with pytest.raises(BadSetting, match="can be reached from other machines"):
        Gate(keys, Settings(host="0.0.0.0"), "0.0.0.0")


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
    ],
)
def test_loopback_addresses(tmp_path: Path, address: str, loopback: bool) -> None:
    """All that only this machine can reach, and no other, may do without keys."""
    if loopback:
        assert Gate(KeyFile(tmp_path), Settings(), address).open
        return
    with pytest.raises(BadSetting, match="keys create"):
        Gate(KeyFile(tmp_path), Settings(), address)
    KeyFile(tmp_path).create("ada", ["read"], NOW)
    assert not Gate(KeyFile(tmp_path), Settings(), address).open


def test_damaged_keys_stop_the_start(tmp_path: Path) -> None:
    """They are not taken for none."""
    (tmp_path / "keys.json").write_text('{"form": 1, "keys": [{"name": "ada"}]}')
    with pytest.raises(BadSetting, match=r"keys\.json is damaged"):
        Gate(KeyFile(tmp_path), Settings(), "127.0.0.1")


def test_every_endpoint_has_its_scope() -> None:
    """Each says one. What changes something needs more than to read; a what-if stores nothing."""
    scopes = scopes_of(create_app(Settings(), None, None))

    assert {("get", "/health/live"), ("get", "/health/ready")} == {
        key for key, scope in scopes.items() if scope is None
    }
    assert {("post", "/v1/readings"), ("post", "/v1/outcomes")} == {
        key for key, scope in scopes.items() if scope == "ingest"
    }
    changing = {key for key in scopes if key[0] not in ("get", "head")}
    assert {("post", "/v1/predict")} == {key for key in changing if scopes[key] == "read"}
    assert {key for key, scope in scopes.items() if scope == "admin"} == {
        ("post", "/v1/advance"),
        ("post", "/v1/forget"),
        ("get", "/v1/forget/{seq}"),
        ("post", "/v1/models/{home_type}/versions"),
        ("post", "/v1/models/{home_type}/refresh"),
        ("post", "/v1/models/{home_type}/rollback"),
        ("post", "/v1/models/{home_type}/pin"),
        ("post", "/v1/models/{home_type}/unpin"),
    }


def test_bucket_holds_the_rate_whatever_the_size() -> None:
    """A second's worth at once; a debt is paid at the rate, and told in whole seconds."""
    clock = Clock()
    bucket = Bucket(10.0, clock)
    for _ in range(10):
        bucket.take_one()
    with pytest.raises(TooFast, match="10 items") as caught:
        bucket.take_one()
    assert 1 == caught.value.retry_after_s
    clock.now_s = 0.1
    bucket.take_one()
    bucket.charge(499)
    assert 50.0 == pytest.approx(bucket.wait_s())
    clock.now_s = 1000.0
    assert 0.0 == bucket.wait_s()
    bucket.charge(10)
    assert 0.1 == pytest.approx(bucket.wait_s())  # no more was saved up than a second's worth


def test_slow_rates_let_single_requests_in() -> None:
    """Less than one a second is one now and then."""
    clock = Clock()
    bucket = Bucket(0.1, clock)
    bucket.take_one()
    with pytest.raises(TooFast) as caught:
        bucket.take_one()
    assert 10 == caught.value.retry_after_s


def test_buckets_are_bounded() -> None:
    """Those that were not used for longest go."""
    rates = Rates(1.0, Clock())
    first, second = rates.of("a"), rates.of("b")
    for n in range(MOST - 1):
        rates.of(f"{n}")
        assert first is rates.of("a")
    assert second is not rates.of("b")


def test_ipv6_clients_are_told_apart_by_network() -> None:
    """Who has 2^64 addresses has one bucket all the same."""
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:0:1::1")
    assert "192.0.2.1" == neighbourhood("192.0.2.1")
