"""A child that ends with who started it, whatever it is at: it reads a pipe whose other end nobody else holds.

``python -m fatnn_bench.processes.lifeline MODULE ARGUMENTS`` runs a module so.
"""

import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Mapping

from fatnn_bench.processes import children

__all__ = ["run"]


def run(
    module: str, *arguments: str, environment: Mapping[str, str], timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a module of ours in a process of its own, to its end or for ``timeout_s``; returns what it printed.

    Raises
    ------
    subprocess.TimeoutExpired
        It took longer, and was ended.
    """
    theirs, ours = os.pipe()
    try:
        return subprocess.run(
            children.command("fatnn_bench.processes.lifeline", module, *arguments),
            env=environment,
            cwd=children.FOLDER,
            stdin=theirs,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)


def _main() -> None:
    parent = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the module is asked nothing
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    """Wait until nobody holds the other end of a pipe, and end."""
    os.read(parent, 1)
    os._exit(1)


if __name__ == "__main__":
    _main()
