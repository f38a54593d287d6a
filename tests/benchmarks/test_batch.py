"""What the benchmarks of batch training stand on: the order of time, the choice of samples, intervals."""

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.batch.intervals import areas, decisions, draws_of, interval, log_losses
from benchmarks.batch.models import forest_score, risks_of
from benchmarks.batch.stream import GRACE_US, HORIZON_US, Stream, drawn, drawn_evenly
from benchmarks.home_types.quality import MODELS, judged, parts_of, threshold, trained
from benchmarks.report import BenchError
from service.evaluation.metrics import log_loss, pr_auc, roc_auc

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stream() -> Stream:
    """A small stream with as many samples of each home type."""
    return drawn(1_500, 300, seed=1, per_home_type=True)


def _poisoned(stream: Stream) -> Stream:
    """The stream with all labels turned over that were not final at its split."""
    samples = stream.samples
    final = samples.ts + (HORIZON_US + GRACE_US) <= stream.split_us
    assert not final.all()
    return msgspec.structs.replace(
        stream, samples=msgspec.structs.replace(samples, labels=np.where(final, samples.labels, ~samples.labels))
    )


def test_what_is_learned_was_final_before_anything_is_asked(stream: Stream) -> None:
    """Rows are in order of time; between both parts lie horizon and grace; both cover a year; no device is in both."""
    samples, known, held_out = stream.samples, stream.known(), stream.held_out()
    year_us = 365 * 86_400_000_000

    assert np.all(np.diff(samples.ts) >= 0)
    assert samples.ts[known].max() + HORIZON_US + GRACE_US <= samples.ts[held_out].min()
    assert (len(known), len(held_out)) == (8 * 1_500, 8 * 300)
    assert set(stream.chosen(1)) <= set(known)
    for part in (known, held_out):
        assert np.ptp(samples.ts[part]) > 0.9 * year_us
    assert not set(samples.device[known]) & set(samples.device[held_out])


def test_samples_are_chosen_as_the_service_does(stream: Stream) -> None:
    """All positives after the first of a home type, and about two negatives for each."""
    chosen, known, labels = stream.chosen(1), stream.known(), stream.samples.labels

    assert set(known[labels[known]]) <= set(chosen)
    assert 0.25 < labels[chosen].mean() < 0.5
    assert labels[stream.held_out()].mean() < 0.06


def test_fewer_samples_are_a_part_of_more(stream: Stream) -> None:
    """Sizes compare: the same samples and some more, from the same year; more than there are is an error."""
    chosen = stream.chosen(1)
    few, many = drawn_evenly(chosen, 40, 1), drawn_evenly(chosen, 160, 1)

    assert (len(few), len(many)) == (40, 160)
    assert set(few) < set(many) <= set(chosen)
    assert np.all(np.diff(many) > 0)
    with pytest.raises(BenchError, match="not 100000"):
        drawn_evenly(chosen, 100_000, 1)


def test_labels_of_the_future_change_no_model(stream: Stream) -> None:
    """Whatever became of the devices later: models, thresholds and what they answer are the same, to the bit."""
    answers, thresholds = [], []
    for world in (stream, _poisoned(stream)):
        parts = parts_of(world, 20, 1)
        models = trained(world, parts, 1, lambda _: None)
        answers.append(
            [[models[name][part.name](world.samples.rows[part.held_out]) for part in parts] for name in MODELS]
        )
        quiet = [world.samples.rows[part.quiet] for part in parts]
        thresholds.append(
            [[threshold(models[name][p.name], q) for p, q in zip(parts, quiet, strict=True)] for name in MODELS]
        )

    assert thresholds[0] == thresholds[1]
    for one, other in zip(*answers, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def _answers(stream: Stream) -> dict[tuple[str, str], tuple[float, npt.NDArray[np.float64]]]:
    """Threshold and held-out risks by model and home type."""
    parts, rows = parts_of(stream, 20, 1), stream.samples.rows
    models = trained(stream, parts, 1, lambda _: None)
    return {
        (name, part.name): (
            threshold(models[name][part.name], rows[part.quiet]),
            models[name][part.name](rows[part.held_out]),
        )
        for name in MODELS
        for part in parts
    }


def test_figures_do_depend_on_labels_of_the_future(stream: Stream) -> None:
    """The poison works: what is asked about has other answers with it."""
    figures = []
    for world in (stream, _poisoned(stream)):
        part = parts_of(world, 20, 1)[0]
        rows, labels = world.samples.rows[part.learned], world.samples.labels[part.learned]
        figures.append(judged(world, part, forest_score(world.samples.columns, rows, labels, 1)))

    assert figures[0]["roc_auc"][0] == pytest.approx(1.0 - figures[1]["roc_auc"][0])


def test_figures_without_resampling_are_the_exact_ones() -> None:
    """The first entry of every figure is that of the service's metrics."""
    rng = np.random.default_rng(0)
    labels, device = rng.random(500) < 0.2, rng.integers(0, 60, 500)
    risks = np.clip(0.2 + 0.3 * labels + 0.2 * rng.normal(size=500), 0.01, 0.99).round(2)
    draws = draws_of(device, 1, resamples=50)
    pr, roc = areas(labels, risks, draws)
    told = decisions(labels, risks > 0.4, draws)

    assert draws.shape == (51, 500)
    assert pr[0] == pytest.approx(pr_auc(labels, risks))
    assert roc[0] == pytest.approx(roc_auc(labels, risks))
    assert log_losses(labels, risks, draws)[0] == pytest.approx(log_loss(labels, risks))
    assert told["accuracy"][0] == pytest.approx(np.mean(labels == (risks > 0.4)))
    assert told["precision"][0] == pytest.approx(labels[risks > 0.4].mean())
    assert told["recall"][0] == pytest.approx((risks > 0.4)[labels].mean())
    assert told["f1"][0] == pytest.approx(
        2 * told["precision"][0] * told["recall"][0] / (told["precision"][0] + told["recall"][0])
    )
    value, low, high = interval(pr)
    assert value is not None
    assert low is not None
    assert high is not None
    assert 0.0 < low < value < high < 1.0


def test_a_device_is_drawn_alike_whoever_else_is_there() -> None:
    """So that differences between worlds of the same fleet are paired."""
    draws, others = draws_of(np.arange(40), 1), draws_of(np.delete(np.arange(50), 7), 1)

    assert np.array_equal(np.delete(draws, 7, axis=1), others[:, :39])
    assert draws[1:].mean() == pytest.approx(1.0, abs=0.05)


def test_what_is_undefined_has_no_value() -> None:
    """Without a failure there is no area, no recall, and no interval of them; accuracy there is."""
    labels, risks = np.zeros(10, np.bool_), np.linspace(0.1, 0.9, 10)
    draws = draws_of(np.arange(10), 1, resamples=5)
    told = decisions(labels, np.zeros(10, np.bool_), draws)

    assert interval(areas(labels, risks, draws)[0]) == (None, None, None)
    assert interval(told["recall"]) == (None, None, None)
    assert interval(told["accuracy"]) == (1.0, 1.0, 1.0)


def test_risks_are_corrected_for_what_was_sampled() -> None:
    """What is even odds to a model of evenly weighed classes is the base rate."""
    assert risks_of(np.array([0.5]), 1.0, 0.03) == pytest.approx([0.03])
    assert risks_of(np.array([1.0 / 3.0]), 0.5, 0.03) == pytest.approx([0.03])
