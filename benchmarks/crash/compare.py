"""Whether a service that was killed time and again ended where one that lived on would have."""

import sys
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from benchmarks.crash.replay import Uninterrupted, learn_settings
from benchmarks.crash.service import CrashService
from service.contracts.ports import MaturedExamples
from service.contracts.predictions import DeviceDetail
from service.contracts.standing import Evaluation, HomeTypeDetail
from service.pipeline.digest import published_digest
from service.pipeline.learning.config import LearnerConfig
from service.pipeline.link import LearnerLink
from service.pipeline.publication import Publication
from service.settings import Settings
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore


class Comparison(Struct, frozen=True, kw_only=True):
    """What a service came to beside an uninterrupted one.

    Attributes:
        events: Events in its log.
        learned: Examples that were learned from them; few would mean that little was compared.
        differing: Names of all that differs.
    """

    events: int
    learned: int
    differing: list[str]


def compare(service: CrashService, settings: Settings) -> Comparison:
    """Start the service once more on its folder and compare it with an uninterrupted one.

    Args:
        service: Stopped; it is stopped again at the end.
        settings: Its settings.
    """
    log = SqliteEventLog(settings.folder / "events.db", read_only=True)
    try:
        service.start()
        service.wait_learned()
        expected = Uninterrupted(log, settings)
        differing = list(expected.differing)
        differing += _answers(service, expected)
        service.stop()
        differing += _examples(settings.folder / "examples.db", expected)
        differing += _digests(settings, expected, log.last_seq())
        learned = sum(home_type.counts.learned for home_type in expected.home_types().values())
        return Comparison(events=log.last_seq(), learned=learned, differing=differing)
    finally:
        log.close()


def _answers(service: CrashService, expected: Uninterrupted) -> list[str]:
    """What differs over HTTP."""
    out: list[str] = []
    for (home_id, device_id), device in expected.devices().items():
        answer = service.get(f"/v1/homes/{quote(home_id)}/devices/{quote(device_id)}")
        if msgspec.json.decode(answer, type=DeviceDetail) != device:
            out.append(f"device {home_id}/{device_id}")
    for name, home_type in expected.home_types().items():
        if msgspec.json.decode(service.get(f"/v1/home-types/{name}"), type=HomeTypeDetail) != home_type:
            out.append(f"home type {name}")
        answer = service.get(f"/v1/evaluation?home_type={name}")
        if msgspec.json.decode(answer, type=Evaluation) != expected.evaluation(name):
            out.append(f"evaluation of {name}")
    if msgspec.json.decode(service.get("/v1/evaluation"), type=Evaluation) != expected.evaluation(None):
        out.append("evaluation")
    return out


def _examples(path: Path, expected: Uninterrupted) -> list[str]:
    """Home types whose matured examples differ in a bit."""
    store = SqliteExampleStore(path)
    try:
        theirs, ours = _by_home_type(store.blocks()), _by_home_type(expected.examples.blocks())
    finally:
        store.close()
    return [f"examples of {name}" for name in sorted(theirs | ours) if theirs.get(name) != ours.get(name)]


def _by_home_type(blocks: list[MaturedExamples]) -> dict[str, list[MaturedExamples]]:
    out: dict[str, list[MaturedExamples]] = {}
    for block in blocks:
        out.setdefault(block.home_type, []).append(block)
    return out


def _digests(settings: Settings, expected: Uninterrupted, seq: int) -> list[str]:
    """Parts that differ in what a learner publishes that starts from what is in the folder, models and all."""
    ours = expected.digests()
    theirs = published_digest(_publications(settings, seq))
    missing = [name for name in ours if name not in theirs and not name.startswith("scales")]
    return [f"no {name}" for name in missing] + [name for name in theirs if theirs[name] != ours.get(name)]


def _publications(settings: Settings, seq: int) -> list[Publication]:
    """All that a learner publishes until it has learned up to ``seq``."""
    config = LearnerConfig(
        folder=str(settings.folder),
        snapshot_every_s=settings.snapshot_every_s,
        training_window=settings.training_window,
        lockstep=settings.lockstep,
        settings=learn_settings(settings),
    )
    link = LearnerLink([sys.executable, "-m", "service", "learner"], msgspec.msgpack.encode(config))
    link.start()
    try:
        link.wait_for(seq)
        published = link.take()
        return [published] if published is not None else []
    finally:
        link.stop()
