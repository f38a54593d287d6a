"""Names: how models, streams and metrics are called on a page, and what they are, for whoever knows none of them."""

from typing import Final

from simulator.scenarios import SCENARIOS

_OURS: Final = (
    "Hearthbeat (ours)",
    "what the service answers: several models vote, and the better a model has been lately, the more its vote counts",
)
_ONCE: Final = "a random forest that was trained once on 10,000 samples, and never again"
_DAILY: Final = (
    "a random forest (many decision trees that vote: a common, sturdy model) that somebody trains anew every day on "
    "all outcomes known by then, and who keeps all data for that. It begins with nothing"
)
_ONE_BY_ONE: Final = "which learns one example at a time"

MODELS: Final[dict[str, tuple[str, str]]] = {
    "committee": _OURS,
    "blend": _OURS,
    "service": _OURS,
    "hearthbeat": _OURS,
    "online": ("Hearthbeat, online", "the models that learn with every outcome"),
    "retrained_forest": ("Retrained daily", _DAILY),
    "retrained": ("Retrained daily", _DAILY),
    "retrained_lightgbm": ("LightGBM, retrained daily", "gradient boosted trees, trained anew in the same way"),
    "frozen": (
        "Trained once",
        f"{_ONCE}. On simulated fleets it was trained before the stream began, on samples of the same simulator, so it "
        "begins as well as can be, and it is one of those that vote in Hearthbeat; on real data it learned the first "
        "examples of the stream itself, up to 10,000",
    ),
    "batch": ("Trained in batch", "a random forest trained in one go on a fixed set of samples"),
    "static": ("Trained once", _ONCE),
    "baseline": ("Trained once", _ONCE),
    "prior": ("Guessing", "gives every device the same risk: how often devices fail"),
    "oracle": (
        "Told the answers",
        "a forest trained with answers from after the change, of other devices, which nobody has in life: a yardstick. "
        "Who also knows of the time before, or of these devices, may be better",
    ),
    "checkpoint": (
        "Member: checkpoint",
        "a random forest that the service itself trains now and then on the latest outcomes",
    ),
    "forest": ("Member: online forest", f"a forest of the home type, {_ONE_BY_ONE}"),
    "logistic": ("Member: online logistic", f"a logistic regression of the home type, {_ONE_BY_ONE}"),
    "global_forest": ("Member: fleet's forest", f"a forest of the whole fleet, {_ONE_BY_ONE}"),
    "global_logistic": ("Member: fleet's logistic", f"a logistic regression of the whole fleet, {_ONE_BY_ONE}"),
    "random_forest": ("Random forest", "of the home type, trained in one go"),
    "mixed_random_forest": ("Random forest, as few of all", "of as many samples, of all home types mixed"),
    "global_random_forest": ("Random forest of all", "one for all home types, trained in one go"),
    "river_forest": ("Online forest", f"a forest of the home type, {_ONE_BY_ONE}"),
    "river_logistic": ("Online logistic", f"a logistic regression of the home type, {_ONE_BY_ONE}"),
    "global_river_forest": ("Online forest of all", "the same for all home types"),
    "global_river_logistic": ("Online logistic of all", "the same for all home types"),
    "own_minus_global": ("Own less that of all", "what a home type's own forest is ahead of one for all"),
    "own_minus_mixed": ("Own less as few of all", "the same, of one that learned as few samples"),
    "random_forest_uncapped": ("Random forest, unlimited", "twice the trees, with as many leaves as they want"),
    "hist_gradient_boosting": ("HistGradientBoosting", "scikit-learn's gradient boosted trees"),
    "lightgbm": ("LightGBM", "gradient boosted trees, trained in one go"),
    "tabpfn": ("TabPFN", "a neural network that was trained on tables beforehand"),
}
"""How a model is called on a page, and what it is."""

OURS: Final = ("committee", "blend", "service", "hearthbeat", "online")
"""Names under which the service itself is a model; the first that there is."""

ONCE: Final = ("frozen", "baseline", "static", "batch")
RETRAINED: Final = ("retrained_forest", "retrained")
LIGHTGBM: Final = ("retrained_lightgbm",)
GUESSING: Final = ("prior",)
"""Likewise those of the rivals that the head of a page is about."""

_STREAMS: Final[dict[str, tuple[str, str]]] = {
    "stationary": ("Nothing changes", ""),
    "firmware": ("Firmware update", ""),
    "new_failure_mode": ("New kind of failure", ""),
    "gradual": ("Signs change slowly", ""),
    "seasonal": ("Seasons", "A fleet from March to June, in full for a year; fewer readings and failures a day."),
    "label_outage": ("No reports for days", ""),
    "outage": ("Homes go silent", ""),
    "dirty": ("Dirty readings", ""),
    "growth": ("Fleet grows tenfold", ""),
    "fd001": (
        "NASA's turbofans (FD001)", "Engines run until they fail (C-MAPSS FD001). A cycle of theirs counts as an hour.",
    ),
    "backblaze": ("Hard drives (Backblaze)", "Drives of a real data centre in 2013; 54 of 1,288 failed."),
    "elec2": ("Power prices (Elec2)", "Up or down in the next half hour? No devices, and nothing comes late."),
    "ai4i": ("Milling machine (AI4I)", "A table without time, so it is cross-validated."),
}  # fmt: skip

_METRICS: Final[dict[str, str]] = {
    "pr_auc": "PR-AUC", "roc_auc": "ROC-AUC", "recall_at_1pct_far": "Recall at 1 % false alarms",
    "minus_retrained": "Ahead of the forest retrained daily", "minus_best_member": "Ahead of its best member",
    "minus_lightgbm": "Ahead of LightGBM, retrained daily", "minus_frozen": "Ahead of the one trained once",
    "median_lead": "Lead time, h", "cpu_s_per_million": "CPU s a million readings", "memory_mb": "Memory, MB",
    "three_days.pr_auc": "PR-AUC, first 3 days after", "long_after.pr_auc": "PR-AUC, long after",
    "before.pr_auc": "PR-AUC before the change", "drift_day": "Day on which the change begins",
    "drift_until_day": "Day on which it is through", "event_day": "Day on which it begins",
    "event_until_day": "Day on which it is over", "log_loss": "Log loss", "f1": "F1",
    "detected_failures": "Failures found", "flagged_healthy_devices": "Healthy devices flagged",
    "first_answer": "Days to the first answer", "gap": "PR-AUC that the answers would add",
    "gap_closed": "Share of what the change took that is won back",
}  # fmt: skip


def model_name(name: str) -> str:
    """How a model is called on a page."""
    return MODELS[name][0] if name in MODELS else in_words(name)


def stream_name(name: str) -> str:
    """How a stream is called on a page: by what happens in it."""
    return _STREAMS[name][0] if name in _STREAMS else in_words(name)


def story_of(stream: str) -> str:
    """What happens in a stream, in a sentence; empty where nothing is known of it."""
    told = _STREAMS.get(stream, ("", ""))[1]
    return SCENARIOS[stream].story if stream in SCENARIOS and not told else told


def metric_name(name: str) -> str:
    """How a metric is called on a page."""
    if name in _METRICS:
        return _METRICS[name]
    return in_words(name.replace(".", ", ")).replace("pr auc", "PR-AUC").replace("Pr auc", "PR-AUC")


def in_words(name: str) -> str:
    """A part of an id as words."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
