"""Sources of settings: a TOML file, ``HEARTHBEAT_*`` variables and flags, of which a later one wins; checked."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from service.contracts.errors import BadSetting
from service.settings.settings import Says, Settings, parse_duration_s

PREFIX: Final = "HEARTHBEAT_"
CONFIG: Final = "HEARTHBEAT_CONFIG"
DEFAULT: Final = "default"

NOT_SETTINGS: Final = {
    CONFIG: "names the settings file",
    "HEARTHBEAT_KEY": "the key that `simulate`, `replay`, `models`, `status` and `forget` send",
    "HEARTHBEAT_DATA": "where benchmarks and tests find real data sets",
}
"""Variables of this prefix that are for others, and what they do."""

_FLAGS = {"data_dir": "--data"}
_ON_DRIFT = frozenset({"warn", "train", "bench", "reset"})
_LEAST_RATE = 0.001
_MOST_BYTES = 1_000_000


class Loaded(Struct, frozen=True, kw_only=True):
    """Checked settings and where they came from.

    Attributes:
        settings: The settings.
        origins: For each field ``default``, a file and its line, a variable, or a flag.
    """

    settings: Settings
    origins: dict[str, str]


@cache
def fields() -> dict[str, tuple[type, Says]]:
    """Type and annotation of each field, in their order."""
    hints = get_type_hints(Settings, include_extras=True)
    parts = {name: get_args(hints[name]) for name in Settings.__struct_fields__}
    return {name: (kind, says) for name, (kind, says) in parts.items()}


def load_settings(
    environ: Mapping[str, str] | None = None, *, config: str | Path | None = None, **flags: Any
) -> Settings:
    """`read_settings` without the origins."""
    return read_settings(environ, config=config, **flags).settings


def read_settings(
    environ: Mapping[str, str] | None = None, *, config: str | Path | None = None, **flags: Any
) -> Loaded:
    """Settings from a file, the environment, and those flags that are not None.

    Args:
        environ: The environment; that of the process if it is None.
        config: The file, or None for the one that ``HEARTHBEAT_CONFIG`` names, if it does.
        flags: Values by the names of the fields.

    Raises:
        BadSetting: A value cannot be used, the file cannot be read, or something in it, or a variable, is no setting.
    """
    environ = os.environ if environ is None else environ
    if config is None:
        config = environ.get(CONFIG)
    values: dict[str, Any] = {}
    origins = dict.fromkeys(fields(), DEFAULT)
    layers = [_of_environment(environ), _of_flags(flags)]
    if config is not None:
        layers.insert(0, _of_file(config))
    for layer in layers:
        for name, value, origin in layer:
            values[name], origins[name] = value, origin
    settings = Settings(**values)
    _check(settings, origins)
    return Loaded(settings=settings, origins=origins)


def _of_file(config: str | Path) -> Iterator[tuple[str, Any, str]]:
    try:
        path = Path(config).expanduser()
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1).decode()
        if len(text) > _MOST_BYTES:
            raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
        table = tomllib.loads(text)
    except OSError as error:
        raise BadSetting(f"{config} cannot be read: {error.strerror}", field="config") from None
    except RuntimeError as error:  # a tilde of nobody; or tables in tables, as deep as nobody writes them
        deep = isinstance(error, RecursionError)
        detail = f"{config} is nested too deep" if deep else f"{config!r} is in nobody's home"
        raise BadSetting(detail, field="config") from None
    except UnicodeDecodeError:
        raise BadSetting(f"{config} is not UTF-8", field="config") from None
    except ValueError as error:  # tomllib says at which line and column
        raise BadSetting(f"{config} is no TOML: {error}", field="config") from None
    for name, value in table.items():
        origin = _place(config, text, name)
        if name not in fields():
            raise BadSetting(f"there is no such setting ({origin})", field=name)
        kind, says = fields()[name]
        try:
            shown = repr(value)
        except ValueError:  # a number of thousands of digits, which only hexadecimal can bring in
            raise BadSetting(f"a number that is too large ({origin})", field=name) from None
        if says.duration and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        try:
            yield name, msgspec.convert(value, kind), origin
        except msgspec.ValidationError as error:
            raise BadSetting(f"{shown}: {error} ({origin})", field=name) from None


def _place(config: str | Path, text: str, name: str) -> str:
    """The file, and the line where a key, or the table of that name, stands in it."""
    written = rf"[\"']?{re.escape(name)}[\"']?"
    found = re.search(rf"^[ \t]*(?:{written}[ \t]*[.=]|\[+[ \t]*{written}[ \t]*[\].])", text, re.MULTILINE)
    return str(config) if found is None else f"{config}, line {text.count(chr(10), 0, found.start()) + 1}"


def _of_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    for key, text in environ.items():
        if not key.startswith(PREFIX) or key in NOT_SETTINGS:
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in fields() or key != variable(name):
            raise BadSetting("there is no such setting", field=key)
        try:
            yield name, msgspec.convert(text, fields()[name][0], strict=False), key
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            raise BadSetting(f"{text!r}: {error}", field=key) from None


def _of_flags(flags: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for name, value in flags.items():
        if value is None:
            continue
        try:
            yield name, msgspec.convert(value, fields()[name][0]), _FLAGS.get(name, f"--{name.replace('_', '-')}")
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            raise BadSetting(f"{value!r}: {error}", field=name) from None


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def _check(settings: Settings, origins: Mapping[str, str]) -> None:
    for name, (_, says) in fields().items():
        fault = _fault(getattr(settings, name), says)
        if fault is not None:
            raise _bad(name, fault, origins)
    if 0.0 < settings.rate_limit < _LEAST_RATE:
        raise _bad("rate_limit", f"{settings.rate_limit:g} is less than {_LEAST_RATE:g} and not 0", origins)
    unknown = set(settings.drift_policy) - _ON_DRIFT
    if unknown:
        raise _bad("on_drift", f"{sorted(unknown)[0]!r} is none of {', '.join(sorted(_ON_DRIFT))}", origins)
    for name in ("host", "data_dir", "baseline"):
        if not getattr(settings, name):
            raise _bad(name, "nothing is named", origins)
    for name, (kind, _) in fields().items():
        if kind is str and not _is_text(getattr(settings, name)):
            raise _bad(name, "a character that cannot stand in a name, or no UTF-8", origins)
    try:
        settings.folder  # noqa: B018 - a tilde of nobody
    except RuntimeError:
        raise _bad("data_dir", f"{settings.data_dir!r} is in nobody's home", origins) from None
    if settings.time_zone:
        try:
            ZoneInfo(settings.time_zone)
        except (KeyError, ValueError, OSError):  # a folder of zones is an OSError, a path a ValueError
            detail = f"{settings.time_zone!r} is no time zone; write it like Europe/Berlin"
            raise _bad("time_zone", detail, origins) from None


def _is_text(value: str) -> bool:
    """Whether it can be printed and be the name of a file. What is no UTF-8 comes as surrogates."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _fault(value: Any, says: Says) -> str | None:
    """What is wrong with a number, a duration, or a text that must be one of some words."""
    if says.words and value not in says.words:
        return f"{value!r} is none of {', '.join(says.words)}"
    if not says.duration:
        outside = isinstance(value, int | float) and not says.low <= value <= says.high
        return f"{value} is outside {says.low:.12g} to {says.high:.12g}" if outside else None
    if says.auto and value == "auto":
        return None
    try:
        seconds = parse_duration_s(value)
    except ValueError as error:
        return str(error)
    if seconds < says.low:
        return f"{value} is too short; it must be at least {says.low:g}s"
    return f"{value} is too long; it may be at most {says.high:g}s" if seconds > says.high else None


def _bad(name: str, detail: str, origins: Mapping[str, str]) -> BadSetting:
    return BadSetting(f"{detail} ({origins[name]})", field=name)
