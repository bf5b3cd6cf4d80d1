"""A first plugin for a person to go on from: a kernel that works, and its test."""

import os
from importlib.resources import files
from keyword import iskeyword
from pathlib import Path
from string import Template

from fatnn_bench.errors import UserError
from fatnn_bench.files import wholefile

__all__ = ["write"]


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """Write ``<name>.py`` and ``test_<name>.py`` into a folder, and return their paths.

    Raises
    ------
    UserError
        The name cannot be a module's, one of the files exists, or cannot be written.
    """
    if not name.isidentifier() or not name.islower() or iskeyword(name):
        raise UserError(f"{name!r} cannot be a kernel's name; small letters, digits and _ can, such as my_kernel")
    words = {
        "name": name,
        "file": f"{name}.py",
        "kernel": f"{name.replace('_', '-')}.ternary",
        "cls": "".join(part.capitalize() for part in name.split("_")),
    }
    paths = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in paths:
        if os.path.lexists(path):
            raise UserError(f"{path} exists, and is not overwritten; choose another name, or another folder with -o")
    remedy = "name another folder with -o"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror}; {remedy}") from error
    templates = files("fatnn_bench.plugins") / "templates"
    written: list[Path] = []
    try:
        for path, template in zip(paths, ("kernel.py.txt", "test.py.txt"), strict=True):
            text = Template((templates / template).read_text("utf-8")).substitute(words)
            wholefile.write(path, text, remedy)
            written.append(path)
    except UserError:
        for path in written:  # one without the other would refuse the next try
            path.unlink(missing_ok=True)
        raise
    return paths
