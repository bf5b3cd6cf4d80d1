"""How tables are written: for a terminal, in Markdown, LaTeX, CSV and JSON."""

import io
import json
import re
import sys
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fatnn_bench.document import Document, Sheet
from fatnn_bench.files import csvfile, wholefile
from fatnn_bench.printing import escaping
from fatnn_bench.printing.escaping import markdown, plain
from fatnn_bench.printing.formats import Format
from fatnn_bench.records.run import Status

__all__ = ["as_text", "write"]

#: Where there is no terminal to ask: fits a log, an issue and an editor.
PLAIN_WIDTH = 100
#: The most lines of a table that is printed; laying out more takes minutes.
MOST_LINES = 2000

_CELL_STYLES = {Status.FAILED.value: "bold red", Status.ERROR.value: "bold red", Status.SKIPPED.value: "dim"}


def write(document: Document, form: Format, output: Path | None = None) -> None:
    """Write a document to a file, or to stdout: in colour where that is a terminal and ``NO_COLOR`` is unset.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    if output is not None:
        wholefile.write(output, as_text(document, form))
    elif form is Format.TABLE and (console := Console(highlight=False)).is_terminal:
        console.print(_terminal(document, console))
    else:
        text = as_text(document, form)
        sys.stdout.write(escaping.lines(text) if sys.stdout.isatty() else text)


def as_text(document: Document, form: Format, width: int = PLAIN_WIDTH) -> str:
    """Return a document as text without colour, ending in a newline; ``width`` is that of the format ``table``."""
    match form:
        case Format.TABLE:
            console = Console(width=width, color_system=None, force_terminal=False, highlight=False)
            with console.capture() as capture:
                console.print(_terminal(document, console))
            return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
        case Format.MARKDOWN:
            heading = [f"- **{markdown(name)}**: {markdown(value)}" for name, value in document.heading]
            return "\n\n".join(["\n".join(heading)] * bool(heading) + [_markdown(s) for s in document.sheets]) + "\n"
        case Format.LATEX:
            heading = [f"% {plain(name)}: {plain(value)}" for name, value in document.heading]
            return "\n".join(["% needs \\usepackage{booktabs}", *heading, *map(_latex, document.sheets)]) + "\n"
        case Format.CSV:
            return csvfile.table(document.long)
        case Format.JSON:
            text = io.StringIO()  # json.dumps would hold every word of a long table on its own
            json.dump(document.data, text, indent=2, ensure_ascii=False, allow_nan=False, default=_records)
            return escaping.json(text.getvalue()) + "\n"


def _records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """The rows of a table as JSON objects: what is unknown is null."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def _terminal(document: Document, console: Console) -> Group:
    parts: list[Padding | Text | Table] = []
    if document.heading:
        grid = Table.grid(padding=(0, 2))
        for name, value in document.heading:
            grid.add_row(Text(plain(name), style="bold"), Text(plain(value)))
        parts.append(grid)
    for i, sheet in enumerate(map(_readable, document.sheets)):
        above = 1 if i or document.heading else 0
        parts.append(Padding(Text(plain(sheet.title), style="bold"), (above, 0, 1, 0)))
        for j, table in enumerate(_blocks(sheet, console)):
            parts.append(Padding(table, (1 if j else 0, 0, 0, 0), expand=False))
        if sheet.notes:
            parts.append(Padding(Text("\n".join(map(plain, sheet.notes)), style="dim"), (1, 0, 0, 0)))
    return Group(*parts)


def _readable(sheet: Sheet) -> Sheet:
    """A sheet of no more lines than a terminal is scrolled through, with a word of the others."""
    if (more := len(sheet.rows) - MOST_LINES) <= 0:
        return sheet
    return replace(sheet, rows=sheet.rows[:MOST_LINES], notes=(f"… and {more} more: --format csv", *sheet.notes))


def _blocks(sheet: Sheet, console: Console) -> list[Table]:
    """The sheet as one table if it fits, with wide gaps or narrow ones; else cut into several that repeat the keys."""

    def fits(table: Table) -> bool:
        return console.measure(table, options=console.options.update(width=10_000)).maximum <= console.width

    values = range(sheet.keys, len(sheet.columns))
    for gap in (1, 0):
        table = _table(sheet, values, gap)
        if fits(table):
            return [table]
    blocks: list[list[int]] = [[]]
    for column in values:
        if blocks[-1] and not fits(_table(sheet, [*blocks[-1], column], 0)):
            blocks.append([])
        blocks[-1].append(column)
    even = -(-len(values) // len(blocks))
    tables = [_table(sheet, values[i : i + even], 0) for i in range(0, len(values), even)]
    return tables if all(map(fits, tables)) else [_table(sheet, block, 0) for block in blocks]


def _table(sheet: Sheet, values: Sequence[int], gap: int) -> Table:
    """The key columns and those of ``values``, ``gap`` and one spaces apart."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for heading in sheet.columns[: sheet.keys]:
        table.add_column(Text(plain(heading)), vertical="bottom")
    for i in values:
        table.add_column(Text(_broken(plain(sheet.columns[i]))), justify="right", vertical="bottom")
    for section in (sheet.rows, sheet.closing):
        for row in section:
            cells = [*row[: sheet.keys], *(row[i] for i in values)]
            table.add_row(*(Text(plain(cell), style=_CELL_STYLES.get(cell, "")) for cell in cells))
        table.add_section()
    return table


def _broken(heading: str) -> str:
    """A heading in lines as short as its name allows: ``ternary``, ``gated``, ``xnor``."""
    return re.sub(r"(?<=\.)|[- ]", "\n", heading)


def _markdown(sheet: Sheet) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    rule = ["---"] * sheet.keys + ["---:"] * (len(sheet.columns) - sheet.keys)
    rows = [map(markdown, row) for row in (sheet.columns, *sheet.rows)]
    closing = [tuple(f"**{markdown(cell)}**" if cell else "" for cell in row) for row in sheet.closing]
    table = "\n".join(map(line, [rows[0], rule, *rows[1:], *closing]))
    notes = "\n".join(f"- {markdown(note)}" for note in sheet.notes)
    return "\n\n".join(part for part in (f"**{markdown(sheet.title)}**", table, notes) if part)


def _latex(sheet: Sheet) -> str:
    def line(cells: Iterable[str]) -> str:
        return "    " + " & ".join(map(escaping.latex, cells)) + r" \\"

    def heading(text: str) -> str:
        lines = r"\\".join(map(escaping.latex, _broken(text).split("\n")))
        return f"\\shortstack[r]{{{lines}}}" if r"\\" in lines else lines

    keys = [escaping.latex(name) for name in sheet.columns[: sheet.keys]]
    columns = " & ".join(keys + [heading(name) for name in sheet.columns[sheet.keys :]])
    notes = [f"  \\par\\smallskip\\footnotesize {escaping.latex(' '.join(sheet.notes))}"] if sheet.notes else []
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{escaping.latex(sheet.title)}}}",
            f"  \\begin{{tabular}}{{{'l' * sheet.keys}{'r' * (len(sheet.columns) - sheet.keys)}}}",
            r"    \toprule",
            f"    {columns} \\\\",
            r"    \midrule",
            *map(line, sheet.rows),
            *([r"    \midrule", *map(line, sheet.closing)] if sheet.closing else []),
            r"    \bottomrule",
            r"  \end{tabular}",
            *notes,
            r"\end{table}",
        ]
    )
