"""What the commands that read a saved run have in common."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import writable
from fatnn_bench.printing.formats import Format

if TYPE_CHECKING:
    from fatnn_bench.records.run import Run

RunArgument = Annotated[
    Path, typer.Argument(help="A results file, or a folder: then the newest in it.", metavar="RUN", show_default=False)
]
RunsArgument = Annotated[
    list[Path],
    typer.Argument(help="Results files, or folders: then the newest in each.", metavar="RUN…", show_default=False),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(help="Kernel to compare with, instead of the fastest float32 of each layer.", metavar="KERNEL"),
]
WaysOption = Annotated[bool, typer.Option("--ways", help="All kernels, and not only the best way of each precision.")]
FormatOption = Annotated[Format, typer.Option("--format", help="csv and json have all columns, in full precision.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to a file instead of stdout.", metavar="FILE", callback=writable),
]


def read(path: Path) -> "Run":
    """The run, after telling on stderr what was wrong with its file."""
    from fatnn_bench.records import store

    run = store.read(path)
    gc.freeze()  # its rows stay until the end, so collections, which would look through all of them, leave them out
    for warning in run.warnings:
        say.note(f"fatnn-bench: {warning}")
    return run
