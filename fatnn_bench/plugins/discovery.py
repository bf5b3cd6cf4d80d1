"""Which kernels there are in plugins, asked in a process apart: one that hangs or crashes takes nothing with it.

``python -m fatnn_bench.plugins.discovery PLUGIN`` prints its kernels, a JSON line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Label, Load, Text
from fatnn_bench.plugins.loading import installed
from fatnn_bench.processes import children, lifeline

__all__ = ["Found", "ask", "discover", "named"]

#: A plugin that takes longer to load is given up; half of it is remarked upon.
TIMEOUT_S = 20.0
SLOW_S = 10.0


@dataclass(frozen=True)
class Found:
    """A kernel of a plugin, as it describes itself."""

    name: Label
    domain: Label
    scope: Label
    plugin: Text
    load_s: Load  #: that its plugin took to load


_ANSWER = TypeAdapter(Annotated[list[Found], Field(max_length=1000)])


def named(files: Iterable[str | Path]) -> list[str]:
    """Return plugins as text: those of installed packages, then the files. Raises UserError if a file is not there."""
    paths = [Path(os.path.realpath(file)) for file in files]
    for path in paths:
        if not gate.is_file(path):
            raise UserError(f"there is no plugin file {path}; `fatnn-bench new-kernel NAME` writes one")
    return [*installed(), *map(str, paths)]


def discover(plugins: Iterable[str], timeout_s: float = TIMEOUT_S) -> tuple[list[Found], list[str]]:
    """Return the kernels of the plugins, and what is wrong with those that cannot be loaded, a sentence each."""
    found: list[Found] = []
    troubles: list[str] = []
    for plugin in plugins:
        try:
            kernels = ask(plugin, timeout_s)
        except UserError as error:
            troubles.append(str(error))
            continue
        slow = [kernel.load_s for kernel in kernels if kernel.load_s > SLOW_S]
        if slow:
            troubles.append(f"plugin {plugin} takes {slow[0]:.0f} s to load, which every run waits for")
        found += kernels
    return found, troubles


@cache
def ask(plugin: str, timeout_s: float = TIMEOUT_S) -> list[Found]:
    """Return the kernels of a plugin. Raises UserError if it cannot be loaded, dies, or takes too long."""
    environment = children.environment(os.environ)
    try:
        done = lifeline.run("fatnn_bench.plugins.discovery", plugin, environment=environment, timeout_s=timeout_s)
    except subprocess.TimeoutExpired:
        raise UserError(f"plugin {plugin} did not load within {timeout_s:g} s, and is left out") from None
    if done.returncode == 2 and done.stderr.strip():
        raise UserError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise UserError(f"plugin {plugin} ended its process with status {done.returncode}: {last[0]}")
    try:
        return gate.validated(_ANSWER, gate.parsed(done.stdout), f"plugin {plugin}", "mend it")
    except ValueError as error:
        raise UserError(f"plugin {plugin} did not say which kernels it has ({error})") from error


def _main() -> None:
    import time

    stdout = os.dup(1)
    os.dup2(2, 1)  # what a plugin prints is no answer
    from fatnn_bench.plugins.loading import load

    plugin, begin = sys.argv[1], time.perf_counter()
    try:
        kernels = load(plugin)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    load_s = time.perf_counter() - begin
    found = [asdict(Found(kernel.name, kernel.domain, kernel.scope, plugin, load_s)) for kernel in kernels]
    os.write(stdout, json.dumps(found).encode())
    sys.stderr.flush()
    os._exit(0)  # whatever threads it started


if __name__ == "__main__":
    _main()
