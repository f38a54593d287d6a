"""Words: what a reader who knows neither the code nor the field must be told of the whole."""

from typing import Final

TITLE: Final = "Hearthbeat: does learning while it runs pay?"

QUESTION: Final = (
    "Hearthbeat watches smart-home devices and says which of them will fail soon. Whether it was right shows a day "
    "later or more; it learns from that while it goes on answering. Usually such a model is trained once, or somebody "
    "trains it anew every day. Does learning all the time pay?"
)

METHOD: Final = (
    "Every model sees the same readings, in order of time. Of each it has to say how likely the device is to fail "
    "within the next 24 hours (other spans on real data), and it is judged by what it said then. It learns of an "
    "outcome only when that could have been known: a day later, and the time that a report takes. No model ever "
    "learns from the future, but for the one that is called “told the answers”. The last such "
    "span of a stream is left out: who got through it is not known yet."
)

WITHOUT_DELAY: Final = frozenset({"elec2", "ai4i"})
TABLES: Final = (
    "Elec2 and AI4I have no devices, and nothing comes late: of Elec2 each answer is known before the next question, "
    "and AI4I has no time, so that each part of it is judged by models that learned the other parts. There "
    "Hearthbeat's models are called directly, without the service, and the others are retrained weekly, or trained "
    "once."
)

TERMS: Final[tuple[tuple[str, str], ...]] = (
    ("Stream",
     "what is played to all models: a simulated fleet of smart homes, in which something may change, or a table of "
     "real measurements."),
    ("PR-AUC",
     "how well failures are foretold, as one number. Put all readings in order of the risk that a model gave them: are "
     "those that a failure followed on top? 1: all of them come first. Guessing gets the share of readings that a "
     "failure follows. (Area under the curve of precision over recall.) Higher is better."),
    ("Recall at 1 % false alarms",
     "an alarm is raised where the risk is above a bar, which is set for each model so that 1 of 100 readings of "
     "devices that go on working is above it. This is the share of the readings before a failure that are above it. "
     "Higher is better."),
    ("Failures found",
     "the share of failures before which the device raised such an alarm at least once, in the 24 hours before (other "
     "spans on real data). The bar is set when all is over, for all models alike; in use it has to be guessed. Higher "
     "is better."),
    ("Healthy devices flagged",
     "the share of devices that never failed and raised such an alarm at least once, in all the weeks. Lower is "
     "better."),
    ("Lead time",
     "hours from the first of those alarms to the failure, in the middle (median) of the failures found: what is left "
     "for changing a battery. Higher is better."),
    ("Log loss", "how wrong the percentages are; confident mistakes count most. Lower is better."),
    ("CPU s, memory",
     "seconds of one processor for a million readings, and megabytes of the models. Hearthbeat's seconds are those of "
     "the whole service: taking readings in, storing, scoring, learning; the others' are of training and scoring "
     "alone, or where the forest trained once comes with the service (simulated fleets) of scoring alone. Lower is "
     "better."),
    ("Way to the answers covered",
     "how far Hearthbeat has come from the forest trained once to the one told the answers, from the fourth day after "
     "a change on; above 100 % it is ahead of both."),
    ("90 % range",
     "the figures in brackets. With other devices of the same kind, the figure would have been within it nine times "
     "out of ten. If the range of a difference holds 0, the difference may be chance."),
)  # fmt: skip

QUICK: Final = (
    "This is a smoke run. It shows that every part works, on fleets so small that the figures say nothing about "
    "quality or speed. The full run gives those."
)

HOW_TO_READ: Final = (
    "How well failures are foretold is told as one number, PR-AUC. Higher is better: 1 would be perfect, and guessing "
    "gets next to nothing where failures are rare. A difference of 0.01 is hardly seen, 0.03 is small, 0.10 is "
    "large."
)
