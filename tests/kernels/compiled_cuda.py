"""Run in a process of its own: kernels for tensor cores as PTX for a compute capability, on a machine without a GPU.

Of "NAME/layer", the kernels of a layer. Only the device is a stand-in: numba-cuda asks it for its compute capability,
and looks for the library of functions, which no kernel here calls, by way of another library. Without NVVM the process
says so, and ends with 77.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib

capability = tuple(json.loads(sys.argv[1]))
os.environ["NUMBA_FORCE_CUDA_CC"] = "{}.{}".format(*capability)
try:
    found = Path(load_nvidia_dynamic_lib("nvvm").abs_path).resolve()
except DynamicLibNotFoundError:
    print("NVIDIA's compiler NVVM is not installed", file=sys.stderr)
    sys.exit(77)

from numba import cuda, float32, int32, int64, uint32  # noqa: E402
from numba.cuda import dispatcher  # noqa: E402
from numba.cuda.cudadrv import nvvm  # noqa: E402

from fatnn_kernels.cuda import PRODUCTS, tensor_kernel, tensor_limit  # noqa: E402
from fatnn_kernels.cuda.quantise import quantise_kernel  # noqa: E402
from fatnn_kernels.cuda.tensor_tile import SHAPES, TensorTile  # noqa: E402

FUNCTIONS = Path("nvvm/libdevice/libdevice.10.bc")
OF_GEMM = (uint32[::1], uint32[::1], int32[::1], int32[::1], int32[:, ::1], int64)
OF_LIMIT = (int32[::1], int64)
OF_LAYER = (
    uint32[::1], int32[::1], int32[::1], int64, uint32[::1], int32[::1], int32[::1], int32[:, ::1], int64,
)  # fmt: skip
OF_QUANTISE = (float32[:, :, :, ::1], float32[::1], uint32[::1], int32[::1], int64, int64)


def ptx(kernel, arguments):
    """The text that NVIDIA's assembler takes."""
    code, _ = cuda.compile(kernel.py_func, arguments, cc=capability, device=False, output="ptx", abi="numba")
    return code if isinstance(code, str) else code.decode()


dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
nvvm.LibDevice._cache_ = next(f for home in found.parents if (f := home / FUNCTIONS).exists()).read_bytes()
compiled = {"limit": ptx(tensor_limit._register_kernel(), OF_LIMIT)}
for asked in sys.argv[2:]:
    name, _, layer = asked.partition("/")
    product, tile = PRODUCTS[name], TensorTile(PRODUCTS[name], *SHAPES[0])
    if layer:
        compiled[asked] = ptx(tensor_kernel.layer_kernel(tile, words=4), OF_LAYER)
        compiled[f"{name}/quantise"] = ptx(quantise_kernel(product), OF_QUANTISE)
    else:
        compiled[name] = ptx(tensor_kernel.gemm_kernel(tile), OF_GEMM)
print(json.dumps(compiled))
