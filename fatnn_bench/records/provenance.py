"""Where numbers come from, in words: machine, platform, time, software and settings of a run."""

import sys
from typing import Any

from fatnn_bench.records import repeats
from fatnn_bench.records.run import Run

__all__ = ["command_line", "heading", "line", "machine_name", "origin", "place", "recorded"]


def machine_name(machine: dict[str, Any]) -> str:
    """Return the GPU's name where one measured; else the processor's, with its microarchitecture where known."""
    if gpu := (machine.get("gpu") or {}).get("name"):
        return str(gpu)
    name = machine.get("cpu") or "unknown processor"
    micro = machine.get("microarchitecture")
    return f"{name} ({micro})" if micro else str(name)


def recorded(words: str) -> str:
    """Return a path, or words of the command line, as files can hold them: bytes that are no UTF-8 escaped."""
    return words.encode(errors="backslashreplace").decode()


def command_line() -> list[str]:
    """Return the command that this process was started with, for a header."""
    return ["fatnn-bench", *map(recorded, sys.argv[1:])]


def line(run: Run) -> str:
    """Return machine, platform, time and file of a run in one line."""
    header = run.header
    return " · ".join(
        filter(None, [machine_name(header.machine), header.platform, header.created, recorded(run.source)])
    )


def place(scope: str, threads: int) -> str:
    """Return what the clock saw, and on how many threads."""
    return f"{scope} scope · {threads} thread{'' if threads == 1 else 's'}"


def origin(run: Run) -> dict[str, Any]:
    """Return what a JSON document says of the run it was made from."""
    header = run.header
    return {
        "source": recorded(run.source),
        "platform": header.platform,
        "created": header.created,
        "machine": machine_name(header.machine),
        "seed": header.seed,
    }


def heading(run: Run) -> tuple[tuple[str, str], ...]:
    """Return names and values for the top of a page about one run."""
    header, floor = run.header, repeats.floor(repeats.of(run))
    rows = (
        ("run", recorded(run.source)),
        ("machine", machine_name(header.machine)),
        ("platform", header.platform),
        ("when", header.created),
        ("software", _software(header.software)),
        ("resolves", "" if floor is None else f"differences of {floor:.1%} and more"),
        ("settings", _words(header.settings | {"seed": header.seed})),
        ("command", " ".join(header.command)),
    )
    return tuple((name, value) for name, value in rows if value)


def _software(software: dict[str, Any]) -> str:
    """Versions, the commit with a word if the checkout differed from it, and the BLAS libraries."""
    versions = {name: value for name, value in software.items() if name not in ("commit", "dirty")}
    words = [_words(versions)]
    if software.get("commit"):
        words.append(f"commit {software['commit'][:10]}{' with changes' if software.get('dirty') else ''}")
    words += [f"{blas.get('internal_api')} {blas.get('version')}" for blas in software.get("blas") or ()]
    return ", ".join(dict.fromkeys(filter(None, words)))


def _words(values: dict[str, Any]) -> str:
    """``python 3.11.9, numba 0.62.1``: the plain values, without what is nested or unknown."""
    plain = {name: value for name, value in values.items() if isinstance(value, str | int | float)}
    return ", ".join(f"{name} {value}" for name, value in plain.items())
