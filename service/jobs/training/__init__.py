"""The trainer: from the training store to checkpoints, in a process of its own.

Read in this order: `examples` takes the matured examples of a home type out of the store; `pool` puts those of several
home types together and weighs them back to all that matured; `fit` makes a model of them; `judge` holds a candidate
against the version that serves; `file` writes it down; `train` is the whole story of a target; `worker`
is the process.
"""
