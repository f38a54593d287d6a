"""Settings: from the environment and flags, checked at start."""

from pathlib import Path
from typing import Any

import pytest

from service.contracts.errors import BadSetting
from service.settings import Settings, load_settings, parse_duration_s, read_settings
from service.settings.show import as_toml

HOUR_US = 3_600_000_000


def test_defaults() -> None:
    """Without an environment: a day's horizon, an hour's grace, half an hour of lateness and slot."""
    settings = load_settings({})

    assert settings == Settings()
    assert settings.horizon_us == 24 * HOUR_US
    assert settings.grace_us == HOUR_US
    assert settings.lateness_us == settings.slot_us == HOUR_US // 2


def test_environment_is_read_by_type() -> None:
    """Numbers, switches and durations; variables of others do not matter."""
    settings = load_settings(
        {
            "HEARTHBEAT_PORT": "0",
            "HEARTHBEAT_LOCKSTEP": "true",
            "HEARTHBEAT_ALERT_RISK": "0.5",
            "HEARTHBEAT_HORIZON": "12h",
            "HEARTHBEAT_GRACE": "0",
            "HEARTHBEAT_LATENESS": "90s",
            "HEARTHBEAT_DATA": "/somewhere/else",
            "HEARTHBEATS": "x",
            "PATH": "/bin",
        }
    )

    assert (settings.port, settings.lockstep, settings.alert_risk) == (0, True, 0.5)
    assert (settings.horizon_us, settings.grace_us, settings.lateness_us) == (12 * HOUR_US, 0, 90_000_000)
    assert settings.data_dir == Settings().data_dir


def test_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set outside counts; flags win over it; a flag that was not given does not."""
    monkeypatch.setenv("HEARTHBEAT_PORT", "81")
    monkeypatch.setenv("HEARTHBEAT_SEED", "5")

    assert (load_settings().port, load_settings().seed) == (81, 5)
    assert (load_settings(port=82, seed=None).port, load_settings(port=82, seed=None).seed) == (82, 5)


def test_flags_win_over_a_bad_limit_in_the_environment() -> None:
    """Only the value in force is checked against its limits."""
    assert load_settings({"HEARTHBEAT_PORT": "99999"}, port=80).port == 80


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("1.5h", 5400), ("0", 0), ("30", 30), ("1e3", 1000)],
)
def test_durations(text: str, seconds: float) -> None:
    """A number and a unit; without one it is seconds."""
    assert seconds == parse_duration_s(text)


@pytest.mark.parametrize(
    "text", ["", "h", "-1h", "nan", "inf", "1w", "1h30m", "ten", "1e400", "1e11", "24 hours", "5H"]
)
def test_bad_durations(text: str) -> None:
    """Refused in words that hold what was given."""
    with pytest.raises(ValueError, match=r"duration|range"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"HEARTHBEAT_PROT": "80"}, "HEARTHBEAT_PROT"),
        ({"HEARTHBEAT_": "80"}, "HEARTHBEAT_"),
        ({"HEARTHBEAT_PORT": "http"}, "port"),
        ({"HEARTHBEAT_PORT": ""}, "port"),
        ({"HEARTHBEAT_PORT": "8000.5"}, "port"),
        ({"HEARTHBEAT_PORT": "65536"}, "port"),
        ({"HEARTHBEAT_PORT": "-1"}, "port"),
        ({"HEARTHBEAT_SEED": "-1"}, "seed"),
        ({"HEARTHBEAT_LOCKSTEP": "maybe"}, "lockstep"),
        ({"HEARTHBEAT_ALERT_RISK": "1.01"}, "alert_risk"),
        ({"HEARTHBEAT_ALERT_RISK": "nan"}, "alert_risk"),
        ({"HEARTHBEAT_HORIZON": "soon"}, "horizon"),
        ({"HEARTHBEAT_HORIZON": "auto"}, "horizon"),
        ({"HEARTHBEAT_HORIZON": "0"}, "horizon"),
        ({"HEARTHBEAT_HORIZON": "0.9s"}, "horizon"),
        ({"HEARTHBEAT_GRACE": "-1h"}, "grace"),
        ({"HEARTHBEAT_LATENESS": "x"}, "lateness"),
        ({"HEARTHBEAT_MAX_METRICS": "0"}, "max_metrics"),
        ({"HEARTHBEAT_MAX_BODY_BYTES": "999"}, "max_body_bytes"),
        ({"HEARTHBEAT_QUEUE_SIZE": "0"}, "queue_size"),
    ],
)
def test_what_cannot_be_used_is_named(environ: dict[str, str], named: str) -> None:
    """The error says which setting it is, in its field and in its text."""
    with pytest.raises(BadSetting) as caught:
        load_settings(environ)

    assert named.lower() in caught.value.field.lower()
    assert caught.value.field in str(caught.value)


@pytest.mark.parametrize(
    "flags",
    [{"port": 65_536}, {"alert_risk": -0.1}, {"horizon": "soon"}, {"max_items": 0}, {"port": "http"}, {"grace": 5}],
)
def test_bad_flags_are_named(flags: dict[str, Any]) -> None:
    """A flag is checked like a variable, also its type."""
    with pytest.raises(BadSetting) as caught:
        load_settings({}, **flags)

    assert list(flags) == [caught.value.field]


def test_names_of_variables_are_in_capitals() -> None:
    """Another spelling is no setting: else two variables could set one field, and chance would choose."""
    with pytest.raises(BadSetting):
        load_settings({"HEARTHBEAT_PORT": "1", "HEARTHBEAT_port": "2"})


def test_home_folder_is_expanded() -> None:
    """A tilde in the data folder is the user's home."""
    assert load_settings({"HEARTHBEAT_DATA_DIR": "~/hb"}).folder == Path.home() / "hb"


