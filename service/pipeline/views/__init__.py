"""Questions answered: one device, a list of them, a home type."""
