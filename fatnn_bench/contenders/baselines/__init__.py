"""Kernels of other libraries, measured beside the suite's own. Their names begin with the library's."""
