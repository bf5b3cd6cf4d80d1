"""``fatnn-bench trust``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli.options import writable
from fatnn_bench.errors import Exit

if TYPE_CHECKING:
    from fatnn_bench.trust.judgement import Coverage, Report

#: What the suite promises: of equals called different at most, of 3% slow-downs found at least, the ratio's spread.
_CALLED_DIFFERENT, _FOUND, _SPREAD = 0.01, 0.95, 0.02
#: Of 95% intervals, those that hold: on a quiet machine, and with a core busy.
_HELD, _HELD_BUSY = 0.90, 0.85


def trust(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Keep the figures in a file, as JSON.", metavar="FILE", callback=writable),
    ] = None,
    runs: Annotated[int, typer.Option(help="Runs that are compared.", min=2, max=1000)] = 20,
    busy: Annotated[bool, typer.Option("--busy", help="Keep one core busy meanwhile.")] = False,
) -> None:
    """Run the suite against itself: intervals must hold, equals be called equal, and planted slow-downs be found.

    The planted kernels really do 3% and 10% more work. Takes about five minutes of a quiet machine. Exits with 6 where
    a promise is not kept.

    Example: [bold]fatnn-bench trust -o results/trust.json[/bold]
    """
    import json
    from dataclasses import asdict

    from fatnn_bench.files import wholefile
    from fatnn_bench.trust import judgement, trial

    report = judgement.judge(trial.runs(runs, busy, lambda what: typer.echo(what, err=True)), busy)
    kept = True
    for sentence, is_kept in _findings(report):
        print(f"{'ok' if is_kept else 'MISSED':8}{sentence}")
        kept = kept and is_kept
    print(f"{'':8}{_how_quiet(report)}")
    if output is not None:
        wholefile.write(output, json.dumps(asdict(report) | {"spread": report.spread}, indent=1) + "\n")
    raise typer.Exit(Exit.FINE if kept else Exit.TOO_NOISY)


def _findings(report: "Report") -> "Iterator[tuple[str, bool]]":
    """Each figure in a sentence, and whether what is promised was kept."""
    same, small, large = report.same, report.planted[3], report.planted[10]
    least = _HELD_BUSY if report.quiet.busy else _HELD
    layers = report.of_layers
    yield f"{_held('speedups', layers)} (promised: at least {least:.0%})", layers.held >= least * layers.intervals
    yield _held("geometric means", report.of_means), True  # too few to promise anything of
    yield f"two runs resolve differences of {min(report.floors):.1%} to {max(report.floors):.1%} and more", True
    yield (
        f"of {same.comparisons} A/A comparisons, {same.different} were called different "
        f"and {same.unclear} unclear (promised: at most {_CALLED_DIFFERENT:.0%} different)",
        same.different <= _CALLED_DIFFERENT * same.comparisons,
    )
    yield (
        f"of {small.comparisons} planted slow-downs of 3%, {small.slower} were found; of the {small.resolved} in "
        f"runs that resolve 2% or less, {small.slower_resolved} (promised: at least {_FOUND:.0%} of these)",
        (report.quiet.busy or small.resolved > 0) and small.slower_resolved >= _FOUND * small.resolved,
    )
    yield (
        f"of {large.comparisons} planted slow-downs of 10%, {large.slower} were found"
        f"{'' if report.quiet.busy else ' (promised: all)'}",
        report.quiet.busy or large.slower == large.comparisons,
    )
    yield (
        f"FATNN : float32 is {min(report.ratios):.2f}× to {max(report.ratios):.2f}× over {len(report.ratios)} runs, "
        f"a spread of {report.spread:.1%}{'' if report.quiet.busy else f' (promised: at most {_SPREAD:.0%})'}",
        report.quiet.busy or report.spread <= _SPREAD,
    )


def _held(what: str, found: "Coverage") -> str:
    share = found.held / found.intervals
    return (
        f"of {found.intervals} 95% intervals of {what}, {found.held} ({share:.0%}) hold what the other runs say; "
        f"the typical one is ±{found.half_width:.1%}"
    )


def _how_quiet(report: "Report") -> str:
    """What the machine was at meanwhile: the reason, where a promise is missed."""
    quiet = report.quiet
    load = "of unknown load" if quiet.load_average is None else f"with a load of {quiet.load_average[0]:.2f} before"
    core = ", one core kept busy" if quiet.busy else ""
    doubts = f"{quiet.mistrusted:.0%} of its times are MISTRUSTED"
    why = f", most often because {quiet.reason}" if quiet.reason else ""
    return f"on {report.machine} {load}{core}: {doubts}{why}; `fatnn-bench doctor` says what disturbs it"
