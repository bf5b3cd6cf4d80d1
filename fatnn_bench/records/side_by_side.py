"""Runs of several platforms in one run, whose rows name their platform."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fatnn_bench.errors import Exit
from fatnn_bench.records.run import Run, in_order

__all__ = ["joined", "part", "worst"]


def part(output: Path, platform: str) -> Path:
    """Return the file of one platform of a sweep into ``output``: ``all.jsonl`` has ``all.native.jsonl`` beside it."""
    return output.with_name(f"{output.stem}.{platform}{output.suffix}")


def joined(runs: Sequence[Run]) -> Run:
    """Return the rows of all runs, each with its platform; the header keeps machine and software of every one.

    Unlike :func:`fatnn_bench.records.resume.merged`, it asks nothing to be alike: what stands side by side is not
    compared across platforms.
    """
    layers = list(dict.fromkeys(layer for run in runs for layer in run.header.layers))
    rows = [replace(row, platform=row.platform or run.header.platform) for run in runs for row in run.rows]
    header = replace(
        runs[0].header,
        platform="+".join(dict.fromkeys(run.header.platform for run in runs)),
        platforms={
            run.header.platform: {"machine": run.header.machine, "software": run.header.software} for run in runs
        },
        layers=layers,
        options={},
    )
    noise = tuple(record for run in runs for record in run.noise)
    return Run(header, in_order(rows, layers), noise=noise)


def worst(codes: Sequence[Exit]) -> Exit:
    """Return what the exit codes of several platforms mean together: one on which nothing runs spoils no sweep."""
    return max((code for code in codes if code is not Exit.NOTHING), default=Exit.NOTHING if codes else Exit.FINE)
