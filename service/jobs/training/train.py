"""Training: an order in, a report out; one target after the other, none of which can spoil another."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from service.contracts.checkpoints import (
    Outcome,
    Present,
    Progress,
    Stage,
    Target,
    TrainingOrder,
    TrainingReport,
    TrainingResult,
)
from service.contracts.errors import BadModel
from service.contracts.ports import ExampleStore
from service.jobs.training.examples import Examples, read_examples
from service.jobs.training.file import write_checkpoint
from service.jobs.training.fit import Fitted, fit
from service.jobs.training.judge import Gate, Verdict, judge
from service.jobs.training.pool import Pool, pooled
from service.models.artifact import from_arrays
from service.storage.examples import SqliteExampleStore
from service.storage.registry import file_name, load_arrays

_LOG = logging.getLogger("hearthbeat.trainer")
_SHARES: dict[Stage, float] = {"reading examples": 0.0, "judging": 0.1, "fitting": 0.5, "writing": 0.95, "done": 1.0}

Tell = Callable[[Progress], None]


def carry_out(order: TrainingOrder, tell: Tell) -> TrainingReport:
    """Train what an order asks for, telling how far it has come."""
    for left in Path(order.models).glob(".checkpoint-*.npz.*"):  # by a trainer that was killed while it wrote
        left.unlink(missing_ok=True)
    read: dict[str, Examples] = {}
    results = []
    for target in order.targets:
        try:
            result = _train(order, target, read, tell)
        except BrokenPipeError:
            raise  # nobody listens any more
        except Exception as error:  # whatever it is, it is this target's alone
            _LOG.exception("the training of %s failed", target.home_type or "the global checkpoint")
            result = _result(target, "failed", f"{type(error).__name__}: {error}")
        results.append(result)
        tell(Progress(home_type=target.home_type, stage="done", share=1.0))
    return TrainingReport(results=results)


def _train(order: TrainingOrder, target: Target, read: dict[str, Examples], tell: Tell) -> TrainingResult:
    def begin(stage: Stage) -> None:
        tell(Progress(home_type=target.home_type, stage=stage, share=_SHARES[stage]))

    begin("reading examples")
    parts = _examples(order, target, read)
    pool = pooled(parts)
    if pool.positives < order.min_positives or not pool.two_sided:
        reason = (
            f"{pool.positives} positives with features, {order.min_positives} are needed"
            if pool.positives < order.min_positives
            else "there are no negatives with features"
        )
        return _result(target, "too_few", reason, pool)
    begin("judging")
    verdict = _judged(order, target, parts)
    if verdict.rejected and verdict.candidate is not None:
        fitted, pool = verdict.candidate  # somebody may want to look at it, or let it serve all the same
    else:
        begin("fitting")
        fitted = fit(pool, order.seed)
    begin("writing")
    path = Path(order.models) / file_name(target.home_type, target.number)
    manifest, digest = write_checkpoint(
        path,
        fitted,
        pool,
        home_type=target.home_type,
        number=target.number,
        created_us=order.created_us,
        horizon_us=order.horizon_us,
        seed=order.seed,
        quality=verdict.quality,
    )
    return msgspec.structs.replace(
        _result(target, "rejected" if verdict.rejected else "published", verdict.reason, pool, verdict),
        file=path.name,
        sha256=digest,
        shift=fitted.shift,
        metrics=manifest.metrics,
    )


def _examples(order: TrainingOrder, target: Target, read: dict[str, Examples]) -> list[Examples]:
    """The examples of the target's home types, each read once for all targets."""
    names = sorted(order.layouts) if target.home_type is None else [target.home_type]
    if missing := [name for name in names if name not in order.layouts]:
        raise ValueError(f"the order has no layout of {missing[0]}")
    if any(name not in read for name in names):
        store: ExampleStore = SqliteExampleStore(Path(order.examples), read_only=True)
        try:
            for name in names:
                if name not in read:
                    read[name] = read_examples(
                        store, name, order.layouts[name], window=order.window, up_to_seq=order.up_to_seq
                    )
        finally:
            store.close()
    return [read[name] for name in names if len(read[name].all_ts)]


def _judged(order: TrainingOrder, target: Target, parts: Sequence[Examples]) -> Verdict:
    gate = Gate(
        holdout_share=order.holdout_share,
        gap_us=order.horizon_us + order.grace_us,
        margin=order.margin,
        confidence=order.confidence,
        seed=order.seed,
        must_win=target.must_win,
    )
    if target.present is None:
        return judge(parts, gate, None, 0)
    try:
        present = _loaded(Path(order.models), target.present)
    except BadModel as error:
        verdict = judge(parts, gate, None, 0)
        return msgspec.structs.replace(verdict, reason=f"the present version cannot be compared with: {error}")
    return judge(parts, gate, present, target.present.trained_to_seq)


def _loaded(models: Path, present: Present) -> Fitted:
    forest, _ = from_arrays(*load_arrays(models / present.file, present.sha256))
    return Fitted(forest=forest, shift=present.shift)


def _result(
    target: Target, outcome: Outcome, reason: str, pool: Pool | None = None, verdict: Verdict | None = None
) -> TrainingResult:
    result = TrainingResult(home_type=target.home_type, number=target.number, outcome=outcome, reason=reason)
    if pool is not None and len(pool):
        result = msgspec.structs.replace(
            result,
            seq_first=int(pool.at_seq.min()),
            seq_last=int(pool.at_seq.max()),
            trained_to_us=pool.newest_us,
            samples=len(pool),
            positives=pool.positives,
        )
    if verdict is not None:
        result = msgspec.structs.replace(
            result,
            quality=verdict.quality,
            unseen_quality=verdict.unseen_quality,
            present_quality=verdict.present_quality,
            difference=verdict.difference,
        )
    return result
