"""Decoding of what comes from outside."""

from typing import Final

import msgspec

UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises at bytes that are none of ours: of another form, no UTF-8, or nested too deep."""
