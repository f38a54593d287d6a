"""Work beside the stream: the `schedule` of what is due, the `rounds` of every second, and `upkeep` of the data.

What is trained in batch is trained in a process of its own: the `baseline` (by `train_baseline`), and checkpoints, in
`training`.
"""
