"""Comparison: two results of the same benchmark side by side, and what of it is more than noise.

`tolerances` says how much a figure may differ, `compare` holds row against row, `command` is ``bench compare``.
"""
