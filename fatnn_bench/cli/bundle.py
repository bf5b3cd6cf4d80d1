"""``fatnn-bench bundle``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import PlatformsOption, writable
from fatnn_bench.cli.saved import RunsArgument, read


def bundle(
    runs: RunsArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="The zip to write; one that exists is replaced.", metavar="FILE", callback=writable
        ),
    ] = Path("artifact.zip"),
    claims: Annotated[
        Path | None,
        typer.Option(help="YAML, a list of claims; 90% of what was surely gained if not given.", metavar="FILE"),
    ] = None,
    platforms: PlatformsOption = None,
    with_hosts: Annotated[
        bool, typer.Option("--with-hosts", help="Tell where the machines of ssh and Dask platforms are, too.")
    ] = False,
) -> None:
    """Pack runs with versions, platforms, figures and what they claim, so that others can run them again.

    Example: [bold]fatnn-bench bundle results/native -o artifact.zip[/bold]
    """
    from fatnn_bench.artifact import bundle as artifact
    from fatnn_bench.artifact import claims as claim_files
    from fatnn_bench.platforms import text

    saved = [read(path) for path in runs]
    chosen = claim_files.read(claims) if claims else list(claim_files.of_runs(saved))
    names = {name for run in saved for name in (run.header.platform, *(row.platform for row in run.rows)) if name}
    typer.echo(artifact.write(saved, chosen, text(names, platforms, with_hosts), output))
    for claim in chosen:
        say.note(f"claims {claim}")
