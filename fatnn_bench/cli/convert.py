"""``fatnn-bench convert``."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import writable
from fatnn_bench.cli.saved import read
from fatnn_bench.errors import UserError
from fatnn_bench.files import wholefile

if TYPE_CHECKING:
    from fatnn_bench.records.run import Run


class Target(StrEnum):
    """What results can be turned into."""

    CSV = "csv"
    PARQUET = "parquet"
    LATEX = "latex"
    PYTEST_BENCHMARK = "pytest-benchmark"
    GOOGLE_BENCHMARK = "google-benchmark"


class Origin(StrEnum):
    """What can be turned into results."""

    GOOGLE_BENCHMARK = "google-benchmark"
    PYTEST_BENCHMARK = "pytest-benchmark"
    CSV = "csv"


def convert(
    file: Annotated[Path, typer.Argument(help="A results file or folder; with --from, the other tool's file.")],
    to: Annotated[Target | None, typer.Option("--to", help="Write results in this format.")] = None,
    from_: Annotated[Origin | None, typer.Option("--from", help="Make a results file of this format.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; stdout for what is text.", metavar="FILE"),
    ] = None,
) -> None:
    """Turn results into the formats of other tools, or their numbers into a results file, to compare them with.

    Example: [bold]fatnn-bench convert results/native --to csv -o rows.csv[/bold]

    Example: [bold]fatnn-bench convert gemm.json --from google-benchmark -o gemm.jsonl[/bold]
    """
    if (to is None) == (from_ is None):
        raise UserError("give either --to, to write results in another format, or --from, to make results of one")
    if from_ is not None:
        _import(file, from_, output)
        return
    writable(output)
    if to is Target.PARQUET:
        from fatnn_bench.interchange import tabular

        if output is None:
            raise UserError("Parquet is no text; name a file with -o")
        tabular.to_parquet(read(file), output)
    elif to is not None:
        text = _text(read(file), to)
        if output is None:
            say.document(text)
        else:
            wholefile.write(output, text)


def _text(run: "Run", to: Target) -> str:
    from fatnn_bench.interchange import google_benchmark, pytest_benchmark, tabular
    from fatnn_bench.printing import render, speedups
    from fatnn_bench.printing.formats import Format

    if to is Target.CSV:
        return tabular.to_csv(run)
    if to is Target.LATEX:
        return render.as_text(speedups.document(run), Format.LATEX)
    return pytest_benchmark.to_json(run) if to is Target.PYTEST_BENCHMARK else google_benchmark.to_json(run)


def _import(file: Path, origin: Origin, output: Path | None) -> None:
    from fatnn_bench.files import gate
    from fatnn_bench.interchange import google_benchmark, pytest_benchmark, tabular
    from fatnn_bench.records import store
    from fatnn_bench.records.journal import Journal

    if output is None:
        raise UserError("name the results file to make with -o, such as -o other.jsonl")
    readers = {
        Origin.CSV: tabular.from_csv,
        Origin.GOOGLE_BENCHMARK: google_benchmark.from_json,
        Origin.PYTEST_BENCHMARK: pytest_benchmark.from_json,
    }
    with Journal(output) as journal:
        run = readers[origin](gate.text(file, f"name a file of {origin}"), str(file))
        journal.fill(store.lines(run))
    for warning in run.warnings:
        say.note(f"fatnn-bench: {warning}")
    typer.echo(f"saved {output}: {len(run.rows)} rows", err=True)
