"""Words from outside: headers, query parameters, variables, flags. Each is understood, or refused with its error."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.connection import ASGIConnection

from service.__main__ import _reserved_address
from service.api.access.gate import Gate
from service.contracts.access import bearer
from service.contracts.errors import BadQuery, BadSetting, NoKey, NotLocal
from service.jobs.schedule import check_cron
from service.pipeline.live.place import parse_place
from service.pipeline.views.device_list import _decode_cursor
from service.pipeline.views.journal_view import _place
from service.settings import Settings, load_settings, parse_duration_s
from service.settings.sources import fields, variable
from service.storage.keys import KeyFile
from simulator.commands.simulate import _end
from simulator.durations import duration_us
from simulator.errors import UsageError
from simulator.stream.client import _retry_after_s
from simulator.tables.columns import zone_of

ODD = (
    "", " ", "\0", "\n", "é", "²", "\N{FULLWIDTH DIGIT ONE}", "\udcff", "9" * 5_000, "-1", "1e999", "nan", "~nobody/x",
    "a" * 300, "a..b", ".", "[::1]", "0x" + "f" * 5_000, "24:00", "+99:99", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "9" * 400 + "h",
)  # fmt: skip


def _address(host: str) -> None:
    with _reserved_address(Settings(host=host, port=0)):
        pass


def _admitted(name: bytes, keyed: bool) -> Callable[[str], None]:
    """A request with this header comes to a gate."""

    def ask(text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        scope: Any = {"type": "http", "headers": [(name, raw)], "state": {}}
        gates[keyed]._who(ASGIConnection(scope))

    return ask


def _gates(folder: Path) -> dict[bool, Gate]:
    (folder / "keyed").mkdir()
    keys = KeyFile(folder / "keyed")
    keys.create("ada", ["read"], datetime(2026, 1, 1, tzinfo=UTC))
    return {False: Gate(KeyFile(folder), Settings(), "127.0.0.1"), True: Gate(keys, Settings(), "127.0.0.1")}


gates: dict[bool, Gate] = {}

WORDS: dict[str, tuple[Callable[[str], Any], tuple[type[Exception], ...]]] = {
    "Last-Event-ID": (parse_place, (BadQuery,)),
    "cursor of devices": (_decode_cursor, (BadQuery,)),
    "cursor of the journal": (_place, (BadQuery,)),
    "Authorization": (_admitted(b"authorization", True), (NoKey,)),
    "Host": (_admitted(b"host", False), (NotLocal,)),
    "Origin": (_admitted(b"origin", False), (NotLocal,)),
    "duration": (parse_duration_s, (ValueError,)),
    "crontab": (check_cron, (ValueError,)),
    "key that is sent": (bearer, (ValueError,)),
    "duration of a table": (duration_us, (ValueError,)),
    "zone of a table": (zone_of, (ValueError,)),
    "--end": (lambda text: _end(text, 10**15), (UsageError,)),
    "Retry-After": (
        lambda text: _retry_after_s(httpx.Response(503, headers=[(b"Retry-After", text.encode("latin-1", "replace"))])),
        (),
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_are_understood_or_refused(tmp_path: Path, name: str) -> None:
    """Odd ones, and whatever hypothesis thinks of."""
    read, errors = WORDS[name]
    gates.update(_gates(tmp_path))

    @settings(max_examples=50)
    @given(st.text(max_size=12) | st.sampled_from(ODD))
    def ask(text: str) -> None:
        try:
            read(text)
        except errors:
            return

    for odd in ODD:
        try:
            read(odd)
        except errors:
            continue
    ask()


@pytest.mark.parametrize("name", fields())
def test_variables_are_understood_or_refused(name: str) -> None:
    """All of them: what comes out can be used, printed and be the name of a file."""
    for odd in ODD:
        try:
            loaded = load_settings({variable(name): odd})
        except BadSetting:
            continue
        str(loaded.folder).encode()


@pytest.mark.parametrize(
    "value", [f"0x{'f' * 5000}", "1e999", "nan", "2020-01-01", "[1, 2]", '"a\\u0000b"', "{a = 0x1}"]
)
@pytest.mark.parametrize("name", ["seed", "port", "horizon", "alert_risk", "lockstep", "host", "data_dir"])
def test_values_of_a_settings_file(tmp_path: Path, name: str, value: str) -> None:
    """Whatever TOML can hold: refused, and the line is named."""
    (tmp_path / "hearthbeat.toml").write_text(f"{name} = {value}\n")
    with pytest.raises(BadSetting, match="line 1"):
        load_settings({}, config=tmp_path / "hearthbeat.toml")


@pytest.mark.parametrize("host", ["a" * 70, "\0", "\udcff", "ä" * 70, "a..b", "."])
def test_hosts_that_no_machine_can_have(host: str) -> None:
    """One line that names the setting; the encoding of international names has errors of its own."""
    with pytest.raises(BadSetting, match="host"):
        _address(host)


def test_a_settings_file_of_nobody() -> None:
    """A tilde before a name that no user has."""
    with pytest.raises(BadSetting, match="nobody's home"):
        load_settings({}, config="~nobody-of-that-name/hearthbeat.toml")
