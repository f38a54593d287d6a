"""What lasts: backends of the ports, SQLite for real and memory for tests and embedding, and a data folder's files.

`event_log` (with its `checkpointer`), `examples` and `journal` are databases, `memory` has their twins; `newest` and
`without` are the same for both. `folder` says whose a data folder is; in it lie the `snapshots` of the folds, the
`registry` of models, the `keys` of the API and the service's `starts`. `copies` copies databases in use, `durable` and
`background` say how files are written, `shipped` is what an image brings along.
"""
