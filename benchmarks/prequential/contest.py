"""Contest: the committee, its members and all rivals side by side, judged on the same examples.

Judged are the examples from the instant on from which every rival can answer, and of a table the last 70 % by time at
most. A rival that never can is left out. Where a member gives no risk it has found nothing; for its log loss the prior
speaks for it.
"""

import numpy as np
from msgspec import Struct

from benchmarks.prequential.compare import differences
from benchmarks.prequential.curves import curve_rows
from benchmarks.prequential.history import History, questions
from benchmarks.prequential.played import HOUR_US, Bools, Cost, Failures, Floats, Ints, Played
from benchmarks.prequential.rivals import SKIPPED, Kind, frozen, retrained_beside
from benchmarks.report import Row
from service.evaluation.metrics import log_loss, pr_auc, recall_at_far, threshold_at_far
from service.models.committee import BASELINE, PRIOR

COMMITTEE = "committee"
FROZEN, RETRAINED, LIGHTGBM = "frozen", "retrained_forest", "retrained_lightgbm"
_AGAINST = {"minus_retrained": RETRAINED, "minus_lightgbm": LIGHTGBM, "minus_frozen": FROZEN}
_FIRST_GUESS = 0.02


class Contest(Struct, frozen=True, kw_only=True):
    """Who answered what.

    Attributes:
        played: The stream.
        risks: By model, 0 where it gave none; each (n,).
        own: By model, whether the risk is its own; each (n,).
        prior: The risk of the service's prior; (n,).
        costs: By model, of those whose cost is known.
        judged: Which examples count; (n,).
        answered_day: Days from the first example until each model gave a risk of its own; absent if it never did.
    """

    played: Played
    risks: dict[str, Floats]
    own: dict[str, Bools]
    prior: Floats
    costs: dict[str, Cost]
    judged: Bools
    answered_day: dict[str, float]

    def labels(self, where: Bools | None = None) -> Bools:
        """Labels of those judged, or of a part of them."""
        return self.played.labels[self.judged if where is None else self.judged & where]

    def of(self, model: str, where: Bools | None = None) -> Floats:
        """Risks by a model, likewise."""
        return self.risks[model][self.judged if where is None else self.judged & where]

    def likely(self, model: str) -> Floats:
        """Risks of those judged, the prior's where the model gave none."""
        return np.where(self.own[model], self.risks[model], self.prior)[self.judged]


def contest(played: Played, every_us: int, seed: int, *, table: bool) -> Contest:
    """Let everybody answer.

    Args:
        played: The stream.
        every_us: How often models are retrained.
        seed: Of the rivals.
        table: Whether it is a table, of which the last 70 % are judged, and of which the baseline knows nothing.
    """
    risks: dict[str, Floats] = {COMMITTEE: played.blend}
    costs = {model: cost for model, cost in played.costs.items() if model != BASELINE}
    if BASELINE in played.members and not table:
        risks[FROZEN] = played.members[BASELINE]
        costs |= {FROZEN: played.costs[BASELINE]} if BASELINE in played.costs else {}
    else:
        rival = frozen(questions(played), History(played), seed)
        risks[FROZEN], costs[FROZEN] = rival.risks, rival.cost
    kinds: dict[str, Kind] = {RETRAINED: "forest", LIGHTGBM: "lightgbm"}
    for name, kind in kinds.items():
        rival = retrained_beside(played, every_us, seed, kind)
        risks[name], costs[name] = rival.risks, rival.cost
    risks |= {member: given for member, given in played.members.items() if member != BASELINE}
    days, own = played.days(), {model: ~np.isnan(given) for model, given in risks.items()}
    first = {model: float(days[np.argmax(given)]) for model, given in own.items() if given.any()}
    prior = np.nan_to_num(played.members.get(PRIOR, np.full(len(days), np.nan)), nan=_FIRST_GUESS)
    judged = np.arange(len(days)) >= (int(SKIPPED * len(days)) if table else 0)
    for model in (FROZEN, *kinds):
        if model in first:
            judged &= days >= first[model]
        else:
            del risks[model]
    filled = {model: np.where(own[model], given, 0.0) for model, given in risks.items()}
    return Contest(played=played, risks=filled, own=own, prior=prior, costs=costs, judged=judged, answered_day=first)


