"""What came from a file is only ever text where it goes out: a function for each place that would read more into it.

Messages are made legible by :mod:`fatnn_bench.errors`, cells of CSV guarded by :mod:`fatnn_bench.files.csvfile`; the
page of a report is escaped by its templates. Names are kept whole: every sign can be told from what is written.
"""

import re

from fatnn_bench.errors import CONTROL, escaped

__all__ = ["json", "latex", "lines", "markdown", "plain"]

_LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "Σ": r"$\Sigma$",
    "±": r"$\pm$",
    "†": r"\dag{}",
    "·": r"$\cdot$",
    "—": "---",
}
#: Between two signs that LaTeX would make one of.
_LIGATURE = re.compile(r"(?<=[-'`?!,])(?=[-'`,])")
#: What Markdown reads as more than a sign, also within a word; brackets do no harm until a target follows them.
_MARKDOWN = re.compile(r"[\\`*<|~$&]|\](?=[(\[:])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def plain(text: str) -> str:
    r"""Return text as one line for a terminal: control characters and ends of lines are written out.

    >>> plain("two\nlines and an escape \x1b[2J")
    'two\\nlines and an escape \\x1b[2J'
    """
    return lines(text).replace("\n", "\\n")


def lines(text: str) -> str:
    """Return text for a terminal, as many lines as it has: control characters but their ends are written out."""
    return CONTROL.sub(escaped, text)


def latex(text: str) -> str:
    """Return text as LaTeX prints it: no command, no argument of the row's end before it, no ligature."""
    body = "".join(_LATEX.get(sign, sign) for sign in _LIGATURE.sub("\0", plain(text))).replace("\0", "{}")
    return f"{{{body[0]}}}{body[1:]}" if body[:1] in ("[", "*") and body else body


def markdown(text: str) -> str:
    """Return text as Markdown shows it, in a paragraph, an item of a list or a cell."""
    return _MARKDOWN.sub(lambda sign: f"\\{sign[0]}", plain(text))


def json(document: str) -> str:
    """Return a JSON document with those control characters escaped that JSON allows and a terminal obeys."""
    return CONTROL.sub(lambda sign: sign[0] if sign[0].isspace() else f"\\u{ord(sign[0]):04x}", document)
