"""The story: `scoring` makes events of what comes in, `learning` makes models and weights of events.

The learner hands them back as a `publication` through the `link`; `training` brings checkpoints, whose `versions` say
what serves; `erasure` takes from the disk what was forgotten; `stale` says when the learner is too far behind. `views`
answer questions, `live` tells what happens to whoever listens, and `service` is the door for the API. Everywhere used
are `records` (of the log) and `instants`; `digest` says whether two learners are equal.
"""
