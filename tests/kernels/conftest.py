"""Settings of the kernels' tests."""

from hypothesis import settings

# the first example of a kernel waits for the compiler, which says nothing of the code
settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")
