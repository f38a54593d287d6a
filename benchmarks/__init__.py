"""Benchmarks: one file a question, run by ``hearthbeat bench <name>``.

`run` is the command, `report` the form of all results, `server` a real service in a process of its own.
"""
