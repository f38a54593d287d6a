"""Commands that ask a running service over HTTP, and the one that makes its keys.

`asking` is what the former share; `status`, `models` and `forget` ask; `keys` reads and writes the file of keys.
"""
