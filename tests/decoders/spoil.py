"""What comes from outside, spoilt: junk, and good examples with a few bytes, or one value, made something else."""

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st


class Decoder(NamedTuple):
    """A place where bytes from outside are read.

    Attributes:
        decode: Reads them; gives a value or raises.
        errors: What it may raise.
        good: Bytes that it takes, or that come close.
    """

    decode: Callable[[bytes], Any]
    errors: tuple[type[BaseException], ...]
    good: Sequence[bytes]

    def try_on(self, content: bytes) -> None:
        """Decode it. What this raises is a defect."""
        with contextlib.suppress(*self.errors):
            self.decode(content)


JUNK = (
    b"", b"\0", b"\xff\xfe", b'"\xff"', b'{"a":"\xff"}', b'{"\xff":1}', b"\xef\xbb\xbf{}", b"null", b"[]", b"{}",
    b"1e999", b"-" + b"9" * 400, b"9" * 5_000, b'"' + b"\\ud800" * 3 + b'"', b"[" * 20_000, b'{"a":' * 20_000,
    b"a=" + b"[" * 10_000, b"\x91" * 20_000, b"\x81\xa1a" * 20_000, b"PK\x03\x04", b"\n" * 1_000, b"NaN", b"Infinity",
)  # fmt: skip
"""Whatever else is drawn, these are tried of every decoder: no text, too deep, too large, no number."""

_PIECES = st.binary(max_size=8) | st.sampled_from(
    [b'"', b"\\", b"{", b"[", b"\xff", b"\0", b"-", b"1e999", b"null", b"9" * 400, b"\n", b" = ", b"0x" + b"f" * 4_000]
)
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400, 1e308, "\x00", "x" * 300, "0001-01-01T00:00:00+14:00"])
)  # fmt: skip
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


@st.composite
def spoilt(draw: st.DrawFn, good: Sequence[bytes]) -> bytes:
    """A good example with something else in it, or junk."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=40))
    whole = draw(st.sampled_from(good))
    if draw(st.booleans()):
        try:
            value = json.loads(whole)
        except ValueError:
            pass
        else:
            return json.dumps(draw(_other(value))).encode()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(whole)))
        whole = whole[:place] + draw(_PIECES) + whole[place + draw(st.integers(0, 12)) :]
    return whole


@st.composite
def _other(draw: st.DrawFn, value: Any) -> Any:
    """The same with one value of it replaced, left out or added."""
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        what = draw(st.integers(0, 5))
        if what == 0:
            return {key: each for key, each in value.items() if key != name}
        if what == 1:
            return value | {draw(st.text(max_size=4)): draw(_VALUES)}
        return value | {name: draw(_other(value[name]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(_other(value[place])), *value[place + 1 :]]
    return draw(_VALUES)
