"""Benchmarks: one file a question, run by ``hearthbeat bench <name>``.

`run` is the command, `report` the form of all results, `markdown` and `plot` make a page and picture of it, `pages` one
report of all of them, `comparison` holds two runs against each other, `command` puts these together. `server` is a real
service in a process of its own. ``crash_*`` is a test of another kind, run by ``hearthbeat crash-test``; it
asks whether, not how much.
"""
