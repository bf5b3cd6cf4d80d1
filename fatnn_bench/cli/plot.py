"""``fatnn-bench plot``."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli.options import KernelOption
from fatnn_bench.cli.saved import BaselineOption, RunArgument, read
from fatnn_bench.errors import UserError

if TYPE_CHECKING:
    from fatnn_bench.accuracy.records import AccuracyRun
    from fatnn_bench.peaks import Bandwidth, Peaks
    from fatnn_bench.results import Run


class Kind(StrEnum):
    """The figures there are."""

    SPEEDUP = "speedup"
    STAGES = "stages"
    ROOFLINE = "roofline"
    PARETO = "pareto"


def plot(
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Figure file: .png, .svg or .pdf. By default beside the run, with -KIND.png to its name.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        Kind,
        typer.Option(
            help="Speedups; where a layer's time goes; how far from the machine's limits; what accuracy costs."
        ),
    ] = Kind.SPEEDUP,
    baseline: BaselineOption = None,
    kernel: KernelOption = None,
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
    """Draw a saved run, and write the CSV behind the figure beside it. Needs no display.

    Example: [bold]fatnn-bench plot results/native -o speedup.svg[/bold]

    Example: [bold]fatnn-bench plot results/native --kind roofline --peak peak.json[/bold]

    Example: [bold]fatnn-bench plot run.jsonl --kind pareto --accuracy results/accuracy/digits.jsonl[/bold]
    """
    from fatnn_bench import figures

    given = {"baseline": baseline, "kernel": kernel, "peak": peak, "measure-bandwidth": measure_bandwidth}
    given["accuracy"] = accuracy
    _refuse_strangers(kind, given)
    saved = read(run)
    draw: dict[Kind, Callable[[], tuple[Path, Path]]] = {
        Kind.SPEEDUP: lambda: figures.save_speedup(saved, output, baseline),
        Kind.STAGES: lambda: figures.save_stages(saved, output, kernel),
        Kind.ROOFLINE: lambda: figures.save_roofline(saved, output, _bandwidths(saved, peak, measure_bandwidth)),
        Kind.PARETO: lambda: figures.save_pareto(saved, _accuracy(accuracy), output),
    }
    for path in draw[kind]():
        typer.echo(path)


#: The options that are of one kind of figure only.
_OPTIONS = {
    "baseline": Kind.SPEEDUP,
    "kernel": Kind.STAGES,
    "peak": Kind.ROOFLINE,
    "measure-bandwidth": Kind.ROOFLINE,
    "accuracy": Kind.PARETO,
}


def _refuse_strangers(kind: Kind, given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value and _OPTIONS[name] is not kind:
            raise UserError(f"--{name} is for --kind {_OPTIONS[name]}, and this is {kind}; leave it out")


def _accuracy(file: Path | None) -> "AccuracyRun":
    from fatnn_bench.accuracy import records

    if file is None:
        raise UserError("--kind pareto needs --accuracy, a results file of `fatnn-bench accuracy` on the run's network")
    return records.read(file)


def _bandwidths(run: "Run", file: Path | None, measure: bool) -> "Sequence[Bandwidth]":
    """What the machine of the run can read, from a file or measured here."""
    from fatnn_bench import peaks

    if file and measure:
        raise UserError("--peak and --measure-bandwidth exclude each other; give one of them")
    if not file and not measure:
        return ()
    limits = peaks.read(file) if file else _measured()
    if other := peaks.of_other_machine(limits, run.header.machine):
        raise UserError(
            f"the limits are another machine's than the run's ({other}); "
            "take them there with `fatnn-bench peak --format json -o FILE`, and give that file with --peak"
        )
    return limits.bandwidths


def _measured() -> "Peaks":
    from fatnn_bench import peaks, probe
    from fatnn_bench.platforms import CpuPlatform

    answer = probe.ask("native", CpuPlatform(kind="cpu", threads=1), "fatnn_bench.measure_peaks")
    return peaks.record(answer, "native")
