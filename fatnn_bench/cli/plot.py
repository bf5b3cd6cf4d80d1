"""``fatnn-bench plot``."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import KernelOption, together, writable
from fatnn_bench.cli.saved import BaselineOption, RunsArgument, WaysOption, read
from fatnn_bench.errors import UserError
from fatnn_bench.figures import KINDS, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fatnn_bench.accuracy.records import AccuracyRun
    from fatnn_bench.limits.measured import Bandwidth, Limits
    from fatnn_bench.records.run import Run

Kind = StrEnum("Kind", {name: name for name in KINDS})  # type: ignore[misc]  # the figures there are
_SPEEDUP = Kind("speedup")


class Style(StrEnum):
    """What a figure is for."""

    SCREEN = "screen"
    PAPER = "paper"


def plot(
    runs: RunsArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Figure file: .png, .svg or .pdf. By default beside the run, with -KIND.png to its name.",
            metavar="FILE",
            show_default=False,
            callback=writable,
        ),
    ] = None,
    kind: Annotated[
        Kind, typer.Option(help="; ".join(f"{name}: {known.answers}" for name, known in KINDS.items()) + ".")
    ] = _SPEEDUP,
    style: Annotated[Style, typer.Option(help="For a screen, or as wide as a paper has room for.")] = Style.SCREEN,
    columns: Annotated[
        int, typer.Option(help="paper: of its two columns, how many the figure is wide.", min=1, max=2)
    ] = 1,
    baseline: BaselineOption = None,
    kernel: KernelOption = None,
    ways: WaysOption = False,
    peak: Annotated[
        Path | None,
        typer.Option(help="roofline: the machine's limits, a JSON file of `fatnn-bench peak`.", metavar="FILE"),
    ] = None,
    accuracy: Annotated[
        Path | None,
        typer.Option(help="pareto: a results file of `fatnn-bench accuracy`, of the run's network.", metavar="FILE"),
    ] = None,
    measure_bandwidth: Annotated[
        bool, typer.Option("--measure-bandwidth", help="roofline: measure what this machine reads, now.")
    ] = False,
) -> None:
    """Draw saved runs, and write the CSV behind the figure beside it. Needs no display.

    Example: [bold]fatnn-bench plot results/native -o speedup.svg[/bold]

    Example: [bold]fatnn-bench plot run.jsonl --kind pareto --accuracy results/accuracy/digits.jsonl[/bold]

    Example: [bold]fatnn-bench plot results/native --kind stages --style paper --columns 2 -o stages.pdf[/bold]
    """
    from fatnn_bench.figures import room, saving
    from fatnn_bench.figures.style import Width

    given = {"baseline": baseline, "kernel": kernel, "ways": ways, "peak": peak, "measure_bandwidth": measure_bandwidth}
    given["accuracy"] = accuracy
    _refuse_strangers(kind, given, len(runs))
    saved = [read(path) for path in runs]
    options = Options(
        baseline,
        together(kernel) if kernel else None,
        _bandwidths(saved[0], peak, measure_bandwidth),
        _accuracy(accuracy),
        ways,
    )
    width = Width.SCREEN if style is Style.SCREEN else Width.COLUMN if columns == 1 else Width.PAGE
    if words := room.left_out(saved):
        say.note(f"fatnn-bench: {words}")
    for path in saving.save(kind.value, saved, output, options, width):
        typer.echo(path)


def _refuse_strangers(kind: Kind, given: Mapping[str, object], runs: int) -> None:
    for name, value in given.items():
        if value and name not in KINDS[kind.value].options:
            kinds = "--kind " + ", ".join(known for known in KINDS if name in KINDS[known].options)
            raise UserError(f"--{name.replace('_', '-')} is for {kinds}, and this is {kind.value}; leave it out")
    if runs > 1 and not KINDS[kind.value].several:
        raise UserError(f"--kind {kind.value} draws one run, and {runs} were given; draw them one by one")


def _accuracy(file: Path | None) -> "AccuracyRun | None":
    from fatnn_bench.accuracy import records

    return records.read(file) if file else None


def _bandwidths(run: "Run", file: Path | None, measure: bool) -> "Sequence[Bandwidth]":
    """What the machine of the run can read, from a file or measured here."""
    from fatnn_bench.limits import measured

    if file and measure:
        raise UserError("--peak and --measure-bandwidth exclude each other; give one of them")
    if not file and not measure:
        return ()
    limits = measured.read(file) if file else _measured()
    if other := measured.of_other_machine(limits, run.header.machine):
        raise UserError(
            f"the limits are another machine's than the run's ({other}); "
            "take them there with `fatnn-bench peak --format json -o FILE`, and give that file with --peak"
        )
    return limits.bandwidths


def _measured() -> "Limits":
    from fatnn_bench.launch import probe
    from fatnn_bench.limits import measured
    from fatnn_bench.platforms import CpuPlatform

    answer = probe.ask("native", CpuPlatform(kind="cpu", threads=1), "fatnn_bench.harness.measure_limits")
    return measured.record(answer, "native")
