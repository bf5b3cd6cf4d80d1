"""``fatnn-bench reproduce``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.choice import Choice
from fatnn_bench.cli.options import PlatformsOption, PluginOption, TimeoutOption, chosen_plugins
from fatnn_bench.errors import Exit

if TYPE_CHECKING:
    from fatnn_bench.records.run import Run


def reproduce(
    artifact: Annotated[Path, typer.Argument(help="A zip of `fatnn-bench bundle`.", metavar="FILE")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for what is measured now.", metavar="FOLDER")
    ] = Path("reproduced"),
    timeout: TimeoutOption = 120.0,
    platforms: PlatformsOption = None,
    plugin: PluginOption = None,
) -> None:
    """Run what an artifact holds again, here, and say of each claim whether it holds, with the figures.

    Platforms are those that ship, or of a file that you name. Nothing that the artifact brings is run: where it used a
    plugin's file, name yours. Exits with 3 if a claim fails, and with 5 if nothing was measured that could tell.

    Example: [bold]fatnn-bench reproduce artifact.zip[/bold]
    """
    from fatnn_bench.artifact import bundle
    from fatnn_bench.artifact.claims import Ruling, judge
    from fatnn_bench.platforms import shipped

    held = bundle.read(artifact)
    plugins, _ = chosen_plugins(plugin)
    file = str(platforms or shipped())  # not ./platforms.yaml: here may be what the artifact was unpacked to
    choices = [_asked(run, plugins, file) for run in held.runs]  # of all, before any is measured
    here = [_again(choice, output / f"{i}-{choice.platform}.jsonl", timeout) for i, choice in enumerate(choices)]
    rulings = set()
    for then, now in zip(judge(held.claims, held.runs), judge(held.claims, here), strict=True):
        rulings.add(now.ruling)
        figures = [str(outcome.gain or "not measured") for outcome in (now, then)]
        say.result(f"{now.ruling:7} {now.claim}: {figures[0]} here, {figures[1]} there")
    if not held.claims:
        typer.echo("fatnn-bench: the artifact claims nothing", err=True)
    if Ruling.FAIL in rulings:
        raise typer.Exit(Exit.REGRESSION)
    if not rulings - {Ruling.UNKNOWN}:
        raise typer.Exit(Exit.NOTHING)


def _asked(run: "Run", plugins: list[str], platforms: str) -> Choice:
    """What a run measured, to be measured here: neither files nor code of the artifact's maker."""
    held = Choice.of_run(run, plugins)
    affinity = "none" if held.affinity == "none" else "auto"  # the numbers of cores are another machine's
    return replace(held, platforms=platforms, affinity=affinity)


def _again(chosen: Choice, output: Path, timeout: float) -> "Run":
    """Measure it, on the platform of that name here."""
    from fatnn_bench import campaign
    from fatnn_bench.campaign import Plan
    from fatnn_bench.cli.progress import Progress

    (entry,) = chosen.entries().values()
    plan = Plan(
        chosen.cases(chosen.layers(), entry),
        chosen.platform,
        entry,
        chosen.settings(),
        chosen.seed,
        timeout,
        chosen.affinity,
        chosen.to_json(),
        chosen.plugin,
    )
    with Progress(len(plan.cases)) as progress:
        done = campaign.measure(plan, output, progress)
    typer.echo(f"saved {output}", err=True)
    return done
