"""Figures of a run, drawn without a display and written with the CSV of what they show."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from fatnn_bench import compare
from fatnn_bench.errors import UserError
from fatnn_bench.figures import speedup, style
from fatnn_bench.results import Run

__all__ = ["save_speedup"]

#: Accepted endings, and metadata without the clock, so that a figure that is the same makes a file that is.
_METADATA: dict[str, dict[str, None]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
_PNG_DPI = 200


def save_speedup(run: Run, output: Path | None = None, baseline: str | None = None) -> tuple[Path, Path]:
    """Draw speedup bars of a run, and write the table behind them beside the figure.

    Parameters
    ----------
    run : Run
    output : Path, optional
        Ends in .png, .svg or .pdf; by default ``<run file>-speedup.png`` beside the run. Overwritten if it exists,
        as is the CSV.
    baseline : str, optional
        See :func:`fatnn_bench.compare.speedups`.

    Returns
    -------
    figure, table : Path
        The figure's file, and the CSV of equal stem.

    Raises
    ------
    UserError
        If the ending is none of these, a file cannot be written, or there is nothing to draw.
    """
    path = output or _beside(run)
    if path.suffix.lower() not in _METADATA:
        raise UserError(f"cannot draw to {path}: its name must end in {', '.join(_METADATA)}, which says the format")
    speedups = compare.speedups(run, baseline)
    with mpl.rc_context(style.RC):
        _write(speedup.draw(speedups, run.header, baseline), path)
    table = path.with_suffix(".csv")
    try:
        speedups.to_csv(table, index=False, lineterminator="\n")
    except OSError as error:
        raise _unwritable(table, error) from error
    return path, table


def _beside(run: Run) -> Path:
    source = Path(run.source)
    return source.with_name(f"{source.stem}-speedup.png")


def _write(figure: Figure, path: Path) -> None:
    try:
        figure.savefig(path, dpi=_PNG_DPI, metadata=_METADATA[path.suffix.lower()])
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot write {path}: {error.strerror}; name a file that can be written with -o")
