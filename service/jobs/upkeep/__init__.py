"""Upkeep of data: copied, put back, checked, and written out for others to read.

`backup` copies a data folder and writes its `manifest`, `restore` makes one of a copy, `verify` looks whether one is
whole; `export` writes `tables`. `commands` is how people call them.
"""
