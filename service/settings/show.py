"""Settings as they are shown: the values in force as a TOML file, and the table of the docs as Markdown."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from service.contracts.errors import BadSetting
from service.settings.settings import Says, Settings
from service.settings.sources import Loaded, fields, read_settings, variable

_DEFAULTS = Settings()
_UNBOUNDED = 2.0**62


def as_toml(loaded: Loaded) -> str:
    """The values in force, each with where it came from; what this gives can be read as a settings file."""
    lines = [(f"{name} = {_toml(getattr(loaded.settings, name))}", loaded.origins[name]) for name in fields()]
    width = max(len(line) for line, _ in lines)
    return "".join(f"{line:{width}}  # {origin}\n" for line, origin in lines)


def _toml(value: Any) -> str:
    """A string, number or switch in TOML, which for these is JSON but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_markdown() -> str:
    """The table of docs/settings.md."""
    rows = ["| setting | variable | default | takes | meaning |", "|---|---|---|---|---|"]
    for name, (kind, says) in fields().items():
        default = getattr(_DEFAULTS, name)
        shown = str(default).lower() if kind is bool else f"{default:g}" if kind is float else str(default)
        rows.append(f"| `{name}` | `{variable(name)}` | `{shown}` | {_takes(kind, says)} | {says.meaning} |")
    return "\n".join(rows) + "\n"


def _takes(kind: type, says: Says) -> str:
    """What values a field takes, in a few words."""
    if says.duration:
        least = f", at least {says.low:g}s" if says.low else ""
        most = f", at most {says.high:g}s" if says.high < _UNBOUNDED else ""
        return f"duration{' or `auto`' if says.auto else ''}{least}{most}"
    if kind is bool:
        return "`true`, `false`"
    if kind is str:
        return ", ".join(f"`{word}`" for word in says.words) or "text"
    return f"{says.low:,.12g} to {says.high:,.12g}" if says.high < _UNBOUNDED else f"at least {says.low:,.12g}"


def settings(
    *,
    config: Annotated[Path | None, Parameter(help="Settings file; else the one that HEARTHBEAT_CONFIG names.")] = None,
    markdown: Annotated[bool, Parameter(negative="", help="Print the table of the docs instead.")] = False,
) -> None:
    """Print the settings in force and where each came from, as a settings file; it holds no secret."""
    if markdown:
        sys.stdout.write(as_markdown())
        return
    try:
        sys.stdout.write(as_toml(read_settings(config=config)))
    except BadSetting as error:
        print(f"hearthbeat: {error}", file=sys.stderr)
        raise SystemExit(2) from None
