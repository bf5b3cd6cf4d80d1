"""``fatnn-bench targets``."""

from fatnn_bench.cli.saved import FormatOption, OutputOption, RunsArgument, read
from fatnn_bench.printing.formats import Format


def targets(
    runs: RunsArgument,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Print what the kernels should reach with AVX-512 VPOPCNTDQ beside what runs of one machine measured.

    Shares of the machine's limit and ratios on ResNet-18's four 3×3 layers, for each scope that the runs hold.

    Example: [bold]fatnn-bench targets kernel.jsonl layer.jsonl packed.jsonl[/bold]
    """
    from fatnn_bench.comparison.targets import document
    from fatnn_bench.printing import render

    render.write(document([read(path) for path in runs]), form, output)
