"""fatnn-bench: which precision should this machine run, and what is really gained?

The Python interface is what the command line uses::

    import fatnn_bench as fb

    run = fb.load("results/native")   # a results file, or a folder: then the newest in it
    run.frame()                       # a DataFrame, a row a case
    fb.speedups(run)                  # every kernel over the fastest float32 of each layer, with 95% intervals
    fb.totals(run, "int8")            # whole networks, over a kernel of your choice
    fb.ratios([before, after])        # what changed between runs, case by case
    fb.report([run], "report.html")   # the page
    fb.layers(module, example)        # the layers of a PyTorch module, to run or to write as YAML
"""

from fatnn_bench.version import __version__

TYPE_CHECKING = False  # typing's own would load typing, before the command line can take Ctrl-C
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from pathlib import Path
    from typing import Any

    from fatnn_bench.architectures.models.found import Found
    from fatnn_bench.comparison.compare import speedups, totals
    from fatnn_bench.comparison.compare_runs import ratios
    from fatnn_bench.records.run import Run

__all__ = ["Found", "Run", "__version__", "layers", "load", "ratios", "report", "speedups", "totals"]

#: Where the names are; they are loaded when they are wanted, so that `import fatnn_bench` is quick.
_HOMES = {
    "Found": "fatnn_bench.architectures.models.found",
    "Run": "fatnn_bench.records.run",
    "ratios": "fatnn_bench.comparison.compare_runs",
    "speedups": "fatnn_bench.comparison.compare",
    "totals": "fatnn_bench.comparison.compare",
}


def layers(module: "Any", example: "Any") -> "Found":
    """Find the layers of a PyTorch module, by calling it once.

    Parameters
    ----------
    module : torch.nn.Module
        Called in evaluation and without gradients; it is left as it was. On the device ``meta`` nothing is computed, so
        that a module may be larger than the memory.
    example : torch.Tensor, tuple or mapping
        What it is called with: an input, several, or several by name. Batch and sequence length are theirs.

    Returns
    -------
    Found
        ``layers`` holds convolutions and products with constant weights, each shape once with its ``count``;
        ``summary`` says what else there is. ``yaml()`` is the text of a file for ``--shapes``.

    Raises
    ------
    UserError
        If PyTorch is not installed, or the module has no such layer.
    """
    from fatnn_bench.architectures.models import torch_module

    return torch_module.layers(module, example)


def load(path: "str | PathLike[str]") -> "Run":
    """Read a results file.

    Parameters
    ----------
    path : str or path-like
        A results file, or a folder: then the newest run in it, or in the folders below it.

    Returns
    -------
    Run
        Its times are in seconds, its sizes in bytes. A torn last line, and all but the last row of a case, are left out
        and named in ``warnings``.

    Raises
    ------
    UserError
        If there is no such file, or it is no results file of this or an older version; the sentence names the line.
    """
    from pathlib import Path

    from fatnn_bench.records import store

    return store.read(Path(path))


def report(
    runs: "Sequence[Run]", output: "str | PathLike[str]", baseline: str | None = None, all_ways: bool = False
) -> "Path":
    """Write the page that ``fatnn-bench report`` writes: HTML that asks for nothing outside itself.

    Parameters
    ----------
    runs : sequence of Run
        At least one; each has a part of the page.
    output : str or path-like
        The file to write; one that is there is replaced.
    baseline : str, optional
        The kernel to measure against; by default the fastest float32 kernel of each layer.
    all_ways : bool
        Whether the table by precision and the figures have all kernels, and not the best way of each precision.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UserError
        If the file cannot be written, or no run has a kernel named ``baseline``.
    """
    from pathlib import Path

    from fatnn_bench.report import page

    return page.write(runs, Path(output), baseline, all_ways)


def __getattr__(name: str) -> "Any":
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'fatnn_bench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
