"""Runs an exported network with ``fatnn_kernels`` and NumPy alone.

>>> from fatnn_bench.engine import Engine, load                        # doctest: +SKIP
>>> Engine(load(Path("net.fatnn"))).classes(images)                    # doctest: +SKIP
"""

from fatnn_bench.engine.compiled import CompiledNetwork
from fatnn_bench.engine.network import Engine
from fatnn_bench.engine.storage import load, save

__all__ = ["CompiledNetwork", "Engine", "load", "save"]
