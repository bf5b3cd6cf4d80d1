"""The page itself: what it says is gathered here, how it looks is in the templates."""

import base64
import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fatnn_bench.comparison.kernels import kernels_of_table, names
from fatnn_bench.document import Sheet
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.figures import KINDS, Options, saving
from fatnn_bench.files import csvfile, wholefile
from fatnn_bench.printing import speedups
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Run
from fatnn_bench.report import answer, table, trust
from fatnn_bench.version import __version__

__all__ = ["render", "write"]

#: Of how many runs there are answers, and figures one by one; of more, there are figures of the first alone.
MOST_RUNS = 4
#: How many runs are drawn together.
MOST_TOGETHER = 8
#: The most tables by precision of a run, and of their layers; every case is in the table below them.
MOST_SHEETS, MOST_LAYERS = 12, 60


@dataclass(frozen=True)
class Picture:
    """A figure, and what it shows."""

    title: str
    alt: str
    svg_uri: str
    csv_uri: str
    csv_name: str


def write(runs: Sequence[Run], output: Path, baseline: str | None = None, all_ways: bool = False) -> Path:
    """Write the report of at least one run, and return its path. Raises UserError if it cannot be written."""
    wholefile.refuse_unwritable(output)
    wholefile.write(output, render(runs, baseline, all_ways))
    return output


def render(runs: Sequence[Run], baseline: str | None = None, all_ways: bool = False) -> str:
    """Return the report as HTML that asks for nothing outside itself; all that results files say is escaped.

    Its first table and its figures have the best way of each precision, or with ``all_ways`` all kernels.

    Raises
    ------
    UserError
        No run has anything to compare.
    """
    alone = runs if len(runs) <= MOST_RUNS else runs[:1]
    rows = table.long(runs, baseline)
    shown = table.lines(rows)
    style, script = _asset("report.css"), _asset("report.js")
    environment = Environment(
        loader=PackageLoader("fatnn_bench.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        title=_title(runs),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        answers=[sentence for run in alone for sentence in answer.sentences(run)],
        sheets=[sheet for run in alone for sheet in _sheets(run, baseline, all_ways)],
        columns=table.columns(shown),
        rows=shown,
        all_rows=sum(len(run.rows) for run in runs),
        kernels=names(kernels_of_table(rows.head(table.MOST_ROWS))),
        networks=sorted({line.network for line in shown if line.network}),
        statuses=sorted({line.status for line in shown}),
        rows_csv=_uri("text/csv", csvfile.table(rows)),
        pictures=list(_pictures(runs, Options(baseline=baseline, ways=all_ways))),
        runs=[_about(run) for run in runs],
        version=__version__,
    )


def _title(runs: Sequence[Run]) -> str:
    networks = list(dict.fromkeys(row.network for run in runs for row in run.rows if row.network))
    what = ", ".join(networks[:3]) + (" and others" if len(networks) > 3 else "") if networks else "GEMMs"
    machines = list(dict.fromkeys(provenance.machine_name(run.header.machine) for run in runs))
    return f"{what} on {machines[0] if len(machines) == 1 else f'{len(machines)} machines'}"


def _about(run: Run) -> dict[str, Any]:
    """What the page says of one run below its figures."""
    return {
        "name": provenance.recorded(run.source) or run.header.platform,
        "heading": provenance.heading(run),
        "verdict": trust.verdict(run),
        "faults": trust.faults(run),
        "conditions": trust.conditions(run),
        "command": shlex.join(run.header.command),
        "commit": run.header.software.get("commit"),
        "packages": [
            f"{name}=={run.header.software[name]}"
            for name in ("numpy", "scipy", "numba", "llvmlite")
            if name in run.header.software
        ],
    }


def _sheets(run: Run, baseline: str | None, all_ways: bool) -> Iterator[Sheet]:
    """The tables by precision of a run, with as many layers as are read at a glance."""
    try:
        sheets = speedups.document(run, baseline, all_ways=all_ways).sheets
    except NothingComparableError:
        return
    for sheet in sheets[:MOST_SHEETS]:
        left = [f"… and {len(sheet.rows) - MOST_LAYERS} more layers"] if len(sheet.rows) > MOST_LAYERS else []
        yield replace(sheet, rows=sheet.rows[:MOST_LAYERS], notes=(*left, *sheet.notes))


def _pictures(runs: Sequence[Run], chosen: Options) -> Iterator[Picture]:
    """Every figure that the runs hold something for."""
    for name, kind in KINDS.items():
        alone = runs if len(runs) <= MOST_RUNS else runs[:1]
        groups: list[Sequence[Run]] = [runs[:MOST_TOGETHER]] if kind.several else [[run] for run in alone]
        for group in groups:
            if kind.most_layers and len({row.layer for row in group[0].rows}) > kind.most_layers:
                continue
            stem = Path(provenance.recorded(group[0].source)).stem or "run"
            options = chosen if "baseline" in kind.options else replace(chosen, baseline=None)
            try:
                shown, svg = saving.svg(name, group, options)
            except UserError:  # it has nothing of that kind
                continue
            yield Picture(
                f"{name.capitalize()}: {kind.answers}" + (f" · {stem}" if len(runs) > len(group) else ""),
                f"{name} of {len(shown)} measurements; the data are in the CSV below",
                _uri("image/svg+xml", svg),
                _uri("text/csv", csvfile.table(shown)),
                f"{stem}-{name}.csv",
            )


def _asset(name: str) -> str:
    return (files("fatnn_bench.report") / "templates" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """For the page's policy: only this script, and this style, may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _uri(kind: str, text: str) -> str:
    return f"data:{kind};base64," + base64.b64encode(text.encode()).decode()
