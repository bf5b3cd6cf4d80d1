"""Figures as files: drawn without a display, and written with the CSV of what they show."""

import io
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from fatnn_bench.errors import UserError
from fatnn_bench.figures import Options, room, style
from fatnn_bench.files import csvfile, wholefile
from fatnn_bench.records.run import Run

__all__ = ["save", "svg"]

#: Accepted endings, and metadata without the clock, so that a figure that is the same makes a file that is.
_METADATA: dict[str, dict[str, None]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
_PNG_DPI = 200


def save(
    kind: str,
    runs: Sequence[Run],
    output: Path | None = None,
    options: Options = Options(),  # noqa: B008  # it is frozen
    width: style.Width = style.Width.SCREEN,
) -> tuple[Path, Path]:
    """Draw a kind of figure of runs, and write it and the CSV of what it shows.

    Parameters
    ----------
    kind
        A key of :data:`fatnn_bench.figures.KINDS`.
    runs
        At least one.
    output
        A name in .png, .svg or .pdf, by default ``<run file>-<kind>.png`` beside the first run. It and the CSV of
        equal stem are overwritten if they exist.

    Returns
    -------
    figure, table : Path

    Raises
    ------
    UserError
        The ending is none of these, a file cannot be written, or there is nothing to draw.
    """
    path = output or _beside(runs[0], kind)
    if path.suffix.lower() not in _METADATA:
        raise UserError(f"cannot draw to {path}: its name must end in {', '.join(_METADATA)}, which says the format")
    csv = path.with_suffix(".csv")
    for output in (path, csv):
        wholefile.refuse_unwritable(output)
    ending, content = path.suffix.lower(), io.BytesIO()
    with mpl.rc_context(style.rc(width)):
        table, figure = _drawn(kind, runs, options)
        figure.savefig(content, format=ending[1:], dpi=_PNG_DPI, metadata=_METADATA[ending])
    wholefile.write(path, content.getvalue())
    wholefile.write(csv, csvfile.table(table))
    return path, csv


def svg(kind: str, runs: Sequence[Run], options: Options = Options()) -> tuple[pd.DataFrame, str]:  # noqa: B008
    """Return what a figure shows, and the figure as an SVG document. Raises UserError if there is nothing to draw."""
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        table, figure = _drawn(kind, runs, options)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata=_METADATA[".svg"])
    return table, stream.getvalue()


def _drawn(kind: str, runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a box stands for it
    draw = import_module(f"fatnn_bench.figures.{kind}").figure
    table, figure = draw([room.drawable(run) for run in runs], options)
    return table, figure


def _beside(run: Run, kind: str) -> Path:
    source = Path(run.source)
    return source.with_name(f"{source.stem}-{kind}.png")
