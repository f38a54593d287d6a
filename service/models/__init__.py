"""Members of the committee.

What learns, only in the learner and the trainer: `online` (River's models, of which `capped` bounds the forest) and
`online_modes`; `forest` (scikit-learn's) and `modes`. What scores, without either library: `compiled` and
`compiled_modes`, which all of these become, laid out for speed by `bound`; `artifact` is a forest on the disk; `prior`
needs none of it. `committee` says who the members are, `stacking` weighs them, `blend` makes one risk of theirs.
"""
