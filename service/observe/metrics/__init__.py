"""Metrics for Prometheus: which there are, and how they are filled from the status."""
