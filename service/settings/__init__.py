"""Settings: all that can be set, where values come from, and how they are shown.

`settings` says what there is, with default, range and meaning; `sources` fills it from a file, the environment and
flags; `show` prints it, for people and for the docs.
"""

from service.settings.settings import Settings, parse_duration_s
from service.settings.sources import Loaded, load_settings, read_settings

__all__ = ["Loaded", "Settings", "load_settings", "parse_duration_s", "read_settings"]
