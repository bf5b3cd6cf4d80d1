"""How the suite starts Python processes of its own: cut off from the folder and the shell that a person is in.

A file in the current folder must stand in for no module of ours or of a library's, and Numba reads settings there
whenever it compiles. So a child imports nothing from where it starts, and starts where nobody leaves files.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fatnn_bench.processes import variables

__all__ = ["FOLDER", "command", "environment"]

#: Where children start.
FOLDER = "/"
#: Variables that hold a path, which may be relative to the folder that the person is in …
_PATHS = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR", "HOME")
#: … or several. An empty one among them, as ``PYTHONPATH=$PYTHONPATH:/mine`` makes it, is that folder, unasked for.
_PATH_LISTS = ("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours, or one of the person's path, in a process of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that starts in :data:`FOLDER`: what it inherits, with paths made absolute."""
    found = variables.inherited(inherited)
    for name in _PATHS:
        if found.get(name):
            found[name] = os.path.abspath(found[name])
    for name in _PATH_LISTS:
        if name in found:
            found[name] = os.pathsep.join(os.path.abspath(path) for path in found[name].split(os.pathsep) if path)
    if "LD_PRELOAD" in found:
        found["LD_PRELOAD"] = ":".join(map(_library, variables.libraries(found["LD_PRELOAD"])))
    return found


def _library(name: str) -> str:
    """A library to load first; one without a folder is searched for."""
    return str(Path(name).absolute()) if "/" in name else name
