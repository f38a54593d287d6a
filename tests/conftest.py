"""What holds for all tests: property tests draw the same examples in every run, and Ctrl-C can be tested."""

import signal

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

# A shell starts what it runs in the background with this signal ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
