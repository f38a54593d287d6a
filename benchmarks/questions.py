"""The questions: which benchmarks there are, and what each asks."""

from collections.abc import Mapping
from types import MappingProxyType

BENCHMARKS: Mapping[str, str] = MappingProxyType(
    {
        "backblaze": "How well are real drives' failures foretold, and how sure is that? (1 minute; --full: 3 to 4)",
        "committee": "Is the blend as good as its best member, a retrained forest, and after drift? (20 to 36 minutes)",
        "fd001": "How well are turbofan failures foretold, over HTTP, in lock-step? (1 to 2 minutes; --full: 5 to 10)",
        "home-types": "Is a model of each home type better than one for all, and what fails there? (1 to 2 minutes)",
        "ingest": "How many readings a second are taken, scored and durable, beside peers and the wire? (2 minutes)",
        "latency": "How long does a single reading wait, alone and under all load at once? (2 minutes)",
        "memory": "What do 100,000 devices with a full horizon of pending examples take? (2 minutes)",
        "online-vs-batch": "What is it worth to learn all the time, with late labels? (45 minutes; --quick: 1)",
        "real": "The same on real tables, or on FILE with --map and --horizon? (8 minutes; --quick: half of one)",
        "realism": "Is the simulated fleet worth learning from, and how fast is it made? (2 minutes; --full: 10)",
        "recovery": "How soon is a service ready to score when a long log must be folded anew? (2 minutes)",
        "scale": "What do more samples bring, and what do they cost? (2 minutes; --full: up to 100,000 samples)",
        "scoring": "How much faster are compiled models than the originals, and how equal? (half a minute)",
        "temporal": "What does a forest lose without a temporal pattern, or without the calendar? (2 to 3 minutes)",
    }
)
"""What each benchmark asks, by name. Its module has ``measure(workload) -> list[Row]``."""
