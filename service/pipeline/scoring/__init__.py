"""The scorer: requests become events with risks, in one process, in one thread that writes.

Read in this order: `arrivals` (what is asked), `waiting` (who is next), `ingest` (the thread: fold, make durable,
answer by `replies`), `intake` and `intake_outcomes` (readings and outcomes into an event), `score` (the committee's
risks), `fleet` (the fold), `snapshot` and `keeper` (so that a restart need not begin at the beginning), `retention`,
`warmup`.
"""
