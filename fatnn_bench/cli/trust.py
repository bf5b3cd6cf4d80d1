"""``fatnn-bench trust``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli.options import writable
from fatnn_bench.errors import Exit

if TYPE_CHECKING:
    from fatnn_bench.trust.trial import Report

#: What the suite promises: of equals called different at most, of 3% slow-downs found at least, the ratio's spread.
_CALLED_DIFFERENT, _FOUND, _SPREAD = 0.01, 0.95, 0.02


def trust(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Keep the figures in a file, as JSON.", metavar="FILE", callback=writable),
    ] = None,
    pairs: Annotated[int, typer.Option(help="Pairs of runs that are compared.", min=1)] = 10,
    processes: Annotated[int, typer.Option(help="Processes for the ratio of FATNN to float32.", min=2)] = 10,
) -> None:
    """Run the suite against itself: equal things must be called equal, and planted slow-downs be found.

    The planted kernels really do 3% and 10% more work. Takes about ten minutes of a quiet machine. Exits with 6 where
    a promise is not kept.

    Example: [bold]fatnn-bench trust -o results/trust.json[/bold]
    """
    import json
    from dataclasses import asdict

    from fatnn_bench.files import wholefile
    from fatnn_bench.trust.trial import run_trials

    report = run_trials(pairs, processes, lambda what: typer.echo(what, err=True))
    kept = True
    for sentence, is_kept in _findings(report):
        print(f"{'ok' if is_kept else 'MISSED':8}{sentence}")
        kept = kept and is_kept
    if output is not None:
        wholefile.write(output, json.dumps(asdict(report) | {"spread": report.spread}, indent=1) + "\n")
    raise typer.Exit(Exit.FINE if kept else Exit.TOO_NOISY)


def _findings(report: "Report") -> "list[tuple[str, bool]]":
    """Each figure in a sentence, and whether what is promised was kept."""
    same, small, large = report.same, report.planted[3], report.planted[10]
    return [
        (
            f"the runs resolve differences of {min(report.floors):.1%} to {max(report.floors):.1%} and more",
            True,
        ),
        (
            f"of {same.comparisons} A/A comparisons, {same.different} were called different "
            f"and {same.unclear} unclear (promised: at most {_CALLED_DIFFERENT:.0%} different)",
            same.different <= _CALLED_DIFFERENT * same.comparisons,
        ),
        (
            f"of {small.comparisons} planted slow-downs of 3%, {small.slower} were found; of the {small.resolved} in "
            f"runs that resolve 2% or less, {small.slower_resolved} (promised: at least {_FOUND:.0%} of these)",
            small.resolved > 0 and small.slower_resolved >= _FOUND * small.resolved,
        ),
        (
            f"of {large.comparisons} planted slow-downs of 10%, {large.slower} were found (promised: all)",
            large.slower == large.comparisons,
        ),
        (
            f"FATNN : float32 is {min(report.ratios):.2f}× to {max(report.ratios):.2f}× over {len(report.ratios)} "
            f"processes, a spread of {report.spread:.1%} (promised: at most {_SPREAD:.0%})",
            report.spread <= _SPREAD,
        ),
    ]
