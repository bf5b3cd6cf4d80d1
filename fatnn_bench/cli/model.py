"""``fatnn-bench model``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.options import (
    NATIVE,
    BatchOption,
    PlatformOption,
    PlatformsOption,
    ShapesOption,
    TokensOption,
    together,
)
from fatnn_bench.cli.saved import FormatOption, OutputOption, read
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format

#: Two layers of ResNet-18: many rows of short inner products, and few of long ones.
_SHAPES = ["784x128x1152", "196x256x2304"]


def model(
    validate: Annotated[bool, typer.Option("--validate", help="Compare the model with this machine.")] = False,
    run: Annotated[
        Path | None,
        typer.Option(help="Compare with this saved run of another machine, and --cpu.", metavar="FILE"),
    ] = None,
    cpu: Annotated[str | None, typer.Option(help="LLVM's name of the CPU of --run, such as znver4.")] = None,
    platform: PlatformOption = NATIVE,
    platforms: PlatformsOption = None,
    shapes: ShapesOption = _SHAPES,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Say how far the machine model is off: every product predicted and measured, here or in a saved run.

    What the model says of another machine is a run on its platform: fatnn-bench run --platform cortex-a76.

    Example: [bold]fatnn-bench model --validate --platform native,x86-64-v3[/bold]
    """
    if not validate:
        raise UserError("say what to do with the model: --validate; to predict, fatnn-bench run --platform cortex-a76")
    if (run is None) != (cpu is None):
        raise UserError("--run and --cpu go together: a saved run, and LLVM's name of the CPU that it was measured on")
    from fatnn_bench.architectures import networks
    from fatnn_bench.architectures.models.found import Given
    from fatnn_bench.platforms import load, select
    from fatnn_bench.printing import render
    from fatnn_bench.trust.model import document
    from fatnn_bench.trust.model import validate as validate_here
    from fatnn_bench.trust.saved_model import validate_saved

    chosen = select(load(platforms), together(platform))
    if run is not None and cpu is not None:
        found = validate_saved(read(run), cpu, chosen)
    else:
        found = validate_here(networks.load(together(shapes), Given(batch, tokens)), chosen)
    render.write(document(found), form, output)
