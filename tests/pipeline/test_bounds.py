"""The bounds on memory that docs/bounds.md states, held against the real structures."""

import re
from pathlib import Path

import pytest

from benchmarks.memory.parts import (
    compiled_bytes,
    grown,
    leaf_bytes,
    learner_bytes_per_device,
    modes_bytes,
    pending_bytes_per_example,
    scorer_bytes_per_device,
    watches_bytes,
)
from service.evaluation.drift import MOST_BLOCKS
from service.models import forest
from service.models.capped import MAX_DEPTH, MAX_LEAVES, TREES
from service.models.compiled import CompiledForest
from service.models.online_modes import MOST_MODES
from service.pipeline.learning.feature_watch import SAMPLE_ROWS
from service.storage.journal import KEPT

DOCS = (Path(__file__).parents[2] / "docs" / "bounds.md").read_text()


def stated(what: str) -> float:
    """The bound of a row of the table, in bytes."""
    (found,) = re.findall(rf"^\| {re.escape(what)} \| ([\d.,]+) (bytes|MB) \|", DOCS, re.MULTILINE)
    return float(found[0].replace(",", "")) * (1e6 if found[1] == "MB" else 1.0)


@pytest.mark.parametrize("devices", [1_000, 12_500])
def test_a_device(devices: int) -> None:
    """Also right after the columns have grown, when half of their room is still empty."""
    assert scorer_bytes_per_device(devices) + learner_bytes_per_device(devices) <= stated("a device, 12 metrics")


def test_a_pending_example() -> None:
    """With the room that buckets have to grow."""
    assert pending_bytes_per_example(50_000) <= stated("a pending example, 6 members")


def test_a_leaf_and_a_forest_of_them() -> None:
    """Leaves that may still split are the large ones; a forest has at most so many of them."""
    leaf = stated("a leaf of an online forest that may still split")

    assert leaf_bytes(1, examples=800) <= leaf
    assert leaf * MAX_LEAVES * TREES <= stated("an online forest, fully grown")


def test_compiled_forests() -> None:
    """Nodes at the caps, times the bytes of a node; and a real one has those bytes."""
    compiled = grown(1, 300).compiled()

    assert isinstance(compiled, CompiledForest)
    size = sum(len(part) for part in (getattr(compiled, name) for name in compiled.__struct_fields__[1:]))
    nodes, trees = len(compiled.feature) // 4, len(compiled.root) // 4
    assert size == 37 * nodes + 12 * trees
    assert compiled_bytes(TREES, MAX_LEAVES) <= stated("a compiled online forest")
    assert compiled_bytes(forest.TREES, forest.LEAVES) <= stated("a compiled checkpoint or baseline")


def test_watches_and_modes() -> None:
    """Full of all that they may remember."""
    assert watches_bytes() <= stated("the watches of a home type, 12 metrics")
    assert modes_bytes() <= stated("the model of failure modes")


def test_the_caps_are_those_of_the_page() -> None:
    """Whoever changes a cap changes the page."""
    for sentence in (
        f"`MAX_LEAVES` = {MAX_LEAVES}",
        f"`MAX_DEPTH` = {MAX_DEPTH}",
        f"`TREES` = {TREES} trees of an online one",
        f"`LEAVES` = {forest.LEAVES}",
        f"`TREES` = {forest.TREES} trees of a trained one",
        f"`SAMPLE_ROWS` = {SAMPLE_ROWS}",
        f"`MOST_BLOCKS` = {MOST_BLOCKS}",
        f"`MOST_MODES` = {MOST_MODES}",
        f"the newest {KEPT:,} records",
    ):
        assert sentence in " ".join(DOCS.split())
