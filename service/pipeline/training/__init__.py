"""Training: from the wish for a new checkpoint to the event that publishes it.

`desk` takes wishes, each a `job`, and makes events of what comes back; `link` is its line to the trainer's process.
`shelf` loads the `files` of checkpoints and tells which of them are damaged, `numbers` are those of versions in the
making, `acts` are an operator's, and `models` is the door for the API.
"""
