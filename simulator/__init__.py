"""A fleet of smart homes that breaks the way real ones do, and tables of real telemetry, streamed to the service.

Read in this order. What the world is: `homes`, `devices`, `population` (who is there), `health` (what is hidden),
`signals` (what shows), `outcomes` (what is told, and when); `fleet` puts them together. How it reaches the service:
`client` (HTTP), `stream` (order, slots, pace), `simulate` and `replay` (the two commands), `mapping` and `table` (how
a stranger's table is read).

Three rules keep the task honest. Health is hidden: metrics are noisy views of it that context moves as well. A
failure is known only from its report, which comes late, sometimes wrong, sometimes never. And everything is a function
of the seed: no wall clock is read while the world is made.
"""
