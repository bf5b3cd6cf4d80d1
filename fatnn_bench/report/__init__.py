"""A report: one HTML page about some runs that can be mailed, for it needs nothing but itself."""

from fatnn_bench.report.page import write

__all__ = ["write"]
