"""Hearthbeat: predicts which smart-home device will fail soon, and keeps learning while it predicts."""

__version__ = "0.1.0"
