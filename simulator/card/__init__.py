"""The data card: what is in the simulated fleet, measured, and put on a page with plots.

Read in this order: `world` (rates), `curves` (days and seasons), `warning` (what can be seen coming), `lives` (single
devices), `plots` and `tables`, `page`, and `card`, where they come together.
"""
