"""The same inner products on an NVIDIA GPU, by numba-cuda: `pip install 'fatnn-bench[cuda]'`.

>>> from fatnn_kernels import TERNARY_FATNN
>>> from fatnn_kernels.cuda.driver import gemm  # doctest: +SKIP
>>> gemm(TERNARY_FATNN, np.array([[1, 0, -1]]), np.array([[1, 1, 1], [-1, 0, 1]]))  # doctest: +SKIP
array([[ 0, -2]], dtype=int32)

Nothing here imports numba-cuda but :mod:`fatnn_kernels.cuda.kernel` and what imports that.
"""

from fatnn_kernels import PRODUCTS as CPU_PRODUCTS
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.product import Product

#: Every product by its name; int8 is made for the GPU's dot instruction, whatever the CPU has.
PRODUCTS: dict[str, Product] = CPU_PRODUCTS | {"int8": INT8_BY_DOT["signed quads"]}
