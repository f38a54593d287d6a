"""Digests: a learner's state as SHA-256 by part, to say whether two of them are equal and, if not, where they differ.

`fold_digest` looks at a fold from inside, `published_digest` at what a learner's process has handed out. Parts of the
same name are equal if the states are.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from service.models.compiled import CompiledModel, encode_model
from service.models.compiled_modes import CompiledOnlineModes
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.publication import DEFAULT, HomeTypeOut, Publication

_ENCODER = msgspec.msgpack.Encoder(order="sorted")


def fold_digest(fold: LearnerFold) -> dict[str, str]:
    """Digests of a fold: each compiled model, each home type's standing, counts and losses.

    What the fold would publish next stays as it is.
    """
    fleet = fold._fleet
    online = dict(fleet.models)
    standings = {DEFAULT: fold.standing(DEFAULT)}
    losses = {DEFAULT: fleet.scales}
    for name, of_type in fold.home_types.items():
        online.update({f"{member}@{name}": model for member, model in of_type.models.items()})
        standings[name] = fold.standing(name)
        losses[name] = of_type.scales
    models = {key: form for key, model in online.items() if (form := model.compiled()) is not None}
    modes = fleet.modes.compiled() if fleet.modes.warm else None
    return _digests(models, standings, modes) | {_named("scales", name): _digest(of) for name, of in losses.items()}


def published_digest(publications: Iterable[Publication]) -> dict[str, str]:
    """Digests of what all publications of one learner, in order, add up to: parts of its `fold_digest`."""
    models: dict[str, CompiledModel] = {}
    standings: dict[str, HomeTypeOut] = {}
    modes = None
    for publication in publications:
        modes = publication.modes or modes
        models.update(publication.models)
        standings.update({out.home_type: out for out in publication.home_types})
    return _digests(models, standings, modes)


def _digests(
    models: Mapping[str, CompiledModel], standings: Mapping[str, HomeTypeOut], modes: CompiledOnlineModes | None
) -> dict[str, str]:
    digests = {f"model {key}": sha256(encode_model(model)).hexdigest() for key, model in models.items()}
    digests[_named("modes", DEFAULT)] = _digest(modes)
    for name, out in standings.items():
        digests[_named("weights", name)] = _digest((out.members, out.slope, out.offset))
        digests[_named("counts", name)] = _digest(
            (out.counts, out.outcomes, out.modes, out.watermark_us, out.oldest_pending_us)
        )
    return digests


def _named(part: str, home_type: str) -> str:
    return f"{part} {'of the fleet' if home_type == DEFAULT else home_type}"


def _digest(value: object) -> str:
    return sha256(_ENCODER.encode(value)).hexdigest()
