"""A fleet of smart homes that breaks the way real ones do, and tables of real telemetry, streamed to the service.

Read in this order. What the world is: `world`. What may come over it: `scenarios`. What of it is told, and when:
`delivery`. All of that behind one door: `fleet`, which hands on `blocks`. How it is streamed: `stream`; how a
stranger's table takes its place: `tables`; what else is made of it: `samples`, `dataset`, `card`. Who asks for all
this: `commands`. Below all lie `chance`, `arrays`, `durations` and `errors`; `child` is a service to stream to.

Three rules keep the task honest. Health is hidden: metrics are noisy views of it that context moves as well. A
failure is known only from its report, which comes late, sometimes wrong, sometimes never. And everything is a function
of the seed: no wall clock is read while the world is made.
"""
