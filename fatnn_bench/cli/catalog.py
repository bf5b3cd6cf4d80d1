"""``fatnn-bench list``."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import (
    BatchOption,
    PlatformsOption,
    PluginOption,
    TokensOption,
    chosen_plugins,
    together,
)
from fatnn_bench.cli.saved import OutputOption
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format


class Listing(StrEnum):
    """What ``--format`` accepts for layers."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    LATEX = "latex"
    YAML = "yaml"


class Topic(StrEnum):
    """What there is to list."""

    KERNELS = "kernels"
    NETWORKS = "networks"
    PLATFORMS = "platforms"


def list_(
    topic: Annotated[Topic | None, typer.Argument(help="One of the three; all if not given.")] = None,
    shapes: Annotated[
        list[str] | None,
        typer.Option("--shapes", help="The layers that these name instead, as for run.", metavar="SHAPES"),
    ] = None,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    form: Annotated[
        Listing, typer.Option("--format", help="Of layers; yaml is a file for --shapes, to be edited.")
    ] = Listing.TABLE,
    output: OutputOption = None,
    platforms: PlatformsOption = None,
    plugin: PluginOption = None,
) -> None:
    """List the platforms, kernels and networks there are; or the layers of networks and models.

    Example: [bold]fatnn-bench list kernels[/bold]

    Example: [bold]fatnn-bench list --shapes model.onnx --format yaml -o mine.yaml[/bold]
    """
    if shapes is not None:
        if topic is not None:
            raise UserError(f"list {topic} lists no layers; leave {topic} or --shapes out")
        _layers(together(shapes), batch, tokens, form, output)
        return
    if form is not Listing.TABLE or output is not None:
        raise UserError("--format and -o write layers; name some with --shapes")
    listings: dict[Topic, Callable[[], Iterable[tuple[str, str]]]] = {
        Topic.PLATFORMS: lambda: _platforms(platforms),
        Topic.KERNELS: lambda: [*_kernels(), *_foreign(plugin)],
        Topic.NETWORKS: _networks,
    }
    for name, entries in listings.items():
        if topic in (None, name):
            rows = list(entries())
            width = max(len(entry) for entry, _ in rows)
            print(name if topic is None else "", end="\n" if topic is None else "")
            for entry, description in rows:
                say.result(f"  {entry:{width}}  {description}".rstrip())


def _platforms(path: PlatformsOption) -> Iterable[tuple[str, str]]:
    from fatnn_bench.platforms import load

    return [(name, entry.description) for name, entry in load(path).items()]


def _kernels() -> Iterable[tuple[str, str]]:
    from fatnn_bench.contenders.catalog import SCOPES, contenders

    competing = {scope: contenders(scope) for scope in SCOPES}
    here = {name for those in competing.values() for name in those}
    on_gpu = contenders("kernel", "cuda")
    competing["kernel, on a GPU"] = {name: on_gpu[name] for name in on_gpu if name not in here}
    domains: dict[str, str] = {}
    scopes: dict[str, list[str]] = {}
    for scope, those in competing.items():
        for name, contender in those.items():
            domains[name] = f"{contender.x_domain.name} × {contender.y_domain.name}"
            scopes.setdefault(name, []).append(scope)
    return [(name, f"{domain} ({', '.join(scopes[name])})") for name, domain in domains.items()]


def _foreign(files: PluginOption) -> Iterable[tuple[str, str]]:
    from fatnn_bench.plugins.discovery import discover

    plugins, _ = chosen_plugins(files)
    return [(found.name, f"{found.domain} ({found.scope}), {found.plugin}") for found in discover(plugins)[0]]


def _networks() -> Iterable[tuple[str, str]]:
    from fatnn_bench.architectures import networks

    return [(name, networks.describe(name)) for name in networks.names()]


def _layers(shapes: str, batch: int | None, tokens: int | None, form: Listing, output: Path | None) -> None:
    from fatnn_bench.architectures import networks
    from fatnn_bench.architectures.models.found import Given
    from fatnn_bench.files import wholefile
    from fatnn_bench.printing import layers, render

    found = networks.find(shapes, Given(batch, tokens))
    if form is not Listing.YAML:
        render.write(layers.document(found), Format(form.value), output)
        return
    if len(found) > 1:
        raise UserError(f"--shapes {shapes} names {len(found)} networks, and a YAML file holds one; name one")
    text = found[0].yaml()
    if output is None:
        say.document(text)
    else:
        wholefile.write(output, text)
