"""The world: homes, their devices, what is hidden in these, and what shows.

Read in this order. Who is there: `homes`, `devices`, `population`. What surrounds them: `clock`, `patterns`, `context`.
What is hidden: `courses`, `hazards`, `health`. What shows: `schedule` (when a device reads), `signals` and `senses`
(what it reads). `simulator.fleet` puts them together.
"""
