"""Backends of the ports: SQLite for real, memory for tests and embedding."""
