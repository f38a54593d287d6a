"""Intake of outcomes: checked against the book, and made an event and a receipt."""

from collections.abc import Sequence

from service.contracts.events import OutcomesLogged
from service.contracts.outcomes import Outcome, Retraction
from service.contracts.predictions import Receipt, Refusal
from service.labels.book import instant_us
from service.pipeline.instants import bad_instant
from service.pipeline.scoring.fleet import FleetState


def take_outcomes(
    outcomes: Sequence[Outcome], received_us: int, seq: int, fleet: FleetState
) -> tuple[OutcomesLogged | None, Receipt]:
    """Check outcomes and enter them. One of a known id is a duplicate if it says the same, and refused if it does not.

    Returns:
        The event, or None if nothing was accepted, and the receipt.
    """
    taken: list[Outcome] = []
    refusals: list[Refusal] = []
    duplicate = 0
    for i, outcome in enumerate(outcomes):
        known = fleet.book.known(outcome.outcome_id)
        if known is not None:
            if known == outcome:
                duplicate += 1
            else:
                detail = f"{outcome.outcome_id!r} is known with other contents; send a new id that supersedes it"
                refusals.append(Refusal(item=i, reason="conflict", detail=detail, field="outcome_id"))
            continue
        if not isinstance(outcome, Retraction):
            refusal = bad_instant(i, outcome.ts, instant_us(outcome.ts), received_us)
            if refusal is not None:
                refusals.append(refusal)
                continue
        objection = fleet.book.objection(outcome)
        if objection is not None:
            refusals.append(Refusal(item=i, reason="conflict", detail=objection[1], field=objection[0]))
            continue
        fleet.outcomes(OutcomesLogged(received_us=received_us, outcomes=[outcome]), seq)
        taken.append(outcome)
    event = OutcomesLogged(received_us=received_us, outcomes=taken) if taken else None
    receipt = Receipt(
        accepted=len(taken), duplicate=duplicate, refused=len(refusals), seq=seq if taken else None, refusals=refusals
    )
    return event, receipt
