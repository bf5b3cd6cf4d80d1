"""The options that more than one command has."""

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.errors import UserError

if TYPE_CHECKING:
    from fatnn_bench.workload.cases import Case
    from fatnn_bench.workload.layers import Layer

ShapesOption = Annotated[
    list[str],
    typer.Option(
        "--shapes",
        help="Networks, YAML files of layers, models (.onnx, .safetensors, .gguf), or GEMMs as MxNxK; several with "
        "commas, or given again.",
        metavar="SHAPES",
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option(help="Images or sequences at a time: instead of a network's own, or where a model has none.", min=1),
]
TokensOption = Annotated[int | None, typer.Option(help="Tokens of a sequence, where a model leaves that open.", min=1)]
LayerOption = Annotated[
    list[str] | None,
    typer.Option(help="Only layers that match, such as 'conv*_x'; may be given again.", metavar="GLOB"),
]
KernelOption = Annotated[
    list[str] | None,
    typer.Option(help="Only kernels that match, such as 'ternary-*,blas.*'; may be given again.", metavar="GLOB"),
]
PlatformOption = Annotated[
    list[str],
    typer.Option(help="Entries of platforms.yaml; several with commas, or given again.", metavar="NAMES"),
]
PlatformsOption = Annotated[
    Path | None, typer.Option(help="Platforms file, instead of ./platforms.yaml or the one that ships.", metavar="FILE")
]
SeedOption = Annotated[int, typer.Option(help="Fixes the data and the order of measurement.", min=0, max=2**63 - 1)]


PluginOption = Annotated[
    list[Path] | None,
    typer.Option(help="A file with kernels of yours, which is run; may be given again.", metavar="FILE"),
]


#: What is chosen where a person does not.
NATIVE, RESNET18 = ["native"], ["resnet18"]


def together(given: Sequence[str]) -> str:
    """What an option chooses that takes commas and may be given again: both add up."""
    return ",".join(given)


#: The most processes that share the rounds of a run: more say little more of what differs between them.
MOST_PROCESSES = 20
#: The most seconds that a person can give a case, eleven days: the system's timers end somewhere above.
MOST_SECONDS = 1e6


class Scope(StrEnum):
    """What the clock sees."""

    KERNEL = "kernel"
    LAYER = "layer"
    PACKED = "packed"
    NETWORK = "network"


class Cache(StrEnum):
    """Where calls find their operands."""

    WARM = "warm"
    COLD_WEIGHTS = "cold-weights"
    COLD = "cold"


class Order(StrEnum):
    """In which order samples are taken."""

    INTERLEAVED = "interleaved"
    GROUPED = "grouped"


def number(value: float | None) -> float | None:
    """An option's callback: refuse what is not a number, which no least and no most shuts out."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is not a number")
    return value


TimeoutOption = Annotated[
    float,
    typer.Option(
        help="Give a case up that does not come back for so many seconds.",
        min=0.1,
        max=MOST_SECONDS,
        metavar="SECONDS",
        callback=number,
    ),
]
ScopeOption = Annotated[
    Scope,
    typer.Option(
        help="What is timed: packed operands to sums; float image to sums; packed image to packed; whole network."
    ),
]


def writable(output: Path | None) -> Path | None:
    """The file that a person named to write to, once it is known that it can be: asked before the work is done."""
    from fatnn_bench.files import wholefile

    if output is not None:
        wholefile.refuse_unwritable(output)
    return output


def chosen_layers(shapes: str, scope: Scope, batch: int | None, tokens: int | None) -> "list[Layer]":
    """The layers that the options ask for; what a model holds beside them is told."""
    from fatnn_bench.architectures import network_shapes, networks
    from fatnn_bench.architectures.models.found import Given

    if scope is Scope.NETWORK:
        if tokens is not None:
            raise UserError(f"--tokens {tokens}: scope network runs networks of images; leave it out")
        return network_shapes.load(shapes, batch)
    found = networks.find(shapes, Given(batch, tokens))
    for model in found:
        if model.is_model:
            say.note(f"{model.network}: {model.summary}")
    return networks.joined(found)


def chosen_cases(
    layers: "Sequence[Layer]",
    layer: str | None,
    kernel: str | None,
    scope: Scope,
    threads: int,
    plugins: Sequence[str] = (),
    kind: str = "cpu",
) -> "list[Case]":
    """The cases that the options ask for, on a kind of platform; ``plugins`` are those of :func:`chosen_plugins`."""
    from fatnn_bench.contenders.catalog import contenders
    from fatnn_bench.workload.cases import sweep

    names = list(contenders(scope, kind))
    if plugins:
        from fatnn_bench.plugins.discovery import discover

        names += [found.name for found in discover(plugins)[0] if found.scope == scope and found.name not in names]
    return sweep(layers, names, scope.value, threads, layer, kernel)


def chosen_plugins(files: Sequence[Path] | None) -> tuple[list[str], bool]:
    """The installed plugins and those in files, and whether all of the files can be used; what cannot is told."""
    from fatnn_bench.contenders.catalog import SCOPES, contenders
    from fatnn_bench.plugins.discovery import discover, named

    plugins = named(files or ())
    whole = True
    taken = {name for scope in SCOPES for name in contenders(scope)} if plugins else set()
    for plugin in plugins:
        found, troubles = discover([plugin])
        troubles += [f"plugin {plugin}: there is a kernel {f.name} already" for f in found if f.name in taken]
        taken |= {f.name for f in found}
        whole &= not troubles or not Path(plugin).is_absolute()
        for trouble in troubles:
            say.note(f"fatnn-bench: {trouble}")
    return plugins, whole


def chosen_affinity(text: str) -> str:
    """What a person asked for: ``auto``, ``none``, or the number of a core."""
    word = text.strip().lower()
    if word not in ("auto", "none") and not (word.isascii() and word.isdecimal()):
        raise UserError(f"--affinity is {text!r}, expected auto, none, or the number of a core, such as 3")
    return word


def percentage(option: str, text: str) -> float:
    """The share that a person wrote, as ``2%``: 0.02. A bare number is refused, for it may mean either."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / 100
    except ValueError:
        share = -1.0
    if not text.strip().endswith("%") or not 0 <= share < 10:
        raise UserError(f"{option} is {text!r}, expected a percentage with its sign, such as 2%")
    return share
