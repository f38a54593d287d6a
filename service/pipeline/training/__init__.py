"""Training: from the wish for a new checkpoint to the event that publishes it.

`desk` takes wishes and makes events of what comes back; `link` is its line to the trainer's process; `shelf` loads the
files of checkpoints and tells which of them are damaged.
"""
