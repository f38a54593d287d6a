"""Questions answered: a device, the list of them, a home type, checkpoints, the journal, and what it is that runs."""
