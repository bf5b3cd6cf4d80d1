"""The current GPU: how many multiprocessors it has, and what it lacks for a product."""

from numba import config, cuda

from fatnn_kernels.product import Product

#: The first compute capability whose tensor cores AND and count bits: Ampere.
_TENSOR_CORES = (8, 0)


def multiprocessors() -> int:
    """Multiprocessors of the current GPU; 1 in the simulator."""
    return 1 if config.ENABLE_CUDASIM else int(cuda.get_current_device().MULTIPROCESSOR_COUNT)


def obstacle(product: Product) -> str:
    """Why the current GPU cannot run a product, in words; empty if it can."""
    if product.way != "tensor":
        return ""
    if config.ENABLE_CUDASIM:
        return "Numba's CUDA simulator has no tensor cores"
    capability = tuple(cuda.get_current_device().compute_capability)
    if capability >= _TENSOR_CORES:
        return ""
    found, needed = ("{}.{}".format(*each) for each in (capability, _TENSOR_CORES))
    return f"no tensor cores that count bits: this GPU has compute capability {found}, and they came with {needed}"
