"""A fleet of smart homes that breaks the way real ones do, and tables of real telemetry, streamed to the service.

Read in this order. What the world is: `homes`, `devices`, `population` (who is there), `clock`, `patterns`, `context`
(what surrounds them), `courses`, `hazards`, `health` (what is hidden), `signals`, `senses` (what shows), `outcomes`
(what is told, and when); `fleet` puts them together, `scenarios` change it, `delivery` and `dirt` are the way to the
service. How it is streamed: `stream` and `simulate`; what is made of it: `samples`, `dataset`, `card`; how a stranger's
table takes its place: `tables`.

Three rules keep the task honest. Health is hidden: metrics are noisy views of it that context moves as well. A
failure is known only from its report, which comes late, sometimes wrong, sometimes never. And everything is a function
of the seed: no wall clock is read while the world is made.
"""
