"""``fatnn-bench reproduce``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli.choice import Choice
from fatnn_bench.cli.options import TimeoutOption
from fatnn_bench.errors import Exit, UserError

if TYPE_CHECKING:
    from fatnn_bench.results.records import Run


def reproduce(
    artifact: Annotated[Path, typer.Argument(help="A zip of `fatnn-bench bundle`.", metavar="FILE")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for what is measured now.", metavar="FOLDER")
    ] = Path("reproduced"),
    timeout: TimeoutOption = 120.0,
) -> None:
    """Run what an artifact holds again, here, and say of each claim whether it holds, with the figures.

    Platforms are your own, by name: nothing that the artifact brings is run. Exits with 3 if a claim fails, and with 5
    if nothing was measured that could tell.

    Example: [bold]fatnn-bench reproduce artifact.zip[/bold]
    """
    from fatnn_bench.artifact import bundle
    from fatnn_bench.artifact.claims import Ruling, judge

    held = bundle.read(artifact)
    here = [_again(run, output / f"{i}-{run.header.platform}.jsonl", timeout) for i, run in enumerate(held.runs)]
    rulings = set()
    for then, now in zip(judge(held.claims, held.runs), judge(held.claims, here), strict=True):
        rulings.add(now.ruling)
        figures = [str(outcome.gain or "not measured") for outcome in (now, then)]
        typer.echo(f"{now.ruling:7} {now.claim}: {figures[0]} here, {figures[1]} there")
    if not held.claims:
        typer.echo("fatnn-bench: the artifact claims nothing", err=True)
    if Ruling.FAIL in rulings:
        raise typer.Exit(Exit.REGRESSION)
    if not rulings - {Ruling.UNKNOWN}:
        raise typer.Exit(Exit.NOTHING)


def _again(run: "Run", output: Path, timeout: float) -> "Run":
    """Measure what a run measured, on the platform of that name here."""
    from fatnn_bench import campaign
    from fatnn_bench.campaign import Plan
    from fatnn_bench.cli.progress import Progress

    if not run.header.options:
        raise UserError(f"{Path(run.source).name} does not tell what was asked for, so it cannot be run again")
    held = Choice.of_run(run)
    affinity = "none" if held.affinity == "none" else "auto"  # the numbers of cores are another machine's
    # neither files nor code of the artifact's maker
    chosen = replace(held, platforms=None, plugin=[], affinity=affinity)
    if Path(chosen.shapes).suffix in (".yaml", ".yml"):
        raise UserError(f"{Path(run.source).name} has layers of {chosen.shapes}, a file of its maker's; run it by hand")
    (entry,) = chosen.entries().values()
    plan = Plan(
        chosen.cases(entry),
        chosen.platform,
        entry,
        chosen.settings(),
        chosen.seed,
        timeout,
        chosen.affinity,
        chosen.to_json(),
    )
    with Progress(len(plan.cases)) as progress:
        done = campaign.measure(plan, output, progress)
    typer.echo(f"saved {output}", err=True)
    return done
