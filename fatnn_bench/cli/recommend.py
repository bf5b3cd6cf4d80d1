"""``fatnn-bench recommend``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import number
from fatnn_bench.cli.saved import RunArgument, read
from fatnn_bench.errors import UserError

if TYPE_CHECKING:
    from fatnn_bench.comparison.tradeoff import Choice

AccuracyOption = Annotated[
    Path,
    typer.Option(help="Results file of `fatnn-bench accuracy`.", metavar="FILE", show_default=False),
]


def recommend(
    run: RunArgument,
    accuracy: AccuracyOption,
    max_latency: Annotated[
        str | None, typer.Option(help="The most that one image may take, such as 2ms or 150us.", metavar="TIME")
    ] = None,
    min_accuracy: Annotated[
        float | None,
        typer.Option(help="The least share of images classified right, such as 0.97.", min=0, max=1, callback=number),
    ] = None,
) -> None:
    """Say which precision to run: the most accurate within a latency, or the fastest of at least an accuracy.

    RUN holds times of the same network: `fatnn-bench run --scope network`.

    Example: [bold]fatnn-bench recommend results/native --accuracy results/accuracy/digits.jsonl --max-latency
    10us[/bold]
    """
    from fatnn_bench.accuracy import records
    from fatnn_bench.comparison import tradeoff

    if max_latency is None and min_accuracy is None:
        raise UserError("nothing to decide by; give --max-latency, such as 2ms, or --min-accuracy, such as 0.97")
    most_s = None if max_latency is None else _seconds(max_latency)
    choices = tradeoff.joined(records.read(accuracy), read(run))
    advice = tradeoff.recommend(choices, most_s, min_accuracy)
    say.result(_described(advice.best))
    by = "accuracy" if most_s is not None else "latency"
    for other in advice.equals:
        say.result(f"cannot tell by {by} from {_described(other)}")
    for other in advice.unsure:
        say.result(f"cannot tell whether it keeps the limit: {_described(other)}")
    for sentence in choices.left_out:
        say.note(f"left out {sentence}")


def _described(choice: "Choice") -> str:
    summary = choice.summary
    interval = f" ± {100 * summary.half_width:.2f}" if len(summary.seeds) > 1 else " (one seed: no interval)"
    low, high = (_time(seconds) for seconds in (choice.latency_low_s, choice.latency_high_s))
    return (
        f"{summary.precision}: {100 * summary.mean:.2f}%{interval} accuracy, {_time(choice.latency_s)} [{low}, {high}] "
        f"an image by {choice.row.kernel}, {summary.weight_bytes / 1024:.1f} KiB"
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _seconds(text: str) -> float:
    """``2ms`` -> 0.002. Raises UserError for what is no time."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|ms|us|µs)\s*", text)
    if not match:
        raise UserError(f"--max-latency is {text!r}, expected a time with its unit, such as 2ms, 150us or 0.1s")
    return float(match[1]) * {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}[match[2]]
