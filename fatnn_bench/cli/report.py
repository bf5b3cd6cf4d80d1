"""``fatnn-bench report``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.options import writable
from fatnn_bench.cli.saved import BaselineOption, RunsArgument, WaysOption, read


def report(
    runs: RunsArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="The page to write; one that exists is replaced.", metavar="FILE", callback=writable
        ),
    ] = Path("report.html"),
    baseline: BaselineOption = None,
    ways: WaysOption = False,
) -> None:
    """Write one page about saved runs that can be mailed: the answer, the table, the figures, how far to trust it.

    Example: [bold]fatnn-bench report results/native -o report.html[/bold]
    """
    from fatnn_bench.report import write

    typer.echo(write([read(path) for path in runs], output, baseline, ways))
