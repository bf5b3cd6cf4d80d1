"""``fatnn-bench show``."""

from fatnn_bench.cli.saved import FormatOption, OutputOption, RunArgument, read
from fatnn_bench.printing.formats import Format


def show(run: RunArgument, form: FormatOption = Format.TABLE, output: OutputOption = None) -> None:
    """Print a saved run: where and how it was measured, then a line a case.

    Example: [bold]fatnn-bench show results/native[/bold]
    """
    from fatnn_bench.printing import render, tables

    render.write(tables.rows_document(read(run)), form, output)
