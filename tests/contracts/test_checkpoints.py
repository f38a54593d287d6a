"""Orders to the trainer and its messages: what is sent is what arrives."""

import msgspec
import pytest

from service.contracts.checkpoints import (
    Present,
    Progress,
    Target,
    TrainerMessage,
    TrainingOrder,
    TrainingReport,
    TrainingResult,
    decode_message,
    decode_order,
    encode_message,
    encode_order,
)

PRESENT = Present(file="one.npz", sha256="0" * 64, shift=3.5, trained_to_seq=40)
ORDER = TrainingOrder(
    examples="/data/examples.db",
    models="/data/models",
    up_to_seq=90,
    targets=[Target(home_type="villa", number=2, present=PRESENT), Target(home_type=None, number=1)],
    layouts={"villa": ["gap_h", "battery_pct.raw"]},
    horizon_us=86_400_000_000,
    grace_us=0,
    seed=1,
    window=1000,
    min_positives=10,
    created_us=5,
)


def test_an_order_arrives() -> None:
    """With all its targets, and the defaults of the gate."""
    assert ORDER == decode_order(encode_order(ORDER))
    assert (0.2, 0.02, 0.8) == (ORDER.holdout_share, ORDER.margin, ORDER.confidence)


@pytest.mark.parametrize(
    "message",
    [
        Progress(home_type=None, stage="fitting", share=0.5),
        TrainingReport(results=[TrainingResult(home_type="villa", number=2, outcome="failed", reason="disk full")]),
        TrainingReport(results=[], fault="no order"),
    ],
)
def test_a_message_arrives(message: TrainerMessage) -> None:
    """Told apart by its tag."""
    assert message == decode_message(encode_message(message))


@pytest.mark.parametrize("wrong", [{"horizon_us": 0}, {"holdout_share": 1.0}, {"seed": -1}, {"surprise": 1}])
def test_an_order_that_makes_no_sense(wrong: dict[str, float]) -> None:
    """Refused when it is read."""
    fields = msgspec.to_builtins(ORDER) | wrong
    with pytest.raises(msgspec.ValidationError):
        decode_order(msgspec.msgpack.encode(fields))
