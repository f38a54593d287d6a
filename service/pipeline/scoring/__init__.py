"""The scorer: requests become events with risks, in one process, in one thread that writes.

Read in this order: `requests` (what is asked), `waiting` (who is next), `ingest` (the thread: fold, make durable,
answer by `replies`), `intake` (readings, outcomes and wishes into an event), `score` (the committee's risks, of who has
one of the `seats`) and `modes`, `fleet` (the fold), `snapshot` and `keeper` (so that a restart need not begin at the
beginning), `retention`, `taken`, `warmup`.
"""
