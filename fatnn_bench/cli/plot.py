"""``fatnn-bench plot``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.saved import BaselineOption, RunArgument, read


class Kind(StrEnum):
    """The figures there are."""

    SPEEDUP = "speedup"


def plot(
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Figure file: .png, .svg or .pdf. By default beside the run, with -speedup.png to its name.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What to draw: bars of speedup, by layer and kernel.")] = Kind.SPEEDUP,
    baseline: BaselineOption = None,
) -> None:
    """Draw a saved run, and write the CSV behind the figure beside it. Needs no display.

    Example: [bold]fatnn-bench plot results/native -o speedup.svg[/bold]
    """
    from fatnn_bench import figures

    draw = {Kind.SPEEDUP: figures.save_speedup}[kind]
    for path in draw(read(run), output, baseline):
        typer.echo(path)
