"""``fatnn-bench compare``."""

from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import percentage
from fatnn_bench.cli.saved import BaselineOption, FormatOption, OutputOption, RunsArgument, WaysOption, read
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format

if TYPE_CHECKING:
    from fatnn_bench.records.run import Run


def compare(
    runs: RunsArgument,
    baseline: BaselineOption = None,
    ways: WaysOption = False,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
    min_effect: Annotated[
        str, typer.Option(help="Differences below this count as none, as do those in the noise.", metavar="PERCENT")
    ] = "2%",
    fail_on_regression: Annotated[
        str | None,
        typer.Option(help="Exit with 3 if a case of a later run is slower by this or more.", metavar="PERCENT"),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 6 if noise hides whether a case differs, or one is not timed any more."
        ),
    ] = False,
    allow_different_machines: Annotated[
        bool, typer.Option("--allow-different-machines", help="Compare them, and say in what they differ.")
    ] = False,
) -> None:
    """Print what was gained: the precisions of one run against float32, or several runs against the first.

    A speedup above 1 is faster. One run is compared by layer and precision, several are by case, each with a verdict:
    FASTER, SLOWER, SAME, or UNCLEAR where noise hides the difference.

    Totals are the sum of count × time over a network's layers; means are geometric; intervals are 95%.

    Example: [bold]fatnn-bench compare results/native --baseline int8 --format markdown[/bold]

    Example: [bold]fatnn-bench compare before.jsonl after.jsonl --fail-on-regression 5%[/bold]
    """
    from fatnn_bench.comparison import compare_runs, gate
    from fatnn_bench.printing import render, speedups, tables

    effect = percentage("--min-effect", min_effect)
    limit = None if fail_on_regression is None else percentage("--fail-on-regression", fail_on_regression)
    _refuse_what_does_not_go_together(len(runs), baseline, ways, limit, strict)
    read_runs = [read(path) for path in runs]
    if len(read_runs) == 1:
        render.write(speedups.document(read_runs[0], baseline, effect, ways), form, output)
        return
    if not allow_different_machines:
        _refuse_different_machines(read_runs)
    document = tables.runs_document(read_runs, effect)
    render.write(document, form, output)
    if notice := compare_runs.same_code_notice(document.long):
        say.note(f"fatnn-bench: {notice}")
    ruling = gate.rule(document.long, limit, strict)
    for sentence in (*ruling.reasons, *ruling.warnings):
        say.note(f"fatnn-bench: {sentence}")
    raise typer.Exit(ruling.code)


def _refuse_what_does_not_go_together(
    runs: int, baseline: str | None, ways: bool, limit: float | None, strict: bool
) -> None:
    if runs > 1 and baseline:
        raise UserError("--baseline chooses a kernel within one run; of several runs the first is the baseline")
    if runs > 1 and ways:
        raise UserError("--ways is about the precisions of one run; several runs are compared case by case")
    if runs == 1 and (strict or limit is not None):
        option = "--strict" if limit is None else "--fail-on-regression"
        raise UserError(f"{option} looks for what changed between runs; give two runs or more, the oldest first")


def _refuse_different_machines(runs: "list[Run]") -> None:
    from fatnn_bench.comparison.compare_runs import differing_machines

    if differences := differing_machines(runs):
        raise UserError(
            f"the runs are of different machines: {differences}; --allow-different-machines compares them all the same"
        )
