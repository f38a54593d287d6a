"""How good the risks were, and whether the world has moved.

`metrics` are exact, over matured examples. `alarm` watches the members' losses for `drift`, `feature_drift` watches for
features that leave their `stability` reference, and `calibration` makes 10 % mean one in ten. These are parts of the
learner's fold: functions of what they are fed, without a clock. `bootstrap` says how sure a metric is.
"""
