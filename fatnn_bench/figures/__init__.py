"""Figures of a run, drawn without a display and written with the CSV of what they show.

To all of them, ``output`` is where the figure goes, a name in .png, .svg or .pdf, by default ``<run file>-<kind>.png``
beside the run. It and the CSV of equal stem are overwritten if they exist, and their paths are returned. UserError is
raised if the ending is none of these, if a file cannot be written, and if there is nothing to draw.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from fatnn_bench import compare, tradeoff
from fatnn_bench.accuracy.records import AccuracyRun
from fatnn_bench.errors import UserError
from fatnn_bench.figures import pareto, roofline, speedup, stages, style
from fatnn_bench.peaks import Bandwidth
from fatnn_bench.results import Run

__all__ = ["save_pareto", "save_roofline", "save_speedup", "save_stages"]

#: Accepted endings, and metadata without the clock, so that a figure that is the same makes a file that is.
_METADATA: dict[str, dict[str, None]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
_PNG_DPI = 200


def save_speedup(run: Run, output: Path | None = None, baseline: str | None = None) -> tuple[Path, Path]:
    """Draw bars of speedup over a baseline; see :func:`fatnn_bench.compare.speedups`."""
    return _save(
        run, output, "speedup", compare.speedups(run, baseline), lambda table: speedup.draw(table, run.header, baseline)
    )


def save_stages(run: Run, output: Path | None = None, kernels: str | None = None) -> tuple[Path, Path]:
    """Draw where the time of each layer goes; see :func:`fatnn_bench.figures.stages.table`."""
    return _save(run, output, "stages", stages.table(run, kernels), lambda table: stages.draw(table, run.header))


def save_roofline(run: Run, output: Path | None = None, bandwidths: Sequence[Bandwidth] = ()) -> tuple[Path, Path]:
    """Draw how far kernels are from the machine's limits; see :func:`fatnn_bench.figures.roofline.table`."""
    return _save(
        run,
        output,
        "roofline",
        roofline.table(run, bandwidths),
        lambda table: roofline.draw(table, run.header, bandwidths),
    )


def save_pareto(run: Run, accuracy: AccuracyRun, output: Path | None = None) -> tuple[Path, Path]:
    """Draw what accuracy costs, from a speed run and an accuracy run; see :func:`fatnn_bench.tradeoff.joined`."""
    table = pareto.table(tradeoff.joined(accuracy, run))
    dataset = accuracy.header.settings.dataset
    return _save(run, output, "pareto", table, lambda table: pareto.draw(table, run, dataset))


def _save(
    run: Run, output: Path | None, kind: str, table: pd.DataFrame, draw: Callable[[pd.DataFrame], Figure]
) -> tuple[Path, Path]:
    path = output or _beside(run, kind)
    if path.suffix.lower() not in _METADATA:
        raise UserError(f"cannot draw to {path}: its name must end in {', '.join(_METADATA)}, which says the format")
    with mpl.rc_context(style.RC):
        _write(draw(table), path)
    csv = path.with_suffix(".csv")
    try:
        table.to_csv(csv, index=False, lineterminator="\n")
    except OSError as error:
        raise _unwritable(csv, error) from error
    return path, csv


def _beside(run: Run, kind: str) -> Path:
    source = Path(run.source)
    return source.with_name(f"{source.stem}-{kind}.png")


def _write(figure: Figure, path: Path) -> None:
    try:
        figure.savefig(path, dpi=_PNG_DPI, metadata=_METADATA[path.suffix.lower()])
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot write {path}: {error.strerror}; name a file that can be written with -o")
