"""Kernels from elsewhere: of other packages, or from a file.

A *plugin* is a module with a list ``KERNELS`` of :class:`Kernel`. A package offers it through the entry-point group
``fatnn_bench.kernels``; a file is named on the command line with ``--plugin``, and never run otherwise. Here a plugin
is written as text: the absolute path of its file, or the name of its entry point.
"""

from fatnn_bench.plugins.protocol import DOMAINS, Kernel, Operands, Ready
from fatnn_bench.plugins.trial import complaints

__all__ = ["DOMAINS", "Kernel", "Operands", "Ready", "complaints"]
