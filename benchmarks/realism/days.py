"""Does a single day of a single device tell in what kind of home it stands?"""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from benchmarks.realism.models import TESTED_SHARE
from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats, Ints
from simulator.blocks import Block, join_blocks
from simulator.fleet import Fleet
from simulator.samples.panel import END_S, YEAR_S
from simulator.world.homes import HOME_TYPES

_STAY_D, _PARTS, _FEWEST = 3, 8, 12
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def home_type_accuracy(homes: int, seed: int) -> float:
    """Balanced accuracy of a random forest that names the home type of a device-day; chance is 0.125.

    It is told means and spreads of each metric over the local day, how far each three hours lie from that mean, the
    device type, the number of readings, weekday and day of the year. As many homes of each type, over a year, three
    days each; tested on other homes than it has learned from.
    """
    joins_s = END_S - YEAR_S + np.random.default_rng([seed, 2]).permutation(homes) * (YEAR_S - _STAY_D * DAY_S) // homes
    fleet = Fleet(
        homes, seed, (END_S - YEAR_S) * SECOND, END_S * SECOND,
        shares=[1.0] * len(HOME_TYPES), stays=(joins_s, joins_s + _STAY_D * DAY_S),
    )  # fmt: skip
    device, rows = _days(fleet, join_blocks(list(fleet.blocks(DAY_S))))
    home, home_type = fleet.devices.home[device], fleet.devices.home_type[device]
    test = np.isin(home, np.random.default_rng([seed, 0]).permutation(homes)[: int(homes * TESTED_SHARE)])
    model = RandomForestClassifier(
        100, min_samples_leaf=2, max_features=0.2, class_weight="balanced", n_jobs=1, random_state=seed
    )
    model.fit(rows[~test], home_type[~test])
    return float(balanced_accuracy_score(home_type[test], model.predict(rows[test])))


def _days(fleet: Fleet, block: Block) -> tuple[Ints, Floats]:
    """Sum readings up by device and local day: device (r,) and features (r, g) of days with enough readings."""
    local_s = block.ts // SECOND + block.offset_s
    day, part = local_s // DAY_S, local_s % DAY_S // (24 // _PARTS * HOUR_S)
    keys, row = np.unique(block.device.astype(np.int64) << 32 | day, return_inverse=True)
    n = len(keys)
    readings = np.bincount(row, minlength=n)
    columns: list[Floats] = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for values in block.metrics.T:
            known = ~np.isnan(values)
            r, v = row[known], values[known]
            count = np.bincount(r, minlength=n)
            mean = np.bincount(r, v, minlength=n) / count
            columns += [mean, np.sqrt(np.maximum(0.0, np.bincount(r, v**2, minlength=n) / count - mean**2))]
            cell = r * _PARTS + part[known]
            by_part = np.bincount(cell, v, minlength=n * _PARTS) / np.bincount(cell, minlength=n * _PARTS)
            columns += list((by_part.reshape(n, _PARTS) - mean[:, None]).T)
    device, date = keys >> 32, keys & 0xFFFF_FFFF
    columns += [fleet.devices.device_type[device].astype(np.float64), readings.astype(np.float64)]
    columns += [(date + _EPOCH_WEEKDAY) % 7.0, date % 365.2425]
    enough = readings >= _FEWEST
    return device[enough], np.nan_to_num(np.stack(columns, axis=1)[enough], nan=-1e3)
