"""A product's register tile, compiled for any CPU that LLVM knows."""

from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm
from llvmlite import ir

from fatnn_kernels.accumulate import accumulate
from fatnn_kernels.catalogue import products
from fatnn_kernels.epilogue import StoreResults, Terms
from fatnn_kernels.operands import PackedColumns, PackedRows
from fatnn_kernels.product import Product
from fatnn_kernels.sums import Words
from fatnn_kernels.target import Target
from fatnn_kernels.tile import Tile, sum_type
from fatnn_kernels.vector import I32, I64

#: Numba's level of optimisation.
_SPEED = 3


@dataclass(frozen=True)
class Compiled:
    """A tile as a function of pointers, ``words`` and ``first``, which call nothing."""

    ir: str  #: the optimised LLVM IR
    assembly: str  #: with LLVM's comments, which name the block of the IR that a label stands for


def product_for(name: str, target: Target) -> Product:
    """Return the product of a name, as the target has it."""
    return products(target)[name]


def beyond(product: Product) -> str:
    """Return why the tile of a product is not compiled for other machines; empty if it is."""
    return "matrix tiles are measured where they are: nothing here models or emulates them" * (product.way == "tiles")


@cache
def compile_tile(tile: Tile, target: Target) -> Compiled:
    """Compile a tile as Numba would, were its process on the target."""
    machine, module = _optimised(tile, target)
    machine.set_asm_verbosity(True)
    return Compiled(str(module), machine.emit_assembly(module))


def emit_object(tile: Tile, target: Target) -> bytes:
    """Return an object file of the target's with the function ``tile``; see :func:`compile_tile`."""
    machine, module = _optimised(tile, target)
    code: bytes = machine.emit_object(module)
    return code


def _optimised(tile: Tile, target: Target) -> tuple[llvm.TargetMachine, llvm.ModuleRef]:
    backend = llvm.Target.from_triple(target.triple)
    machine = backend.create_target_machine(cpu=target.cpu, features=target.features, opt=_SPEED)
    module = llvm.parse_assembly(str(_function(tile, target.triple, str(machine.target_data))))
    tuning = llvm.create_pipeline_tuning_options(_SPEED)
    tuning.loop_vectorization = tuning.slp_vectorization = True
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return machine, module


def _function(tile: Tile, triple: str, data_layout: str) -> ir.Module:
    module = ir.Module()
    module.triple, module.data_layout = triple, data_layout
    words = I32.as_pointer()
    results = sum_type(tile).element.as_pointer()
    signature = ir.FunctionType(ir.VoidType(), [words, words, I64, results, results, ir.IntType(1), results, I64])
    function = ir.Function(module, signature, "tile")
    for argument, name in zip(
        function.args, ("x", "y", "words", "x_term", "y_term", "first", "c", "stride"), strict=True
    ):
        argument.name = name
    x, y, count, x_term, y_term, *destination = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    sums = accumulate(builder, Words(tile, PackedRows(x), PackedColumns(y)), count)
    StoreResults(Terms(x_term, y_term), *destination).emit(builder, tile, sums)
    builder.ret_void()
    return module
