"""Which matured examples are learned."""

import math

import numpy as np
import pytest

from service.labels.sampling import FLOOR, Sampler, unit_hash, unit_hashes


def run(sampler: Sampler, labels: list[bool]) -> list[bool]:
    return [sampler.choose(positive=label, seq=i, row=i % 7).learned for i, label in enumerate(labels)]


def rare(n: int, share: float, seed: int = 0) -> list[bool]:
    out: list[bool] = (np.random.default_rng(seed).random(n) < share).tolist()
    return out


def test_all_positives_and_about_two_negatives_for_each() -> None:
    """At five positives in a hundred."""
    labels = rare(40_000, 0.05)
    sampler = Sampler(seed=3)
    chosen = run(sampler, labels)

    assert all(c for c, label in zip(chosen, labels, strict=True) if label)
    assert sampler.learned_positives == sampler.positives == sum(labels)
    assert sampler.negatives == 40_000 - sum(labels)
    assert sampler.learned_negatives == sum(chosen) - sum(labels)
    assert 1.8 < sampler.learned_negatives / sampler.positives < 2.3


def test_what_is_kept_for_training() -> None:
    """All that is learned, and about eight negatives for each positive; nothing before the first one."""
    labels = rare(40_000, 0.02)
    sampler = Sampler(seed=3)
    choices = [sampler.choose(positive=label, seq=i, row=i % 7) for i, label in enumerate(labels)]
    first = labels.index(True)

    assert not any(choice.kept for choice in choices[:first])
    assert all(choice.kept for choice in choices if choice.learned)
    assert 7.5 < sum(choice.kept for choice in choices) / sum(labels) - 1.0 < 9.0


def test_common_failures_keep_all_negatives() -> None:
    """Where half of the examples fail there is nothing to leave out."""
    sampler = Sampler(seed=3)
    run(sampler, [True, False] * 500)

    assert sampler.learned_negatives == 500


def test_floor() -> None:
    """However rare failures are, two in a hundred negatives are learned."""
    sampler = Sampler(seed=3)
    run(sampler, [True] + [False] * 50_000)

    assert pytest.approx(FLOOR, rel=0.1) == sampler.learned_negatives / 50_000


def test_silence_is_no_health() -> None:
    """Before the first positive no negative is learned, but all are counted."""
    sampler = Sampler(seed=3)

    assert not any(run(sampler, [False] * 1000))
    assert (sampler.negatives, sampler.learned_negatives) == (1000, 0)
    assert any(run(sampler, [True] + [False] * 1000)[1:])


def test_the_choice_is_a_function_of_the_log() -> None:
    """The same seed and stream choose the same examples; another seed chooses others."""
    labels = rare(5000, 0.02)

    assert run(Sampler(seed=1), labels) == run(Sampler(seed=1), labels)
    assert run(Sampler(seed=1), labels) != run(Sampler(seed=2), labels)


def test_hash_looks_uniform() -> None:
    """Over sequence numbers, rows and seeds alike, and it stays in [0, 1)."""
    for values in (
        [unit_hash(1, seq, 0) for seq in range(20_000)],
        [unit_hash(1, 5, row) for row in range(20_000)],
        [unit_hash(seed, 5, 5) for seed in range(20_000)],
        [unit_hash(0, k, k) for k in range(20_000)],
    ):
        assert 0.0 <= min(values) <= max(values) < 1.0
        assert np.histogram(values, 20, (0, 1))[0] == pytest.approx(1000, abs=200)


@pytest.mark.parametrize("base_rate", [0.005, 0.05])
def test_shift_corrects_the_log_odds(base_rate: float) -> None:
    """Log odds among the chosen, minus the shift, are those among all."""
    sampler = Sampler(seed=9)
    labels = rare(50_000, base_rate)
    chosen = run(sampler, labels)
    positives, learned = sum(labels), sum(chosen)
    among_chosen = math.log(positives / (learned - positives))
    among_all = math.log(positives / (len(labels) - positives))

    assert among_all == pytest.approx(among_chosen - sampler.logit_shift(), abs=0.01)


def test_shift_of_a_model_that_has_seen_everything_is_nothing() -> None:
    """No sampling, no shift; also at the very start."""
    assert Sampler(seed=1).logit_shift() == 0.0

    sampler = Sampler(seed=1)
    run(sampler, [True, False] * 20)
    assert sampler.logit_shift() == 0.0


def test_an_example_that_was_positive_after_all() -> None:
    """It counts as one, and no longer as what it was held for."""
    sampler = Sampler(seed=1)
    run(sampler, [True, False, False])
    sampler.correct(believed=True, learned=True)
    sampler.correct(believed=False, learned=False)

    assert (3, 1, 2) == (sampler.positives, sampler.negatives, sampler.learned_positives)


def test_hashes_of_many_rows_are_those_of_each() -> None:
    """Bit for bit."""
    rows = np.array([0, 1, 7, 70_000, 2**31 - 1], np.int32)
    assert unit_hashes(3, 77, rows).tolist() == [unit_hash(3, 77, row) for row in rows.tolist()]
