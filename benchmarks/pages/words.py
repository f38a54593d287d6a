"""Words: what a reader who knows neither the code nor the field must be told, by benchmark, model and measure."""

from typing import Final

from msgspec import Struct

from simulator.scenarios import SCENARIOS

TITLE: Final = "Hearthbeat: does learning while it runs pay?"

QUESTION: Final = (
    "Hearthbeat watches smart-home devices and says which of them will fail soon. It keeps learning from the "
    "failures that are reported, days late, while it goes on answering. The question is whether that pays: is it "
    "as good as a model that is trained anew again and again, does it stay good when the world changes, and what "
    "does it cost?"
)

METHOD: Final = (
    "Every model sees the same stream, in order of time. It has to say for each reading how likely it is that the "
    "device fails within the horizon (24 hours on the simulated fleet), before anybody could know, and it learns "
    "of an outcome only when that could have been known. A drift is a change of the world: devices begin to fail "
    "for other reasons, or the signs of it change."
)

TERMS: Final[tuple[tuple[str, str], ...]] = (
    ("PR-AUC",
     "the area under the curve of precision over recall: how well the readings that a failure follows are put "
     "before all others."),
    ("Recall at 1 % false alarms",
     "the share of the coming failures that are found if one reading in a hundred of healthy devices may raise an "
     "alarm."),
    ("Lead time", "how long before the failure the first alarm comes; what is left for changing a battery."),
    ("90 % interval",
     "the range in brackets. Had other devices been drawn, the figure would lie in it nine times out of ten. A "
     "difference whose interval holds 0 may be chance."),
)  # fmt: skip

QUICK: Final = (
    "This is a smoke run. It shows that every part works, on fleets so small that the figures say nothing about "
    "quality or speed. The full run gives those."
)

ABOUT_PR_AUC: Final = (
    "Quality is told as PR-AUC: 1 would be perfect, and guessing gets the share of readings that are followed by a "
    "failure, a few hundredths. A difference of .01 is hardly seen, one of .10 is plain."
)

IN_SENTENCES: Final[dict[str, str]] = {
    "retrained": "a forest that is retrained again and again",
    "retrained_forest": "a forest that is retrained every day",
    "frozen": "a model that was trained once",
    "baseline": "a model that was trained once",
    "batch": "a forest trained in batch",
    "static": "a model that was trained once",
}
"""Rivals that are named in the sentences above the table."""

MODELS: Final[dict[str, tuple[str, str]]] = {
    "committee": ("Hearthbeat", "what the service answers: its members' risks, weighted by their record"),
    "blend": ("Hearthbeat", "what the service answers: its members' risks, weighted by their record"),
    "service": ("Hearthbeat", "what the service answers"),
    "hearthbeat": ("Hearthbeat", "what the service answers"),
    "online": ("Hearthbeat, online", "the models that learn with every outcome"),
    "retrained": (
        "Retrained forest",
        "a random forest trained anew, by default every day, on all outcomes known by then",
    ),
    "retrained_forest": (
        "Retrained forest",
        "a random forest trained anew every day (on real data every horizon) on all outcomes known by then",
    ),
    "retrained_lightgbm": ("Retrained LightGBM", "gradient boosted trees, trained anew in the same way"),
    "frozen": ("Trained once", "a model trained before the stream began, and never again"),
    "batch": ("Batch forest", "a random forest trained in one go on a fixed set of samples"),
    "static": ("Trained once", "a model trained before the stream began, and never again"),
    "baseline": (
        "Trained once",
        "a random forest trained on simulated samples before the stream began, and never again",
    ),
    "checkpoint": ("Checkpoint", "a random forest that the service trains now and then on what it has learned lately"),
    "forest": ("Online forest", "a forest of the home type that learns one example at a time"),
    "logistic": ("Online logistic", "a logistic regression of the home type that learns one example at a time"),
    "global_forest": ("Online forest, fleet", "the same for the whole fleet"),
    "global_logistic": ("Online logistic, fleet", "the same for the whole fleet"),
    "lightgbm": ("LightGBM", "gradient boosted trees, trained in one go"),
    "random_forest": ("Random forest", "trained in one go"),
    "global_random_forest": ("Random forest for all", "one for all home types, trained in one go"),
    "river_logistic": ("Online logistic", "a logistic regression of the home type that learns one example at a time"),
    "global_river_logistic": ("Online logistic for all", "the same for all home types"),
    "own_minus_global": (
        "Own less one for all",
        "what a forest of the home type's own is ahead of one for all home types",
    ),
    "oracle": (
        "All-knowing",
        "a forest trained on the time after the drift itself; nobody could have it, it is the bound",
    ),
    "prior": ("Base rate", "says of every device how often devices fail; knows nothing of this one"),
}
"""How a model is called on a page, and what it is."""

