"""Home types: how good models of one and of all are, on each other's examples, and what fails there, when."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.pages.figures import Stream, Values, interval_text, ours_first, quality_text, rows_below, streams_of
from benchmarks.pages.form.blocks import Block, Cell, Grid, Heading, Kind, Paragraph
from benchmarks.pages.names import in_words, model_name
from benchmarks.report import Report

_METRICS: Final = ("pr_auc", "roc_auc", "precision", "recall", "f1", "accuracy")
_TITLES: Final = ("PR-AUC", "ROC-AUC", "Precision", "Recall", "F1", "Accuracy")
_ABOUT: Final = (
    "Each on later examples, mean of the home types, with 90 % ranges. Accuracy says little where failures are rare: "
    "whoever never warns is right 97 times of a hundred. A model warns where no more than 1 % of the known examples of "
    "healthy devices lie above its bar."
)
_PATTERNS: Final = (
    "How often failures are of a kind, in which three hours of the day and in which season most of them fall (if they "
    "fell evenly, 13 % and 25 %), and what a home type's own forest looks at: PR-AUC that it loses without it."
)
_MOST: Final = 3


def home_types(report: Report) -> list[Block]:
    """Tables of quality, of what fails, and the square of models on each other's examples."""
    streams = streams_of(report)
    own = [stream for stream in streams if stream.name not in ("all", "cross") and stream.models]
    everywhere = next((stream for stream in streams if stream.name == "all"), None)
    blocks = _means(everywhere) if everywhere is not None else []
    blocks += _by_home_type(own)
    blocks += _patterns(own)
    return blocks + _square(report)


def _means(stream: Stream) -> list[Block]:
    models = [name for name in ours_first(stream.models) if "f1" in stream.models[name]]
    if not models:
        return []
    head: list[tuple[str, Kind]] = [("Model", "text"), *((title, "number") for title in _TITLES)]
    rows: list[list[Cell]] = [
        [model_name(model), *(interval_text(stream.models[model], metric) for metric in _METRICS)] for model in models
    ]
    return [Heading("All home types", 3), Paragraph(_ABOUT, "small"), Grid(head, rows)]


def _by_home_type(streams: Sequence[Stream]) -> list[Block]:
    models = ours_first(
        dict.fromkeys(model for stream in streams for model, values in stream.models.items() if "pr_auc" in values)
    )
    if not models:
        return []
    head: list[tuple[str, Kind]] = [("Home type", "text"), *((model_name(model), "number") for model in models)]
    rows: list[list[Cell]] = [
        [in_words(stream.name), *(_pr_auc(stream.models.get(model, {}), model) for model in models)]
        for stream in streams
    ]
    return [Heading("PR-AUC by home type and model", 3), Grid(head, rows)]


def _pr_auc(values: Values, model: str) -> str:
    """With its range where it is a difference, which is what it is for; all ranges are among all figures."""
    return interval_text(values, "pr_auc", signed=True) if "minus" in model else quality_text(values.get("pr_auc"))


def _patterns(streams: Sequence[Stream]) -> list[Block]:
    rows: list[list[Cell]] = []
    for stream in streams:
        shares = _shares(stream.models.get("failures", {}))
        looks = {name.removesuffix(".pr_auc"): lost for name, lost in stream.models.get("looks_at", {}).items()}
        if not shares and not looks:
            continue
        rows.append([
            in_words(stream.name),
            _leading(shares.get("mode", {}), _MOST),
            _leading({_hours(name): share for name, share in shares.get("hours", {}).items()}, 1),
            _leading(shares.get("season", {}), 1),
            ", ".join(f"{in_words(name).lower()} {lost:.2f}" for name, lost in _largest(looks)[:_MOST]) or "-",
        ])  # fmt: skip
    titles = ("Home type", "Leading failures", "Hours", "Season", "Its model looks at")
    head: list[tuple[str, Kind]] = [(title, "text") for title in titles]
    return [Heading("What fails, and when", 3), Paragraph(_PATTERNS, "small"), Grid(head, rows)] if rows else []


def _shares(values: Values) -> dict[str, Values]:
    """Shares of failures by mode, hours and season, of metrics such as ``mode.battery.share``."""
    out: dict[str, Values] = {}
    for metric, value in values.items():
        parts = metric.split(".")
        if len(parts) == 3 and parts[2] == "share":
            out.setdefault(parts[0], {})[parts[1]] = value
    return out


def _hours(first: str) -> str:
    return f"{first} to {int(first) + 3:02} h" if first.isdecimal() else first


def _leading(shares: Mapping[str, float], most: int) -> str:
    told = [(name, share) for name, share in _largest(shares)[:most] if share > 0.0]
    return ", ".join(f"{name.replace('_', ' ')} {100.0 * share:.0f}\u00a0%" for name, share in told) or "-"


def _largest(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: -item[1])


def _square(report: Report) -> list[Block]:
    cross = {(parts[1], parts[2]): value for parts, value in rows_below(report) if _is_cross(parts)}
    if not cross:
        return []
    trained = list(dict.fromkeys(one for one, _ in cross))
    scored = list(dict.fromkeys(other for _, other in cross))
    low, high = min(cross.values()), max(cross.values())
    shades = {
        (row, column + 1): (cross[one, other] - low) / ((high - low) or 1.0)
        for row, one in enumerate(trained)
        for column, other in enumerate(scored)
        if (one, other) in cross
    }
    head: list[tuple[str, Kind]] = [("Trained on", "text"), *((in_words(name), "number") for name in scored)]
    rows: list[list[Cell]] = [
        [in_words(one), *(_two_places(cross.get((one, other))) for other in scored)] for one in trained
    ]
    return [Heading("One home type's model on another (PR-AUC)", 3), Grid(head, rows, shades=shades)]


def _two_places(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _is_cross(parts: list[str]) -> bool:
    return len(parts) == 4 and parts[0] == "cross" and parts[3] == "pr_auc"