def test_settings_are_frozen() -> None:
    """Nobody changes them after the start."""
    with pytest.raises(AttributeError):
        load_settings({}).port = 1  # type: ignore[misc]  # that it is refused is the point


def test_what_a_drift_does_is_a_list_of_words() -> None:
    """In any order, with spaces; another word is refused."""
    assert load_settings({"HEARTHBEAT_ON_DRIFT": "reset, bench"}).drift_policy == ("bench", "reset")
    for text in ("", "panic", "train,,bench"):
        with pytest.raises(BadSetting):
            load_settings({"HEARTHBEAT_ON_DRIFT": text})


def test_a_later_source_wins_and_is_told(tmp_path: Path) -> None:
    """Default, file, variable, flag: each goes before the one before it, and what is printed says which it was."""
    file = tmp_path / "h.toml"
    file.write_text("# fleet\nport = 81\nseed = 2\nhorizon = 3600\n")
    loaded = read_settings({"HEARTHBEAT_PORT": "82", "HEARTHBEAT_SEED": "3"}, config=file, port=83)

    assert (83, 3, 3_600_000_000) == (loaded.settings.port, loaded.settings.seed, loaded.settings.horizon_us)
    assert {"port": "--port", "seed": "HEARTHBEAT_SEED", "horizon": f"{file}, line 4", "grace": "default"} == {
        name: loaded.origins[name] for name in ("port", "seed", "horizon", "grace")
    }


def test_variable_names_the_file(tmp_path: Path) -> None:
    """A flag goes before it; a file that is not there is no default."""
    for name, port in (("a", 1), ("b", 2)):
        (tmp_path / name).write_text(f"port = {port}")
    environ = {"HEARTHBEAT_CONFIG": str(tmp_path / "a")}

    assert (1, 2) == (load_settings(environ).port, load_settings(environ, config=tmp_path / "b").port)
    with pytest.raises(BadSetting, match="nowhere cannot be read: No such file"):
        load_settings({"HEARTHBEAT_CONFIG": "nowhere"})


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("\n\nprot = 1", "prot", "there is no such setting .*line 3"),
        ("[server]\nport = 1", "server", "there is no such setting .*line 1"),
        ("seed = 1\nport = '80'", "port", "Expected `int`, got `str` .*line 2"),
        ("port = 65536", "port", "outside 0 to 65535 .*line 1"),
        ("lockstep = 1", "lockstep", "Expected `bool`"),
        ("horizon = true", "horizon", "Expected `str`"),
        ("horizon = -5", "horizon", "out of range .*line 1"),
        ("port =\nseed = 1", "config", "no TOML: .*line 1"),
        ("seed = 1\nseed = 2\n", "config", "no TOML: .*line 2"),
        ("host = ''", "host", "nothing is named"),
        ("body_timeout = 0", "body_timeout", "at least 1s"),
        ("time_zone = 'Middle/Earth'", "time_zone", "Europe/Berlin"),
        ("time_zone = '../etc'", "time_zone", "no time zone"),
        ("time_zone = 'Europe'", "time_zone", "no time zone"),
    ],
)
def test_what_cannot_be_used_in_a_file_is_named(tmp_path: Path, text: str, field: str, words: str) -> None:
    """With the key and, where it can be told, the line."""
    file = tmp_path / "h.toml"
    file.write_text(text)
    with pytest.raises(BadSetting, match=words) as caught:
        load_settings({}, config=file)

    assert field == caught.value.field
    assert "h.toml" in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """As is one that is no settings file by its size, or a folder."""
    (tmp_path / "latin").write_bytes(b"host = '\xff'")
    (tmp_path / "long").write_text("#" * 1_000_001)
    for name in ("latin", "long", "."):
        with pytest.raises(BadSetting, match="config"):
            load_settings({}, config=tmp_path / name)


def test_what_is_printed_is_a_settings_file(tmp_path: Path) -> None:
    """It gives the same settings again, whatever characters are in them."""
    loaded = read_settings({}, port=9, lockstep=True, data_dir='a"b\\c\x7f\tü', alert_risk=1e-7)
    (tmp_path / "again.toml").write_text(as_toml(loaded))

    assert loaded.settings == load_settings({}, config=tmp_path / "again.toml")
