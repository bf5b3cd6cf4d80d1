"""Lines that tell what a file, a far end or a plugin said: as text, whatever it holds."""

import sys

import typer

from fatnn_bench.errors import legible
from fatnn_bench.printing.escaping import lines, plain

__all__ = ["document", "note", "result"]


def note(sentence: str) -> None:
    """Write a sentence to stderr, in one line of a length that can be read."""
    typer.echo(legible(plain(sentence)), err=True)


def result(sentence: str) -> None:
    """Write a line to stdout, whole."""
    typer.echo(plain(sentence))


def document(text: str) -> None:
    """Write a text to stdout as it is; where that is a terminal, without what it would obey."""
    typer.echo(lines(text) if sys.stdout.isatty() else text, nl=False)