def rows_of(name: str, held: Contest, seed: int, *, curves: bool = True) -> list[Row]:
    """What everybody reached, what it cost, the differences and the curves.

    Args:
        name: What the ids begin with.
        held: Who answered what.
        seed: Of the bootstrap.
        curves: Whether there is a time that curves can run over.
    """
    labels = held.labels()
    rows = [
        Row(f"{name}.examples", len(held.judged), "examples", "higher"),
        Row(f"{name}.judged", len(labels), "examples", "higher"),
        Row(f"{name}.positives", int(labels.sum()), "examples", "higher"),
        Row(f"{name}.seconds", round(held.played.seconds, 1), "s", "lower"),
    ]
    device = held.played.device[held.judged]
    if held.played.failures is not None:
        rows.append(Row(f"{name}.failing_devices", len(np.unique(device[labels])), "devices", "higher"))
    against = {f"{name}.{word}": held.of(model) for word, model in _AGAINST.items() if model in held.risks}
    rows += differences(labels, device, held.of(COMMITTEE), against, seed)
    rows += [Row(f"{name}.{word}", None, "", "higher") for word, model in _AGAINST.items() if model not in held.risks]
    for model in held.risks:
        rows += _model_rows(f"{name}.{model}", model, held)
    for model in held.risks if curves else ():
        rows += curve_rows(f"{name}.{model}", held.played.days()[held.judged], labels, held.of(model))
    return rows


def _model_rows(name: str, model: str, held: Contest) -> list[Row]:
    labels, risks = held.labels(), held.of(model)
    rows = [
        Row(f"{name}.pr_auc", pr_auc(labels, risks), "", "higher"),
        Row(f"{name}.recall_at_1pct_far", recall_at_far(labels, risks), "", "higher"),
        Row(f"{name}.log_loss", log_loss(labels, held.likely(model)), "nats", "lower"),
        *_device_rows(name, held, risks),
        Row(f"{name}.first_answer", held.answered_day.get(model), "days", "lower"),
    ]
    if (cost := held.costs.get(model)) is not None:
        size = None if cost.bytes is None else cost.bytes / 1e6
        rows.append(Row(f"{name}.cpu_s_per_million", cost.cpu_s, "s/million", "lower"))
        rows.append(Row(f"{name}.memory_mb", size, "MB", "lower"))
    return rows


def _device_rows(name: str, held: Contest, risks: Floats) -> list[Row]:
    """At the threshold at which 1 % of the negatives are flagged: which failures are found, how early, who is not one.

    A failure is found if its device was flagged within the horizon before it.
    """
    played, labels = held.played, held.labels()
    threshold = threshold_at_far(labels, risks)
    found, lead_h, wrong = None, None, None
    if played.failures is None:  # nor devices
        return []
    if threshold is not None:
        flagged, device = risks >= threshold, played.device[held.judged]
        healthy = ~np.isin(device, np.concatenate([device[labels], played.failures.device]))
        if healthy.any():
            wrong = len(np.unique(device[healthy & flagged])) / len(np.unique(device[healthy]))
        lead_us = _leads(played, played.failures, held.judged, flagged)
        found = float(np.mean(lead_us > 0)) if len(lead_us) else None
        lead_h = float(np.median(lead_us[lead_us > 0])) / HOUR_US if (lead_us > 0).any() else None
    return [
        Row(f"{name}.median_lead", lead_h, "h", "higher"),
        Row(f"{name}.detected_failures", found, "", "higher"),
        Row(f"{name}.flagged_healthy_devices", wrong, "", "lower"),
    ]


def _leads(played: Played, failures: Failures, judged: Bools, flagged: Bools) -> Ints:
    """For each failure with a judged positive example, from the first flag to the failure, or 0; microseconds, (k,)."""
    positive = played.labels[judged]
    ts, device, flags = played.ts[judged][positive], played.device[judged][positive], flagged[positive]
    instants = np.unique(np.concatenate([ts, failures.ts]))
    _, codes = np.unique(np.concatenate([device, failures.device]), return_inverse=True)
    width = len(instants) + 1
    asked = codes[: len(device)] * width + np.searchsorted(instants, ts)
    failed = codes[len(device) :] * width + np.searchsorted(instants, failures.ts)
    order = np.argsort(failed, kind="stable")
    next_one = np.searchsorted(failed[order], asked, side="right")  # the first after it
    there = next_one < len(order)
    which = order[next_one[there]]
    same = (failures.device[which] == device[there]) & (failures.ts[which] - ts[there] <= played.horizon_us)
    which, ts, flags = which[same], ts[there][same], flags[there][same]
    lead = np.zeros(len(order), np.int64)
    np.maximum.at(lead, which[flags], failures.ts[which[flags]] - ts[flags])
    return np.asarray(lead[np.unique(which)])
