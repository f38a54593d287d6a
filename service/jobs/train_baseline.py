"""The baseline: RandomForests trained on simulated samples, before any real label has come.

It is what speaks, provisionally, until online members are warm or a checkpoint serves; then it is one vote among
others. `hearthbeat serve` has the global one made at the first start, in a process of its own; an image can bring it
along.

A forest of a home type's own samples tells failures apart better there than the global one does of as many mixed
samples (PR-AUC .40 instead of .32 on average, better in 21 of 24 comparisons), but making eight of them takes four
times as long. They lie beside the global one, each in a file of its own: each is verified alone, so that damage to one
costs one, and whoever wants the global one only is not concerned.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.jobs.training.examples import Examples
from service.jobs.training.file import write_checkpoint
from service.jobs.training.fit import fit
from service.jobs.training.judge import Gate, judge
from service.jobs.training.pool import pooled
from service.models.artifact import Manifest
from simulator.dataset import labelled_samples
from simulator.samples.samples import Samples
from simulator.world.devices import MODES
from simulator.world.homes import HOME_TYPES

SAMPLES = 10_000
_HOLDOUT_SHARE = 0.2


def train_baseline(path: Path, *, horizon_s: float, seed: int, samples: int = SAMPLES) -> Manifest:
    """Train the global baseline on ``samples`` simulated samples and write the model file.

    Returns:
        The manifest that was written with it.
    """
    data = labelled_samples(samples, seed=seed, horizon_us=int(horizon_s * 1e6))
    return _write(path, _by_home_type(data), None, horizon_us=int(horizon_s * 1e6), seed=seed)


def train_home_types(path: Path, *, horizon_s: float, seed: int, samples: int = SAMPLES) -> dict[Path, Manifest]:
    """Train a baseline for each simulated home type, on as many samples of its own, beside the global one at ``path``.

    Returns:
        The manifests by the files that were written.
    """
    horizon_us = int(horizon_s * 1e6)
    data = labelled_samples(samples, seed=seed, horizon_us=horizon_us, per_home_type=True)
    return {
        (file := home_type_file(path, part.home_type)): _write(
            file, [part], part.home_type, horizon_us=horizon_us, seed=seed
        )
        for part in _by_home_type(data)
    }


def home_type_file(path: Path, home_type: str) -> Path:
    """Where the baseline of a home type lies, if the global one lies at ``path``."""
    return path.with_name(f"{path.stem}@{home_type}{path.suffix}")


def _by_home_type(data: Samples) -> list[Examples]:
    """Samples as if they had matured, all of them learned, at no event of any log."""
    out = []
    for code, kind in enumerate(HOME_TYPES):
        here = np.flatnonzero(data.home_type == code)
        nowhere = np.zeros(len(here), np.int64)
        out.append(
            Examples(
                home_type=kind.name,
                columns=list(data.columns),
                rows=data.rows[here],
                labels=data.labels[here],
                modes=[MODES[mode] if mode >= 0 else "" for mode in data.mode[here].tolist()],
                ts=data.ts[here],
                at_seq=nowhere,
                device=data.device[here].astype(np.int64),
                all_labels=data.labels[here],
                all_ts=data.ts[here],
                all_at_seq=nowhere,
                all_device=data.device[here].astype(np.int64),
            )
        )
    return [part for part in out if len(part.labels)]


def _write(path: Path, parts: Sequence[Examples], home_type: str | None, *, horizon_us: int, seed: int) -> Manifest:
    pool = pooled(parts)
    gate = Gate(holdout_share=_HOLDOUT_SHARE, gap_us=horizon_us, margin=0.0, confidence=1.0, seed=seed)
    fitted = fit(pool, seed)
    manifest, _ = write_checkpoint(
        path,
        fitted,
        pool,
        home_type=home_type,
        number=1,
        created_us=0,
        horizon_us=horizon_us,
        seed=seed,
        quality=judge(parts, gate, None, 0).quality,
    )
    return manifest
