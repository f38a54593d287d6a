"""The baseline: a RandomForest trained on simulated samples, before any real label has come.

It is what speaks, provisionally, until the online members are warm. `hearthbeat serve` has it made at the first start,
in a process of its own; an image can bring it along.
"""

import math
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np

from service.features.layout import PER_METRIC
from service.models.artifact import Manifest, to_arrays
from service.models.forest import compile_random_forest, train_forest
from service.storage.registry import save_arrays
from simulator.dataset import labelled_samples

SAMPLES = 10_000


def train_baseline(path: Path, *, horizon_s: float, seed: int, samples: int = SAMPLES) -> Manifest:
    """Train on ``samples`` simulated samples and write the model file.

    Returns:
        The manifest that was written with it.
    """
    data = labelled_samples(samples, seed=seed, horizon_us=int(horizon_s * 1e6))
    model = compile_random_forest(train_forest(data.rows, data.labels, seed=seed), data.columns)
    positives = int(data.labels.sum())
    base = positives / len(data.labels)
    manifest = Manifest(
        kind="random_forest",
        features=list(data.columns),
        metrics=sorted({name.rsplit(".", 1)[0] for name in data.columns if name.rsplit(".", 1)[-1] in PER_METRIC}),
        horizon_s=horizon_s,
        samples=len(data.labels),
        positives=positives,
        shift=-math.log(base / (1.0 - base)),  # classes were weighted evenly, as if the odds were one to one
        seed=seed,
        made_with={
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "scikit-learn": version("scikit-learn"),
        },
    )
    save_arrays(path, to_arrays(model), msgspec.json.encode(manifest))
    return manifest
