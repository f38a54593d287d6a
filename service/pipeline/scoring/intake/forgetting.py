"""Intake of an operator's wish to forget: whom it concerns, as an event."""

from msgspec import Struct

from service.contracts.errors import NotKnown
from service.contracts.forgetting import Forget, Forgotten, ForgottenDevice, new_alias
from service.pipeline.scoring.fleet import FleetState


class ForgetJob(Struct, frozen=True, kw_only=True):
    """Forget a home or a device; the answer is a `ForgetReceipt`, or the error `NotKnown`."""

    wish: Forget
    received_us: int


def forgotten_of(job: ForgetJob, fleet: FleetState) -> Forgotten:
    """The event that forgets all devices that are concerned: those read, and those of which only outcomes came.

    Raises:
        NotKnown: There is none.
    """
    wish = job.wish
    keys = list(fleet.homes.get(wish.home_id, ()))
    keys += sorted(fleet.book.named(wish.home_id).difference(keys))
    if wish.device_id is not None:
        keys = [key for key in keys if key[1] == wish.device_id]
    if not keys:
        what = f"home {wish.home_id!r}" if wish.device_id is None else f"device {wish.device_id!r} in {wish.home_id!r}"
        raise NotKnown(f"nothing of {what} is known")
    places = [fleet.place.get(key, (None, -1)) for key in keys]
    return Forgotten(
        received_us=job.received_us,
        alias=new_alias(),
        devices=[ForgottenDevice(*key, *place) for key, place in zip(keys, places, strict=True)],
        by=wish.by,
        why=wish.why,
    )
