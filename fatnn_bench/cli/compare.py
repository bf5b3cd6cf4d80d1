"""``fatnn-bench compare``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.saved import BaselineOption, FormatOption, OutputOption, read
from fatnn_bench.errors import UserError
from fatnn_bench.formats import Format


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Results files, or folders: then the newest in each.", metavar="RUN", show_default=False),
    ],
    baseline: BaselineOption = None,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Print what was gained: the kernels of one run against float32, or several runs against the first.

    A speedup above 1 is faster. One run is compared by layer and kernel, several are by case.

    Totals are the sum of count × time over a network's layers; means are geometric; intervals are 95%.

    Example: [bold]fatnn-bench compare results/native --baseline int8 --format markdown[/bold]

    Example: [bold]fatnn-bench compare before.jsonl after.jsonl[/bold]
    """
    from fatnn_bench import render, tables

    if len(runs) > 1 and baseline:
        raise UserError("--baseline chooses a kernel within one run; of several runs the first is the baseline")
    read_runs = [read(path) for path in runs]
    document = tables.runs_document(read_runs) if len(runs) > 1 else tables.speedups_document(read_runs[0], baseline)
    render.write(document, form, output)
