"""``fatnn-bench platforms``."""

from pathlib import Path
from typing import Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import PlatformsOption
from fatnn_bench.errors import UserError

platforms = typer.Typer(
    help="List the platforms, and what keeps them from being used here; add one.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@platforms.callback()
def _list(context: typer.Context, platforms: PlatformsOption = None) -> None:
    """List the platforms: their kind, whether they can be used from here, and if not, why.

    No other machine is asked: whether a host or a scheduler answers is found out by a run.

    Example: [bold]fatnn-bench platforms[/bold]
    """
    if context.invoked_subcommand is not None:
        return
    from fatnn_bench.launch import obstacle
    from fatnn_bench.platforms import load

    entries = load(platforms)
    width = max(map(len, entries))
    for name, entry in entries.items():
        reason = obstacle(entry)
        state = f"not here: {reason}" if reason else f"usable  {entry.description}".rstrip()
        say.result(f"{name:{width}}  {entry.kind:8}  {state}")


@platforms.command()
def add(
    kind: Annotated[str, typer.Argument(help="cpu, cuda, dask, emulated, imported, modelled or ssh.", metavar="KIND")],
    name: Annotated[str, typer.Argument(help="What --platform is to call it.", metavar="NAME")],
    fields: Annotated[
        list[str], typer.Argument(help="What platforms.yaml documents of the kind.", metavar="FIELD=VALUE...")
    ],
    file: Annotated[
        Path, typer.Option("--platforms", help="Platforms file; one that does not exist begins as the one that ships.")
    ] = Path("platforms.yaml"),
) -> None:
    """Write an entry into a platforms file, if it is a good one.

    Example: [bold]fatnn-bench platforms add ssh board host=me@192.0.2.7 python=/home/me/.venv/bin/python[/bold]

    Example: [bold]fatnn-bench platforms add dask fleet scheduler=tcp://192.0.2.7:8786 'resources={board: 1}'[/bold]
    """
    from fatnn_bench.files import wholefile
    from fatnn_bench.platforms import adding

    wholefile.refuse_unwritable(file, adding.REMEDY)
    given: dict[str, str] = {}
    for field in fields:
        key, equals, value = field.partition("=")
        if not equals or not key:
            raise UserError(f"found {field!r}, expected FIELD=VALUE, such as host=me@192.0.2.7")
        given[key] = value
    adding.add(file, name, kind, given)
    typer.echo(f"{name} is in {file}: fatnn-bench run --platform {name}", err=True)
