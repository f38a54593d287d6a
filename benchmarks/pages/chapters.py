"""Chapters: what is told of each benchmark, and in which order a report tells of them."""

from typing import Final

from msgspec import Struct

from benchmarks.pages.names import in_words


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
        "Does a model that learns all the time hold its own against models trained in batch, before and after the "
        "world changes?",
        "The table has all that is measured of all models, the drawings how good they were from day to day. "
        "Hearthbeat's members are also judged alone: which is best differs from stream to stream, which is why they "
        "vote.",
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
        "A world without a pattern is simulated without it: nothing then depends on the hour, say. A forest without a "
        "feature is not told of it. Lost is how much PR-AUC is missing then, with its 90 % range; below 0 nothing is "
        "lost, and where the range holds 0 it may be chance.",
    ),
    "home-types": Chapter(
        "Home types",
        "Are homes of different types different enough to need models of their own?",
        "Each model learned 500 samples of a home type, or those of all, and is asked about what came later. In the "
        "square a row is the home type that a model was trained on, a column the one that it is asked about. Where the "
        "diagonal is darkest, a home type's own model knows best.",
    ),
    "scale": Chapter(
        "More samples",
        "How many samples does it take, and does more help?",
        "A curve that is flat at its end has learned what there is to learn; one that still rises would gain from "
        "more. It saturates at the fewest samples from which on more bring less than .01, or nothing that is not "
        "chance.",
    ),
    "real": Chapter(
        "Real devices",
        "Does it hold on data of real devices?",
        "These data were not made by our simulator, and nothing was tuned to them. Failures are rarer there, and "
        "figures less sure. Turbofans and drives go through the service; the other two know neither devices nor "
        "delays, so there the models are called directly. Of Elec2, accuracies are published: .853 for repeating the "
        "last answer, .877 for an adaptive random forest.",
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


def title_of(name: str) -> str:
    """How a benchmark is called on a page."""
    return CHAPTERS[name].title if name in CHAPTERS else in_words(name.replace("-", "_"))
