"""fatnn-bench: which precision should this machine run, and what is really gained?

The Python interface is what the command line uses::

    import fatnn_bench as fb

    run = fb.load("results/native")   # a results file, or a folder: then the newest in it
    run.frame()                       # a DataFrame, a row a case
    fb.speedups(run)                  # every kernel over the fastest float32 of each layer, with 95% intervals
    fb.totals(run, "int8")            # whole networks, over a kernel of your choice
    fb.ratios([before, after])        # what changed between runs, case by case
    fb.report([run], "report.html")   # the page
"""

from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fatnn_bench.comparison.compare import speedups, totals
    from fatnn_bench.comparison.compare_runs import ratios
    from fatnn_bench.results.records import Run

__version__ = "0.1.0"

__all__ = ["Run", "__version__", "load", "ratios", "report", "speedups", "totals"]

#: Where the names are; they are loaded when they are wanted, so that `import fatnn_bench` is quick.
_HOMES = {
    "Run": "fatnn_bench.results.records",
    "ratios": "fatnn_bench.comparison.compare_runs",
    "speedups": "fatnn_bench.comparison.compare",
    "totals": "fatnn_bench.comparison.compare",
}


def load(path: str | PathLike[str]) -> "Run":
    """Read a results file, or the newest in a folder; errors are those of :func:`fatnn_bench.results.store.read`."""
    from pathlib import Path

    from fatnn_bench.results import store

    return store.read(Path(path))


def report(runs: "Sequence[Run]", output: str | PathLike[str], baseline: str | None = None) -> "Path":
    """Write the page that ``fatnn-bench report`` writes, and return its path. Raises UserError if it cannot be."""
    from pathlib import Path

    from fatnn_bench.report import page

    return page.write(runs, Path(output), baseline)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'fatnn_bench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
