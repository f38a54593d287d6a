"""The command that has a running service forget a home or a device, and waits until the disk has forgotten it, too."""

import sys
import time
from typing import Annotated

from cyclopts import Parameter

from service.api.commands.asking import URL, Key, Url, ask, end, understood
from service.contracts.forgetting import ErasureState, ForgetReceipt

_EVERY_S = 0.5


def forget(
    *,
    home: Annotated[str, Parameter(help="The home.")],
    device: Annotated[str | None, Parameter(help="One device of it; all of them if it is left out.")] = None,
    by: Annotated[str, Parameter(help="Who wants it; stands in the log.")],
    why: Annotated[str, Parameter(help="What for; stands in the log, so do not name the home.")],
    wait: Annotated[float, Parameter(help="Seconds to wait for the disk; 0 does not wait.")] = 600.0,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Have a running service forget a home, or one device of it. It cannot be taken back."""
    wish = {"home_id": home, "by": by, "why": why} | ({} if device is None else {"device_id": device})
    receipt = understood(ask("POST", url, key, "/v1/forget", json=wish), ForgetReceipt)
    print(f"event {receipt.seq} forgot {receipt.devices} devices: they are gone from the answers")
    until = time.monotonic() + wait
    while wait > 0.0:
        state = understood(ask("GET", url, key, f"/v1/forget/{receipt.seq}"), ErasureState)
        if state.done:
            print("they are gone from the disk; models that learned from them are not unlearned")
            return
        if time.monotonic() >= until:
            raise end(f"the erasure goes on in the service; it waits for {state.waits_for}", 1)
        print(f"waiting for {state.waits_for}", file=sys.stderr)
        time.sleep(_EVERY_S)
