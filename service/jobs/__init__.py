"""Work that is done in batch, in processes of its own: training the baseline, and checkpoints."""
