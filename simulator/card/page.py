"""Card, part seven: the page. What a reader wants to know first comes first."""

from typing import Final

import numpy as np

from simulator.arrays import DAY_S
from simulator.card import tables
from simulator.card.warning import FALSE_ALARMS
from simulator.world.devices import MODE_CODE
from simulator.world.homes import HOME_TYPES

_PAGE: Final = """\
# Data card: Hearthbeat's simulated fleet

Labelled samples of smart-home devices that will fail within 24 hours, or not. Homes, devices and failures are made up
by `hearthbeat dataset`; nobody's data is in them. About **{positive}** of the samples are positive. Each has
**{features} features**: what a running service would know of a device at that instant, and nothing that came later.

**Good for** building and comparing models that foretell failures; and, streamed, for learning online from late, false
and missing labels. Time, home type and a device's own history matter in it: a reading by itself says little.

**Not good for** saying how often real devices fail, or how well a model will do on them. Failures are far more frequent
than in life, so that days of events show hundreds; their signs are those that the simulator was told to make.

Everything below was measured, with seed {seed} and version {version}: {failures} failures of {devices} devices in
{homes} homes that were watched for {stay} days each, {readings} readings of some of them, and
{samples} samples. Of the metric values that a device has, {missing} are missing.

## How it was made

1. **Homes** of eight types have devices of eight types, each with its own normal levels: no absolute value separates
   well from ill.
2. **Hours, days and seasons** move what devices report: people's habits, neighbours' radio, the weather.
3. **Hidden health**: each device lives, begins to degrade in one mode, fails (or recovers by itself), is repaired, and
   starts afresh. Metrics are noisy views of that.
4. **Reports** tell of failures late, some never, some wrongly.
5. **Samples** are readings, at most one for each device and half hour, evenly drawn from a year in which homes join one
   after the other. A label is the hidden truth, reported or not. Devices that stand failed give no samples.

## Columns

{columns}

Devices of one home, and samples of one device, resemble one another. Split by time, with a gap of one horizon, or by
home; never at random.

## Home types

{home_types}

¹ In 100 days of a device. Home types give as many samples as they have homes, not devices.

The same signs mean different things in different homes. Failures in 100 days of a device and, in brackets, the share of
degradations that passed without one:

{cross}

## Device types

{device_types}

## Modes of failure

{modes}

² Share of the samples in the 24 hours before a failure in which some metric runs further from the device's own normal
than in 95 of 100 healthy samples of its device type. Pure chance is {alarms}.

Most modes announce themselves for hours. **The sudden mode does not**: {sudden} of its samples stand out. No model can
foretell it much better than by how often it strikes where and when; one that seems to has found a leak. Degradations
that pass without a failure look like the others; they are why a sign is no proof.

![Share of samples that stand out, by hours before the failure]({picture}warnings.png)

## A device's life

One device for each mode. On the left its hidden health, which is in no data set: 0 is well, about 1 fails. Beside it
three of the metrics that it reports. Yellow: it degrades. Black line: it fails. Grey: it stands failed until it is
repaired; many devices are silent then.

![Hidden health and metrics of seven devices]({picture}lives.png)

## Hours, days, seasons

A reply that takes three times as long is an evening in an apartment, or a failing device in a cottage.

![Response time, use, temperature, battery and failures over day, week and year]({picture}times.png)

![Failures by hour and weekday]({picture}failures.png)

{patterns}

## Lead times and reports

![From the first sign to the failure, and from the failure to its report]({picture}leads.png)

{told}

Beside these, {mistaken} reports named devices that had not failed, and were retracted. Labels of data sets know nothing
of all this; the labels that a running service learns from are made of reports alone.

## Scenarios

A data set has none of them: nothing happens in it but hours, days and seasons. `hearthbeat simulate --scenario` streams
them.

{scenarios}
"""


def page(m: tables.Measured, picture: str) -> str:
    """Return the whole card.

    Args:
        m: What was measured.
        picture: Beginning of the pictures' paths.
    """
    panel = m.world.panel
    share = np.array([kind.share for kind in HOME_TYPES])
    positive = float((m.warnings.positive_share * share).sum())
    return _PAGE.format(
        seed=m.seed, version=m.version, features=m.warnings.features, positive=f"{positive:.1%}",
        failures=f"{len(m.world.failures.ts):,}", devices=f"{len(m.world.fleet.devices):,}", homes=f"{panel.homes:,}",
        stay=f"{panel.stay_s / DAY_S:g}", readings=f"{m.days.readings:,}", missing=f"{m.days.missing:.1%}",
        samples=f"{int(m.warnings.samples.sum()):,}", sudden=f"{m.warnings.within[MODE_CODE['sudden']]:.0%}",
        alarms=f"{FALSE_ALARMS:.0%}", mistaken=f"{m.mistaken:,}", picture=picture, columns=tables.column_table(),
        home_types=tables.home_type_table(m), cross=tables.cross_table(m), device_types=tables.device_type_table(m),
        modes=tables.mode_table(m), told=tables.told_table(m), patterns=tables.pattern_table(),
        scenarios=tables.scenario_table(),
    )  # fmt: skip
