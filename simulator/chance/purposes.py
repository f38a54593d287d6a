"""Seeded randomness: one independent generator for each purpose, so that one part's draws never move another's."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream of random numbers is for. Values are part of the seed: never renumber them."""

    HOMES = 1
    DEVICES = 2
    LIVES = 3
    RESTARTS = 4
    WEATHER = 5
    ABSENCES = 6
    READINGS = 7
    REPORTS = 8
    DELIVERY = 9
    CHANGES = 10
    SCHEDULE = 11
    HABITS = 12
    CONGESTION = 13
    SAMPLES = 20


def generator(seed: int, purpose: Purpose, *counters: int) -> np.random.Generator:
    """Return the generator of ``purpose``; further ``counters`` (a round, an hour) give each its own."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), *counters)))
