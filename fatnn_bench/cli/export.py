"""``fatnn-bench export``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.options import writable


def export(
    model: Annotated[Path, typer.Argument(help="A checkpoint that `accuracy` made.", metavar="MODEL")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write, such as net.fatnn.", callback=writable)
    ],
) -> None:
    """Turn a trained network into packed integers and thresholds that run without PyTorch, to the same bit.

    Example: [bold]fatnn-bench export results/accuracy/digits/20260102T030405Z/fatnn-seed0.pt -o net.fatnn[/bold]
    """
    from fatnn_bench.accuracy.extra import require

    require("torch")
    from fatnn_bench.accuracy.checkpoint import load_network
    from fatnn_bench.accuracy.export import exported
    from fatnn_bench.engine import save

    architecture, graph, _ = load_network(model)
    program = exported(architecture, graph)
    save(program, output)
    folded = sum(operation.kind == "threshold" for operation in program.operations)
    print(
        f"{output}: {program.name} in {program.scheme}, {program.weight_bytes / 1024:.1f} KiB of weights, "
        f"{folded} batch norms folded into thresholds"
    )