OURS: Final = ("committee", "blend", "service", "hearthbeat", "online")
"""Names under which the service itself is a model; the first that there is."""


_REAL: Final = {
    "fd001": "Turbofan engines that run until they fail (NASA, C-MAPSS FD001).",
    "backblaze": "Hard drives of a data centre (Backblaze, 2013).",
}

_NAMES: Final = {"fd001": "FD001"}


class Chapter(Struct, frozen=True):
    """What is told of a benchmark.

    Attributes:
        title: Of its section.
        question: What it asks.
        meaning: How its figures are to be read.
        keys: The figures that answer it, by patterns of ids as of a shell, with what each is in words; where there are
            none, the section shows its models in a table.
    """

    title: str
    question: str
    meaning: str
    keys: tuple[tuple[str, str], ...] = ()


CHAPTERS: Final[dict[str, Chapter]] = {
    "online-vs-batch": Chapter(
        "Online against batch",
        "Does a model that learns all the time hold its own against models trained in batch, before and after a drift?",
        "Gap closed says how much of what a drift took from the model that was trained once has been won back: 1 "
        "is as good as possible. Against retraining is Hearthbeat's PR-AUC less that of the retrained forest: "
        "above 0 it is ahead.",
    ),
    "committee": Chapter(
        "The committee",
        "Is the blend of all members as good as its best one, and as a forest retrained all the time?",
        "The best member is known only afterwards. So a difference near 0 is good: nobody has to choose a model "
        "beforehand.",
        (
            ("committee.mean.minus_retrained", "blend less retrained forest, mean over the streams (PR-AUC)"),
            ("calibration.stationary.slope", "calibration slope; 1 is right, less is overconfident"),
            (
                "calibration.stationary.top_decile_observed_over_expected",
                "failures that came, for each foretold, where the risk is highest; 1 is right",
            ),
        ),
    ),
    "temporal": Chapter(
        "Time",
        "Does it matter that models know of hours, weekdays, seasons and a device's own past?",
        "Each figure compares models with and without a kind of knowledge of time, or quality at different times.",
    ),
    "home-types": Chapter(
        "Home types",
        "Are homes of different types different enough to need models of their own?",
        "In the square a row is the home type that a model was trained on, a column the one that it is asked "
        "about. Where the diagonal is darkest, a home type's own model knows best.",
    ),
    "scale": Chapter(
        "More samples",
        "How many samples does it take, and does more help?",
        "A curve that is flat at its end has learned what there is to learn; one that still rises would gain from "
        "more.",
    ),
    "real": Chapter(
        "Real devices",
        "Does it hold on data of real devices?",
        "These data were not made by our simulator. Failures are rarer there, and figures less sure.",
    ),
    "backblaze": Chapter(
        "Real drives",
        "How well are failures of real hard drives foretold, a week ahead?",
        "54 of 1,288 drives failed, so the interval is wide. Guessing would get about .01.",
        (
            ("backblaze.drives.blend.last70.pr_auc", "PR-AUC, all drives together"),
            ("backblaze.by_model.blend.last70.pr_auc", "PR-AUC, a home type for each drive model"),
            ("backblaze.drives.prior.last70.pr_auc", "PR-AUC of guessing"),
        ),
    ),
    "fd001": Chapter(
        "Turbofans",
        "How well are failures foretold on NASA's well-known turbofan data?",
        "An easy set, used to see that nothing is lost on the way through the service: near 1 is expected.",
        (
            ("fd001.blend.last70.pr_auc", "PR-AUC"),
            ("fd001.blend.last70.recall_at_1pct_far", "recall at 1 % false alarms"),
            ("fd001.prior.last70.pr_auc", "PR-AUC of guessing"),
        ),
    ),
    "realism": Chapter(
        "Is the simulated fleet worth learning from?",
        "Whoever simulates decides who wins. Does our simulator make it too easy?",
        "A single reading should tell little, a device's course much, and no model should come near 1.",
        (
            ("realism.depth3_f1", "best F1 of a small tree that sees one reading; low is right"),
            ("realism.best_pr_auc", "best PR-AUC of any model tried; below 1 is right"),
            ("realism.windowed_gain", "PR-AUC that knowing a device's course adds"),
            ("realism.lead_hours_progressive", "hours from the first alarms to a failure that builds up, median"),
            ("realism.home_type_swap_loss", "PR-AUC lost when one home type's model scores another"),
        ),
    ),
    "scoring": Chapter(
        "Speed of the models",
        "How much faster are the compiled models than the libraries' own, and do they give the same numbers?",
        "A speed-up of 100 means that a hundredth of the processors is needed. The difference must be next to nothing.",
        (
            ("scoring.*.speedup", "speed-up: {0}"),
            ("scoring.*.largest_difference", "largest difference of a risk: {0}"),
        ),
    ),
    "ingest": Chapter(
        "Readings a second",
        "How many readings a second are taken, scored and made durable on one core?",
        "Peers are a plain service of FastAPI with River, which stores nothing. Ratios within a run are what counts.",
        (
            ("ingest.b100.readings_per_s", "readings a second, a hundred in a request"),
            ("ingest.b100.vs_peer_logistic", "times as many as the peer with a logistic regression"),
            ("ingest.b100.vs_peer_forest", "times as many as the peer with a forest"),
            (
                "ingest.flatness",
                "cost of a reading in a large fleet or after many readings, against the start; 1 is right",
            ),
        ),
    ),
    "latency": Chapter(
        "Waiting time",
        "How long does a single reading wait for its risk while everything else goes on?",
        "99 of 100 readings wait less than the 99th percentile. Loaded means 20,000 readings a second beside it.",
        (
            ("latency.p50_idle_ms", "median, nothing else going on"),
            ("latency.p50_loaded_ms", "median, loaded"),
            ("latency.p99_loaded_ms", "99th percentile, loaded"),
        ),
    ),
    "recovery": Chapter(
        "After a crash",
        "How soon does a killed service answer again?",
        "The worst case: no snapshot, so that a million readings are read anew from the log.",
        (
            ("recovery.empty.ready_s", "seconds to start with nothing to read"),
            ("recovery.b1000.ready_s", "seconds with the whole log to read, a thousand readings in a request"),
            ("recovery.b100.ready_s", "the same, a hundred in a request"),
        ),
    ),
    "memory": Chapter(
        "Memory",
        "What does a fleet of 100,000 devices take?",
        "Service and learner together, at their highest, with a full horizon of examples that wait for their outcome.",
        (
            ("memory.*_devices_mb", "at its highest, {0} devices"),
            ("memory.per_device_bytes", "for each device"),
            ("memory.per_pending_example_bytes", "for each example that waits for its outcome"),
            ("memory.empty_mb", "with nothing in it"),
        ),
    ),
}
"""By the benchmark's name, in the order in which a report tells of them."""


def model_name(name: str) -> str:
    """How a model is called on a page."""
    return MODELS[name][0] if name in MODELS else in_words(name)


def in_words(name: str) -> str:
    """A part of an id as words."""
    text = _NAMES.get(name, name.replace("_", " ").strip())
    return text[:1].upper() + text[1:]


def story_of(stream: str) -> str:
    """What happens in a stream, if it is one of the simulator's scenarios; empty otherwise."""
    return SCENARIOS[stream].story if stream in SCENARIOS else _REAL.get(stream, "")


def title_of(name: str) -> str:
    """How a benchmark is called on a page."""
    return CHAPTERS[name].title if name in CHAPTERS else in_words(name.replace("-", "_"))
