"""Benchmarks: one file a question, run by ``hearthbeat bench <name>``.

`questions` lists them, `workload` is what each is given, `report` the form of all results. `run` is the command,
`markdown` and `plot` make a page and picture of a result, `pages` one report of all of them, `comparison` holds two
runs against each other, `command` puts these together. Several share `server` (a real service in a process of its own),
`prequential`, `batch`, `peers`, `crowd`, `processes`, `repeated` and `steps`. `crash` is a test of another kind, run by
``hearthbeat crash-test``; it asks whether, not how much.
"""
