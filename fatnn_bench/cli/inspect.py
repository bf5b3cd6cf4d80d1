"""``fatnn-bench inspect``."""

from typing import Annotated

import typer

from fatnn_bench.cli.options import NATIVE, BatchOption, PlatformOption, PlatformsOption, TokensOption, together
from fatnn_bench.cli.saved import FormatOption, OutputOption
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format


def inspect(
    case: Annotated[
        str, typer.Argument(help="A case's id, or kernel/shape for scope kernel.", metavar="CASE", show_default=False)
    ],
    platform: PlatformOption = NATIVE,
    shapes: Annotated[
        list[str] | None,
        typer.Option("--shapes", help="Where the layer is, if in no shipped network: as for run.", metavar="SHAPES"),
    ] = None,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    platforms: PlatformsOption = None,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Print the assembly of a kernel's hot loop as it was compiled, its instructions by kind, and its work.

    Example: [bold]fatnn-bench inspect ternary-fatnn/resnet18.conv2_x/layer@1[/bold]
    """
    from fatnn_bench.architectures.models.found import Given
    from fatnn_bench.launch import inspection
    from fatnn_bench.platforms import load, select
    from fatnn_bench.printing import render

    chosen = select(load(platforms), together(platform))
    if len(chosen) > 1:
        raise UserError(f"--platform {together(platform)} names {len(chosen)} platforms; a case is compiled for one")
    ((name, entry),) = chosen.items()
    asked = inspection.find_case(case, together(shapes) if shapes else None, entry.thread_count, Given(batch, tokens))
    render.write(inspection.document(asked, name, inspection.ask(asked, name, entry)), form, output)
