"""The file of a checkpoint: its forest and its mode forest, and a manifest that says what they are made of."""

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np

from service.contracts.checkpoints import HeldOut
from service.jobs.training.fit import Fitted, known_metrics
from service.jobs.training.pool import Pool
from service.models.artifact import Manifest, canary_of, to_arrays
from service.models.forest import train_modes
from service.storage.registry import save_arrays


def write_checkpoint(
    path: Path,
    fitted: Fitted,
    pool: Pool,
    *,
    home_type: str | None,
    number: int,
    created_us: int,
    horizon_us: int,
    seed: int,
    quality: HeldOut | None,
) -> tuple[Manifest, str]:
    """Fit the mode forest too, and write a checkpoint.

    Args:
        path: The file.
        fitted: The forest.
        pool: What it was fitted to.
        home_type, number, created_us, quality: For the manifest.
        horizon_us: The horizon of its labels in microseconds.
        seed: The seed it was fitted with.

    Returns:
        The manifest, and the SHA-256 of the file.
    """
    told = [mode for mode, label in zip(pool.modes, pool.labels, strict=True) if label]
    modes = train_modes(pool.rows[pool.labels], told, pool.columns, seed=seed)
    manifest = Manifest(
        kind="random_forest",
        home_type=home_type,
        number=number,
        created_us=created_us,
        features=pool.columns,
        metrics=known_metrics(pool),
        horizon_s=horizon_us / 1e6,
        seq_first=int(pool.at_seq.min()),
        seq_last=int(pool.at_seq.max()),
        trained_to_us=pool.newest_us,
        samples=len(pool),
        positives=pool.positives,
        shift=fitted.shift,
        seed=seed,
        quality=quality,
        modes=modes.modes if modes is not None else [],
        canary=canary_of(fitted.forest, modes, pool.rows),
        made_with={
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "scikit-learn": version("scikit-learn"),
        },
    )
    return manifest, save_arrays(path, to_arrays(fitted.forest, modes), msgspec.json.encode(manifest))
