"""Quality: models of each home type and of all, on the same later examples.

| model | learns |
|---|---|
| `random_forest` | the home type's samples, in batch: the service's RandomForest |
| `mixed_random_forest` | as many samples as that, of all home types mixed: so it is seen what is owed to their number |
| `global_random_forest` | the samples of all eight home types, in batch; it is not told which are whose |
| `river_forest`, `river_logistic` | the home type's samples, one by one in order of time: the online members |
| `global_river_forest`, `global_river_logistic` | the samples of all home types, likewise |

A model warns if its risk is above its threshold, for which there is one rule: of the home type's negatives that were
known at the split, and that nobody learned, 1 % lie above it at most. Nothing of what came later is needed for that.
All models then raise about as many false alarms, so that their precision and recall can be compared.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from msgspec import Struct

from benchmarks.batch.intervals import Draws, areas, decisions, draws_of, pr_areas
from benchmarks.batch.models import Rows, Score, forest_score, online_score
from benchmarks.batch.stream import Stream, drawn_evenly
from service.evaluation.metrics import FALSE_ALARM_RATE, pr_auc
from service.models.online import BUILDERS
from simulator.arrays import Flags, Floats, Ints
from simulator.world.homes import HOME_TYPES

OWN: Final = "random_forest"
MIXED: Final = "mixed_random_forest"
GLOBAL: Final = "global_random_forest"
MODELS: Final = (
    OWN, MIXED, GLOBAL, *(f"river_{kind}" for kind in BUILDERS), *(f"global_river_{kind}" for kind in BUILDERS),
)  # fmt: skip

Step = Callable[[str], None]


class Part(Struct, frozen=True, kw_only=True):
    """What a home type's models learn from and are asked about.

    Attributes:
        name: Its name.
        learned: Rows to learn, in order of time, (a,).
        quiet: Known negatives that nobody learns, (q,): thresholds are chosen by them.
        held_out: Rows to ask about, (b,).
        draws: Resamples of those, (r + 1, b).
    """

    name: str
    learned: Ints
    quiet: Ints
    held_out: Ints
    draws: Draws


def parts_of(stream: Stream, count: int, seed: int) -> list[Part]:
    """Part a stream by home type; each learns ``count`` of the samples chosen.

    Raises:
        BenchError: A home type has not as many.
    """
    samples, known, held_out, chosen = stream.samples, stream.known(), stream.held_out(), stream.chosen(seed)
    unlearned = np.setdiff1d(known[~samples.labels[known]], chosen)
    out = []
    for code, kind in enumerate(HOME_TYPES):
        asked = held_out[samples.home_type[held_out] == code]
        out.append(
            Part(
                name=kind.name,
                learned=drawn_evenly(chosen[samples.home_type[chosen] == code], count, seed),
                quiet=unlearned[samples.home_type[unlearned] == code],
                held_out=asked,
                draws=draws_of(samples.device[asked], seed),
            )
        )
    return out


def trained(stream: Stream, parts: list[Part], seed: int, step: Step) -> dict[str, dict[str, Score]]:
    """Train all models: by name of the model, by home type. A global model is the same for all of them."""
    samples = stream.samples
    mixed = np.sort(np.concatenate([part.learned for part in parts]))  # rows are in order of time

    def forest(rows: Ints) -> Score:
        return forest_score(samples.columns, samples.rows[rows], samples.labels[rows], seed)

    def online(kind: str, rows: Ints) -> Score:
        return online_score(kind, samples.columns, samples.rows[rows], samples.labels[rows], seed)

    step("training RandomForests")
    models = {OWN: {part.name: forest(part.learned) for part in parts}}
    count = len(mixed) // len(parts)
    models[MIXED] = dict.fromkeys(models[OWN], forest(drawn_evenly(mixed, count, seed)))
    models[GLOBAL] = dict.fromkeys(models[OWN], forest(mixed))
    for kind in BUILDERS:
        step(f"River's {kind} learns")
        models[f"river_{kind}"] = {part.name: online(kind, part.learned) for part in parts}
        models[f"global_river_{kind}"] = dict.fromkeys(models[OWN], online(kind, mixed))
    return models


def judged(stream: Stream, part: Part, score: Score) -> dict[str, Floats]:
    """All figures of a model on a home type's held-out examples, by metric."""
    samples = stream.samples
    labels, risks = samples.labels[part.held_out], score(samples.rows[part.held_out])
    pr, roc = areas(labels, risks, part.draws)
    alarms = risks > threshold(score, samples.rows[part.quiet])
    return decisions(labels, alarms, part.draws) | {"pr_auc": pr, "roc_auc": roc}


def threshold(score: Score, quiet: Rows) -> float:
    """The risk above which 1 % of these negatives, (q, f), lie at most; infinite without any."""
    if not len(quiet):
        return np.inf
    return float(np.quantile(score(quiet), 1.0 - FALSE_ALARM_RATE, method="higher"))


def crossed(stream: Stream, parts: list[Part], models: Mapping[str, Score]) -> dict[tuple[str, str], Floats]:
    """PR-AUC by home type that a model was trained on and home type that it scores."""
    samples = stream.samples
    return {
        (trained_on, part.name): pr_areas(labels, score(rows), part.draws)
        for part in parts
        for labels, rows in [(samples.labels[part.held_out], samples.rows[part.held_out])]
        for trained_on, score in models.items()
    }


def loss_by_group(
    score: Score, rows: Rows, labels: Flags, groups: Mapping[str, list[int]], seed: int, rounds: int
) -> dict[str, float]:
    """PR-AUC that a model loses when a group of columns is dealt out anew among the rows; the mean of some rounds.

    NaN without any failure among the rows.
    """
    rng = np.random.default_rng([seed, 4])
    whole, out = _pr_auc(labels, score(rows)), {}
    for name, columns in groups.items():
        lost = []
        for _ in range(rounds):
            dealt = rows.copy()
            dealt[:, columns] = rows[rng.permutation(len(rows))][:, columns]
            lost.append(whole - _pr_auc(labels, score(dealt)))
        out[name] = float(np.mean(lost))
    return out


def _pr_auc(labels: Flags, risks: Floats) -> float:
    value = pr_auc(labels, risks)
    return np.nan if value is None else value
