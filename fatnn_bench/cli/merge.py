"""``fatnn-bench merge``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli.saved import read


def merge(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Results files, or folders: then the newest in each.", metavar="RUN", show_default=False),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The results file to make.", metavar="FILE")],
) -> None:
    """Put runs of one machine together into one file, such as those of several kernels or scopes.

    Where several hold a case, the row of the last one counts.

    Example: [bold]fatnn-bench merge kernels.jsonl layers.jsonl -o all.jsonl[/bold]
    """
    from datetime import UTC, datetime

    from fatnn_bench.records import store
    from fatnn_bench.records.journal import Journal
    from fatnn_bench.records.provenance import command_line
    from fatnn_bench.records.resume import merged

    created = datetime.now(UTC).isoformat(timespec="seconds")
    with Journal(output) as journal:
        run = merged([read(path) for path in runs], created, command_line())
        journal.fill(store.lines(run))
    typer.echo(f"saved {output}: {len(run.rows)} rows", err=True)
