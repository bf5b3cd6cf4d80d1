"""``fatnn-bench run``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli.options import (
    KernelOption,
    LayerOption,
    PlatformOption,
    PlatformsOption,
    Scope,
    ScopeOption,
    SeedOption,
    ShapesOption,
    chosen_cases,
)
from fatnn_bench.errors import UserError

if TYPE_CHECKING:
    from fatnn_bench.cases import Case
    from fatnn_bench.platforms import Platform
    from fatnn_bench.results import Run
    from fatnn_bench.timing import Settings


def run(
    platform: PlatformOption = "native",
    shapes: ShapesOption = "resnet18",
    layer: LayerOption = None,
    kernel: KernelOption = None,
    scope: ScopeOption = Scope.KERNEL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Results file; results/PLATFORM/TIME.jsonl if not given.")
    ] = None,
    seed: SeedOption = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A rougher answer, in seconds.")] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="A tighter answer, in minutes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the cases and an estimate, and stop.")] = False,
    platforms: PlatformsOption = None,
) -> None:
    """Verify and time kernels on the layers of networks, and print their speedups.

    Every case is checked against an independent result before and after it is timed. Rows are written as they come:
    what was measured before an interruption is kept.

    Example: [bold]fatnn-bench run --platform native --shapes resnet18 --kernel 'ternary-*,blas.float32'[/bold]
    """
    from fatnn_bench.platforms import load, select

    settings = _settings(quick, rigorous)
    chosen = select(load(platforms), platform)
    if output is not None and len(chosen) > 1:
        raise UserError(f"-o names one file and --platform {platform} has {len(chosen)} platforms; leave -o out")
    for name, entry in chosen.items():
        cases = chosen_cases(shapes, layer, kernel, scope, entry.thread_count)
        if dry_run:
            _print_plan(name, cases, settings)
        else:
            _measure(name, entry, cases, settings, seed, output)


def _settings(quick: bool, rigorous: bool) -> "Settings":
    from fatnn_bench import timing

    if quick and rigorous:
        raise UserError("--quick and --rigorous exclude each other; give one of them")
    return timing.QUICK if quick else timing.RIGOROUS if rigorous else timing.STANDARD


def _print_plan(name: str, cases: "list[Case]", settings: "Settings") -> None:
    from fatnn_bench.campaign import estimate_s

    for case in cases:
        print(f"{case.id}  {case.layer.m}×{case.layer.n}×{case.layer.k}")
    typer.echo(f"{len(cases)} cases on {name}, about {estimate_s(cases, settings):.0f} s once compiled", err=True)


def _measure(
    name: str, entry: "Platform", cases: "list[Case]", settings: "Settings", seed: int, output: Path | None
) -> None:
    from datetime import UTC, datetime

    from fatnn_bench import campaign, store
    from fatnn_bench.cli.progress import Progress

    path = output or store.default_path(name, datetime.now(UTC))
    try:
        with Progress(len(cases)) as progress:
            done = campaign.measure(cases, name, entry, settings, seed, path, progress)
    except KeyboardInterrupt:
        if path.exists():
            typer.echo(f"fatnn-bench: interrupted; what was measured is kept: fatnn-bench show {path}", err=True)
            raise typer.Exit(130) from None
        raise
    _print_speedups(done)
    typer.echo(f"saved {path}", err=True)
    if settings.name == "quick":
        typer.echo("--quick is rougher: few and short samples; leave it out for numbers to quote", err=True)
    code = campaign.exit_code(done.rows)
    if code:
        raise typer.Exit(code)


def _print_speedups(done: "Run") -> None:
    """The speedups; where no float32 was measured to compare with, the rows themselves."""
    from fatnn_bench import render, tables
    from fatnn_bench.errors import NothingComparableError
    from fatnn_bench.formats import Format

    try:
        document = tables.speedups_document(done)
    except NothingComparableError:
        document = tables.rows_document(done)
    render.write(document, Format.TABLE)
