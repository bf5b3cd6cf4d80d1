"""Engines for weights of few bits, which people install instead. A file here that has ``LAYERS`` is one of them."""

import importlib
import pkgutil

from fatnn_bench.contenders.protocol import Contender


def layers() -> list[Contender]:
    """The layers of every engine, by the names of their files. No library is loaded for that."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{file}") for file in files]
    return [layer for module in modules for layer in getattr(module, "LAYERS", ())]
