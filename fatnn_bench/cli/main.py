"""The commands of ``fatnn-bench`` and how their errors are told."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fatnn_bench.cli import catalog, run, streams, verify
from fatnn_bench.cli.accuracy import accuracy
from fatnn_bench.cli.bundle import bundle
from fatnn_bench.cli.compare import compare
from fatnn_bench.cli.convert import convert
from fatnn_bench.cli.doctor import doctor
from fatnn_bench.cli.export import export
from fatnn_bench.cli.inspect import inspect
from fatnn_bench.cli.merge import merge
from fatnn_bench.cli.model import model
from fatnn_bench.cli.new_kernel import new_kernel
from fatnn_bench.cli.peak import peak
from fatnn_bench.cli.platforms import platforms
from fatnn_bench.cli.plot import plot
from fatnn_bench.cli.recommend import recommend
from fatnn_bench.cli.report import report
from fatnn_bench.cli.reproduce import reproduce
from fatnn_bench.cli.show import show
from fatnn_bench.cli.targets import targets
from fatnn_bench.cli.trust import trust
from fatnn_bench.errors import Exit, UserError
from fatnn_bench.version import __version__


class _Commands(TyperGroup):
    """The commands, and what ends them from outside, before the parser of the command line sees it."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        with _ended_from_outside():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        with _ended_from_outside():
            return super().invoke(ctx)


@contextmanager
def _ended_from_outside() -> Iterator[None]:
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        typer.echo("fatnn-bench: interrupted", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UserError("the disk that stdout goes to is full; free some of it and ask again") from error


app = typer.Typer(
    cls=_Commands,
    name="fatnn-bench",
    help="Which precision should this machine run, and what is really gained?\n\n"
    "Start with [bold]fatnn-bench run --platform native[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(compare)
app.command()(plot)
app.command()(show)
app.command()(report)
app.command()(convert)
app.command()(bundle)
app.command()(reproduce)
app.command()(verify.verify)
app.command()(merge)
app.command()(model)
app.command()(doctor)
app.command()(peak)
app.command()(inspect)
app.command()(trust)
app.command()(targets)
app.command()(accuracy)
app.command()(export)
app.command()(recommend)
app.command()(new_kernel)
app.add_typer(platforms, name="platforms")
app.command("list")(catalog.list_)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fatnn-bench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Nothing but the options of the program itself."""


def main() -> None:
    """Run the command line; a :class:`UserError` is one sentence on stderr and its exit code."""
    streams.prepare()
    try:
        app()
    except UserError as error:
        typer.echo(f"fatnn-bench: {error}", err=True)
        sys.exit(error.exit_code)
