"""``fatnn-bench new-kernel``."""

from pathlib import Path
from typing import Annotated

import typer


def new_kernel(
    name: Annotated[str, typer.Argument(help="Of its module, such as my_kernel.", metavar="NAME")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write to.", metavar="FOLDER", file_okay=False)
    ] = Path(),
) -> None:
    """Write a kernel that works, and its test, to go on from.

    Example: [bold]fatnn-bench new-kernel my_kernel[/bold]
    """
    from fatnn_bench.plugins import scaffold

    for path in scaffold.write(name, output):
        typer.echo(path)
    typer.echo(f"next: fatnn-bench run --plugin {output / name}.py --shapes 64x64x576", err=True)
