"""The same inner products on an NVIDIA GPU, by numba-cuda: `pip install 'fatnn-bench[cuda]'`.

>>> from fatnn_kernels import TERNARY_FATNN
>>> from fatnn_kernels.cuda.driver import gemm  # doctest: +SKIP
>>> gemm(TERNARY_FATNN, np.array([[1, 0, -1]]), np.array([[1, 1, 1], [-1, 0, 1]]))  # doctest: +SKIP
array([[ 0, -2]], dtype=int32)

Nothing here imports numba-cuda but :mod:`fatnn_kernels.cuda.kernel` and :mod:`fatnn_kernels.cuda.device`, and what
imports these.
"""

from dataclasses import replace

from fatnn_kernels.catalogue import TENSOR_PRODUCTS, products
from fatnn_kernels.target import current_target

#: Every product by its name, for the GPU's int8 dot instruction, whatever the CPU has; but those by a CPU's shuffles or
#: tiles. Those for tensor cores, which a CPU has none of, come last.
PRODUCTS = {
    name: product
    for name, product in products(replace(current_target(), int8_dot="signed quads")).items()
    if product.way not in ("lookup", "tiles")
} | {product.name: product for product in TENSOR_PRODUCTS}
