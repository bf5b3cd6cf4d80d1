"""A first plugin for a person to go on from: a kernel that works, and its test."""

from importlib.resources import files
from pathlib import Path
from string import Template

from fatnn_bench.errors import UserError

__all__ = ["write"]


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """Write ``<name>.py`` and ``test_<name>.py`` into a folder, and return their paths.

    Raises
    ------
    UserError
        The name cannot be a module's, one of the files exists, or cannot be written.
    """
    if not name.isidentifier() or not name.islower():
        raise UserError(f"{name!r} cannot be a kernel's name; small letters, digits and _ can, such as my_kernel")
    words = {
        "name": name,
        "file": f"{name}.py",
        "kernel": f"{name.replace('_', '-')}.ternary",
        "cls": "".join(part.capitalize() for part in name.split("_")),
    }
    paths = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in paths:
        if path.exists():
            raise UserError(f"{path} exists, and is not overwritten; choose another name, or another folder with -o")
    templates = files("fatnn_bench.plugins") / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in zip(paths, ("kernel.py.txt", "test.py.txt"), strict=True):
            path.write_text(Template((templates / template).read_text("utf-8")).substitute(words), "utf-8")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; name another folder with -o") from error
    return paths
