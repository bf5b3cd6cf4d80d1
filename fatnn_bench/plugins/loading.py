"""Running a plugin's code to get at its kernels."""

import hashlib
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from fatnn_bench.errors import UserError
from fatnn_bench.plugins.protocol import DOMAINS, SCOPES, Kernel

__all__ = ["GROUP", "fingerprint", "installed", "load"]

GROUP = "fatnn_bench.kernels"


def installed() -> list[str]:
    """Return the names of the entry points of installed packages. No code of theirs runs."""
    return sorted(entry_points(group=GROUP).names)


def fingerprint(plugin: str) -> str:
    """Return what tells versions of a plugin apart: the start of its file's SHA-256, or its package's version."""
    if _is_file(plugin):
        return hashlib.sha256(Path(plugin).read_bytes()).hexdigest()[:16]
    dist = entry_points(group=GROUP)[plugin].dist
    return f"{dist.name} {dist.version}" if dist else "unknown"


def load(plugin: str) -> list[Kernel]:
    """Run a plugin and return its kernels.

    Raises
    ------
    UserError
        It raises, or has no ``KERNELS``, or one of them is not as :class:`Kernel` says.
    """
    try:
        kernels = _of_file(Path(plugin)) if _is_file(plugin) else entry_points(group=GROUP)[plugin].load()
    except BaseException as error:  # a plugin may even call sys.exit
        if isinstance(error, KeyboardInterrupt | UserError):
            raise
        raise UserError(f"plugin {plugin} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(kernels, Sequence) or isinstance(kernels, str):
        raise UserError(f"plugin {plugin}: KERNELS is a {type(kernels).__name__}, expected a list of kernels")
    for kernel in kernels:
        _check(kernel, plugin)
    return list(kernels)


def _is_file(plugin: str) -> bool:
    return Path(plugin).is_absolute()


def _of_file(path: Path) -> Any:
    name = f"fatnn_bench_plugin_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"plugin {path} is no Python file; its name must end in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module  # as an import does: dataclasses and pickles look there
    spec.loader.exec_module(module)
    if not hasattr(module, "KERNELS"):
        raise UserError(f"plugin {path} has no KERNELS; `fatnn-bench new-kernel` writes an example")
    return module.KERNELS


def _check(kernel: Any, plugin: str) -> None:
    """Raise UserError for what a kernel lacks."""
    said = f"plugin {plugin}, kernel {getattr(kernel, 'name', kernel)!r}"
    for attribute in ("name", "domain", "scope", "skip_reason", "prepare"):
        if not hasattr(kernel, attribute):
            raise UserError(f"{said} has no {attribute}; see fatnn_bench.plugins.Kernel")
    if not isinstance(kernel.name, str) or not kernel.name or set(kernel.name) & set("/@, *?[]\n\t"):
        raise UserError(f"{said}: its name must be letters, digits, dots and dashes, such as mylib.ternary")
    if kernel.domain not in DOMAINS:
        raise UserError(f"{said}: domain is {kernel.domain!r}, expected one of {', '.join(DOMAINS)}")
    if kernel.scope not in SCOPES:
        raise UserError(f"{said}: scope is {kernel.scope!r}, expected {' or '.join(SCOPES)}")
