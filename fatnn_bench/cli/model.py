"""``fatnn-bench model``."""

from typing import Annotated

import typer

from fatnn_bench.cli.options import BatchOption, ShapesOption, TokensOption, together
from fatnn_bench.cli.saved import FormatOption, OutputOption
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format

#: Two layers of ResNet-18: many rows of short inner products, and few of long ones.
_SHAPES = ["784x128x1152", "196x256x2304"]


def model(
    validate: Annotated[bool, typer.Option("--validate", help="Compare the model with this machine.")] = False,
    shapes: ShapesOption = _SHAPES,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Say how far the machine model is off: every product predicted and measured, here.

    What the model says of another machine is a run on its platform: fatnn-bench run --platform cortex-a76.

    Example: [bold]fatnn-bench model --validate[/bold]
    """
    if not validate:
        raise UserError("say what to do with the model: --validate; to predict, fatnn-bench run --platform cortex-a76")
    from fatnn_bench.architectures import networks
    from fatnn_bench.architectures.models.found import Given
    from fatnn_bench.printing import render
    from fatnn_bench.trust.model import document
    from fatnn_bench.trust.model import validate as check

    render.write(document(check(networks.load(together(shapes), Given(batch, tokens)))), form, output)
