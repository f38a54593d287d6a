"""Tally: counts of readings over a stream, for the summary."""

from service.contracts.predictions import Receipt
from simulator.stream.merge import R, Request


class Tally:
    """Counts of readings over a stream, and the newest sequence number. Outcomes are not counted here."""

    def __init__(self) -> None:
        self.sent = self.accepted = self.duplicate = self.late = self.refused = 0
        self.seq = -1
        self.seconds = 0.0
        self.first_refusal: str | None = None

    def add(self, request: Request[R], receipt: Receipt) -> None:
        """Count the answer to one request."""
        if receipt.seq is not None:
            self.seq = max(self.seq, receipt.seq)
        if self.first_refusal is None and receipt.refusals:
            self.first_refusal = f"{receipt.refusals[0].reason}: {receipt.refusals[0].detail}"
        if request.readings:
            self.sent += len(request.readings)
            self.accepted += receipt.accepted
            self.duplicate += receipt.duplicate
            self.late += receipt.late
            self.refused += receipt.refused
