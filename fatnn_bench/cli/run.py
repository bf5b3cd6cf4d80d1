"""``fatnn-bench run``."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.choice import Choice
from fatnn_bench.cli.options import (
    MOST_PROCESSES,
    MOST_SECONDS,
    NATIVE,
    RESNET18,
    BatchOption,
    Cache,
    KernelOption,
    LayerOption,
    Order,
    PlatformOption,
    PlatformsOption,
    PluginOption,
    Scope,
    ScopeOption,
    SeedOption,
    ShapesOption,
    TimeoutOption,
    TokensOption,
    chosen_affinity,
    chosen_plugins,
    number,
    together,
)
from fatnn_bench.cli.saved import WaysOption, read
from fatnn_bench.errors import Exit, UserError

if TYPE_CHECKING:
    from fatnn_bench.campaign import Plan
    from fatnn_bench.harness.timing import Settings
    from fatnn_bench.platforms import Platform
    from fatnn_bench.records.run import Run
    from fatnn_bench.workload.layers import Layer


def run(
    context: typer.Context,
    platform: PlatformOption = NATIVE,
    shapes: ShapesOption = RESNET18,
    batch: BatchOption = None,
    tokens: TokensOption = None,
    layer: LayerOption = None,
    kernel: KernelOption = None,
    scope: ScopeOption = Scope.KERNEL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Results file; results/PLATFORM/TIME.jsonl if not given.")
    ] = None,
    seed: SeedOption = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A rougher answer, in seconds.")] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="A tighter answer, in minutes.")] = False,
    order: Annotated[Order, typer.Option(help="The cases in turns, or all samples of a case in a row.")] = (
        Order.INTERLEAVED
    ),
    cache: Annotated[
        Cache, typer.Option(help="Where calls find their operands: weights, or all, may have to come from memory.")
    ] = Cache.WARM,
    case_seconds: Annotated[
        float | None,
        typer.Option(
            help="The most that is spent on a case that will not settle.", min=0, max=MOST_SECONDS, callback=number
        ),
    ] = None,
    timeout: TimeoutOption = 120.0,
    affinity: Annotated[
        str,
        typer.Option(
            help="Pin what runs on one thread: to the quietest core that is no efficiency core (auto), to one that you "
            "name by its number, or to none.",
            metavar="auto|none|CORE",
        ),
    ] = "auto",
    processes: Annotated[
        int | None,
        typer.Option(
            help="Fresh processes that share the rounds, for what differs between them; 3, and 1 with --quick.",
            min=1,
            max=MOST_PROCESSES,
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with a run that was stopped: measure what its file lacks.", metavar="FILE"),
    ] = None,
    ways: WaysOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the cases and an estimate, and stop.")] = False,
    platforms: PlatformsOption = None,
    plugin: PluginOption = None,
) -> None:
    """Verify and time kernels on the layers of networks, and print their speedups.

    Every case is checked against an independent result before and after it is timed. Rows are written as they come:
    what was measured before an interruption is kept.

    Example: [bold]fatnn-bench run --platform native --shapes resnet18 --kernel 'ternary-*,blas.float32'[/bold]

    Example: [bold]fatnn-bench run --resume results/native/20260301T120000Z.jsonl[/bold]
    """
    from fatnn_bench.records import side_by_side

    file = str(platforms) if platforms else None
    plugins, whole = chosen_plugins(plugin)
    choice = Choice(
        together(platform),
        together(shapes),
        together(layer) if layer else None,
        together(kernel) if kernel else None,
        scope,
        seed,
        quick,
        rigorous,
        order,
        cache,
        case_seconds,
        chosen_affinity(affinity),
        processes,
        file,
        plugins,
        batch,
        tokens,
    )
    all_ways = ways or kernel is not None  # who names kernels wants to see them
    earlier = None
    if resume is not None:
        if output is not None:
            raise UserError(f"--resume writes behind the rows of {resume}; leave -o out")
        earlier, output = read(resume), resume
        chosen, given = Choice.of_run(earlier, plugins, choice), choice
        chosen.refuse_others(given, _given(context), earlier.source)
        choice, output = chosen, Path(earlier.source)
    settings = choice.settings()
    entries, layers = choice.entries(), choice.layers()
    plans = [_plan(replace(choice, platform=name), layers, entry, settings, timeout) for name, entry in entries.items()]
    codes: list[Exit] = []
    if dry_run:
        for plan in plans:
            _print_plan(plan, earlier)
    elif len(plans) > 1:
        codes = _sweep(plans, output, all_ways)
    else:
        codes = [_measure(plans[0], output, earlier, all_ways)[1]]
    code = side_by_side.worst(codes)
    if code is not Exit.FINE or not whole:
        raise typer.Exit(code or Exit.ERROR)


def _plan(choice: Choice, layers: "Sequence[Layer]", entry: "Platform", settings: "Settings", timeout: float) -> "Plan":
    from fatnn_bench.campaign import Plan

    plan = Plan(
        choice.cases(layers, entry),
        choice.platform,
        entry,
        settings,
        choice.seed,
        timeout,
        choice.affinity,
        choice.to_json(),
        choice.plugin,
    )
    _refuse_a_core_for_several_threads(plan)
    return plan


def _sweep(plans: Sequence["Plan"], output: Path | None, all_ways: bool) -> list[Exit]:
    """Measure platform by platform, each into a file of its own; where an output is given, all into that as well."""
    from fatnn_bench.records import side_by_side, store
    from fatnn_bench.records.journal import Journal

    done: list[Run] = []
    codes: list[Exit] = []
    with Journal(output) if output else nullcontext() as whole:
        for plan in plans:
            path = side_by_side.part(output, plan.platform_name) if output else None
            try:
                found, code = _measure(plan, path, None, all_ways)
            except UserError as error:
                say.note(f"fatnn-bench: {plan.platform_name}: {error}")
                codes.append(Exit.ERROR)  # the other platforms can still be measured
            else:
                done.append(found)
                codes.append(code)
        if whole and done:
            whole.fill(store.lines(side_by_side.joined(done)))
            typer.echo(f"saved {output}: {', '.join(run.header.platform for run in done)}", err=True)
    return codes


def _refuse_a_core_for_several_threads(plan: "Plan") -> None:
    if plan.affinity.isdecimal() and any(case.threads > 1 for case in plan.cases):
        raise UserError(
            f"--affinity {plan.affinity} is one core, and {plan.platform_name} runs several threads; leave it out there"
        )


def _given(context: typer.Context) -> set[str]:
    """The options that the person gave, rather than left as they are."""
    sources = {field.name: context.get_parameter_source(field.name) for field in fields(Choice)}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def _print_plan(plan: "Plan", earlier: "Run | None") -> None:
    from fatnn_bench.campaign import estimate_s, owed

    cases = owed(plan, earlier)
    for case in cases:
        what = f"SKIPPED: {case.skip_reason}" if case.skip_reason else f"{case.layer.m}×{case.layer.n}×{case.layer.k}"
        say.result(f"{case.id}  {what}")
    seconds = estimate_s(cases, plan.settings)
    typer.echo(f"{len(cases)} cases on {plan.platform_name}, about {seconds:.0f} s once compiled", err=True)


def _measure(plan: "Plan", output: Path | None, earlier: "Run | None", all_ways: bool) -> "tuple[Run, Exit]":
    from datetime import UTC, datetime

    from fatnn_bench import campaign
    from fatnn_bench.cli.progress import Progress
    from fatnn_bench.records import store

    path = output or store.default_path(plan.platform_name, datetime.now(UTC))
    progress = Progress(len(campaign.owed(plan, earlier)))
    try:
        with progress:
            done = campaign.measure(plan, path, progress, go_on=earlier is not None)
    except KeyboardInterrupt:
        if (progress.begun or earlier) and path.exists():
            typer.echo(
                f"fatnn-bench: interrupted; what was measured is kept: fatnn-bench show {path}; "
                f"to go on: fatnn-bench run --resume {path}",
                err=True,
            )
            raise typer.Exit(130) from None
        raise
    _print_speedups(done, all_ways)
    _print_quality(done)
    typer.echo(f"saved {path}", err=True)
    if plan.settings.name == "quick":
        typer.echo("--quick is rougher: few and short samples; leave it out for numbers to quote", err=True)
    return done, campaign.exit_code(done.rows)


def _print_speedups(done: "Run", all_ways: bool) -> None:
    """The speedups; where no float32 was measured to compare with, the rows themselves."""
    from fatnn_bench.errors import NothingComparableError
    from fatnn_bench.printing import render, speedups, tables
    from fatnn_bench.printing.formats import Format

    try:
        document = speedups.document(done, all_ways=all_ways)
    except NothingComparableError:
        document = tables.rows_document(done)
    render.write(document, Format.TABLE)


def _print_quality(done: "Run") -> None:
    """What the run resolves, and how much of it is doubtful."""
    from fatnn_bench.comparison import same_code
    from fatnn_bench.records import repeats
    from fatnn_bench.records.run import Status

    for sentence in same_code.shared_loops(done.rows):
        say.note(f"fatnn-bench: {sentence}")
    floor = repeats.floor(repeats.of(done))
    if floor is not None:
        typer.echo(f"this run resolves differences of {floor:.1%} and more", err=True)
    doubtful = sum(row.status is Status.MISTRUSTED for row in done.rows)
    if doubtful:
        typer.echo(
            f"{doubtful} of {len(done.rows)} rows are MISTRUSTED: `fatnn-bench doctor` says what disturbs this machine",
            err=True,
        )
