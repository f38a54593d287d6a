"""Observation: what the running service does, as lines of a log, as metrics, as a board in the terminal.

Nothing here changes what is answered. Whatever is read of the fold is copied under its lock, one home type at a time.
"""
