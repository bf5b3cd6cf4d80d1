"""The operations of a ``step`` as instructions of a GPU: what CUDA code gets for :mod:`fatnn_kernels.operations`.

Numba counts in 64 bits where two integers meet; the compiler of CUDA narrows that again, since only 32 bits are kept.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cuda, types
from numba.cuda.extending import intrinsic, overload

from fatnn_kernels import operations


@overload(operations.popcount, target="cuda")  # type: ignore[untyped-decorator]
def _popcount(bits: Any) -> Callable[..., Any]:
    """POPC: 16 a clock and multiprocessor since compute capability 3."""

    def popcount(bits: Any) -> Any:
        return cuda.popc(np.uint32(bits))

    return popcount


@overload(operations.multiply_add, target="cuda")  # type: ignore[untyped-decorator]
def _multiply_add(acc: Any, x: Any, y: Any) -> Callable[..., Any]:
    """FFMA."""

    def multiply_add(acc: Any, x: Any, y: Any) -> Any:
        return cuda.fma(cuda.libdevice.int_as_float(np.int32(x)), cuda.libdevice.int_as_float(np.int32(y)), acc)

    return multiply_add


@overload(operations.dot_signed_quads, target="cuda")  # type: ignore[untyped-decorator]
def _dot_signed_quads(acc: Any, x: Any, y: Any) -> Callable[..., Any]:
    """DP4A: since compute capability 6.1."""

    def dot_signed_quads(acc: Any, x: Any, y: Any) -> Any:
        return _dp4a(np.uint32(x), np.uint32(y), np.int32(acc))

    return dot_signed_quads


@intrinsic  # type: ignore[untyped-decorator]
def _dp4a(typingctx: Any, x: Any, y: Any, acc: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        word = ir.IntType(32)
        instruction = ir.InlineAsm(
            ir.FunctionType(word, [word] * 3), "dp4a.s32.s32 $0, $1, $2, $3;", "=r,r,r,r", side_effect=False
        )
        return builder.call(instruction, args)

    return types.int32(types.uint32, types.uint32, types.int32), codegen
