"""``fatnn-bench verify``."""

from typing import TYPE_CHECKING

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import (
    NATIVE,
    RESNET18,
    BatchOption,
    KernelOption,
    LayerOption,
    PlatformOption,
    PlatformsOption,
    PluginOption,
    Scope,
    ScopeOption,
    SeedOption,
    ShapesOption,
    TimeoutOption,
    TokensOption,
    chosen_cases,
    chosen_layers,
    chosen_plugins,
    together,
)
from fatnn_bench.errors import Exit

if TYPE_CHECKING:
    from fatnn_bench.records.run import Row


def verify(
    platform: PlatformOption = NATIVE,
    shapes: ShapesOption = RESNET18,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    layer: LayerOption = None,
    kernel: KernelOption = None,
    scope: ScopeOption = Scope.KERNEL,
    seed: SeedOption = 0,
    timeout: TimeoutOption = 120.0,
    platforms: PlatformsOption = None,
    plugin: PluginOption = None,
) -> None:
    """Check that kernels compute the right result, on random, extreme and alternating data, without timing them.

    Exits with 4 if a result is wrong.

    Example: [bold]fatnn-bench verify --shapes 7x13x45,resnet18 --kernel 'ternary-*'[/bold]
    """
    from fatnn_bench import campaign
    from fatnn_bench.cli.progress import Progress
    from fatnn_bench.platforms import load, select

    plugins, whole = chosen_plugins(plugin)
    layers = chosen_layers(together(shapes), scope, batch, tokens)
    chosen = layers, together(layer) if layer else None, together(kernel) if kernel else None
    rows: list[Row] = []
    try:
        for entry in select(load(platforms), together(platform)).values():
            cases = chosen_cases(*chosen, scope, entry.thread_count, plugins, entry.kind)
            with Progress(len(cases)) as progress:
                for row in campaign.verify(cases, entry, seed, progress, timeout, plugins):
                    rows.append(row)  # an interruption keeps those before it
    finally:
        for row in rows:
            say.result(f"{row.status:8} {row.case}" + (f"  {row.reason}" if row.reason else ""))
    raise typer.Exit(campaign.exit_code(rows) or (Exit.FINE if whole else Exit.ERROR))
