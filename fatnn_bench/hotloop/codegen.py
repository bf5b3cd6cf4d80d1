"""Reading what was compiled: the hot loop of a kernel, as this process runs it.

Numba does not show the assembly of a function that its disk cache served. What the cache holds beside the machine
code is the optimised LLVM IR, from which LLVM makes the same instructions again. So nothing here depends on who
compiled a kernel, or when.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from numba import config, types

from fatnn_bench.hotloop.assembly import blocks
from fatnn_bench.hotloop.instructions import is_spill
from fatnn_kernels.epilogue import Planes, Results
from fatnn_kernels.gemm_loops import run_parallel, run_serial
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.operands import ImageX, PackedX
from fatnn_kernels.panels import GatheredX
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import Tile

__all__ = ["HotLoop", "describe", "hot_loop"]

#: What a scope reads and where it stores, by the types of the compiled loops' arguments.
_SCOPES = {"kernel": (PackedX, Results), "layer": (ImageX, Results), "packed": (ImageX, Planes)}
#: Hexadecimal digits of a hash: enough to tell the loops of a run apart, and short enough to be read aloud.
_DIGITS = 10


@dataclass(frozen=True)
class HotLoop:
    """The innermost loop over words, where nearly all of a kernel's time goes."""

    instructions: tuple[str, ...]  #: assembly, with LLVM's comments behind it
    words: int  #: steps that an iteration takes in; where x and y are alike, words of each plane
    macs: int  #: multiply-accumulates of an iteration
    bytes_loaded: int  #: an iteration: operands, and where they lie if that is looked up

    @property
    def mnemonics(self) -> tuple[str, ...]:
        return tuple(line.split()[0] for line in self.instructions)

    @property
    def digest(self) -> str:
        """A short SHA-256 of the mnemonics: loops of equal digest do the same in the same order."""
        return hashlib.sha256("\n".join(self.mnemonics).encode()).hexdigest()[:_DIGITS]

    @property
    def spills(self) -> int:
        """Instructions that move a value to the stack or back, for want of a register."""
        return sum(is_spill(line) for line in self.instructions)


def describe(tile: Tile, scope: str = "kernel", threads: int = 1) -> dict[str, Any]:
    """Return how a kernel was compiled, for ``codegen`` of its row; errors are those of :func:`hot_loop`."""
    target, loop = current_target(), hot_loop(tile, scope, threads > 1)
    codegen: dict[str, Any] = {"vector_bits": 32 * tile.lanes, "tile": f"{tile.rows}x{tile.vectors}"}
    if tile.product.way == "popcount":
        codegen |= {"popcount": target.popcount_instruction, "counting": tile.counting}
    if tile.product.way == "dot":
        codegen["dot"] = target.int8_dot
    if tile.product.way == "tiles":
        codegen["tiles"] = tile.counting
    if isinstance(tile.product.step, LookUp):
        codegen["table_entries"] = tile.product.step.table.entries.shape[1]
    return codegen | {"hot_loop": loop.digest, "instructions": len(loop.instructions), "spills": loop.spills}


@cache
def hot_loop(tile: Tile, scope: str = "kernel", parallel: bool = False) -> HotLoop:
    """Return the hot loop of a kernel that has run in this process.

    Parameters
    ----------
    tile
        Its register tile.
    scope
        ``kernel``, ``layer`` or ``packed``.
    parallel
        Whether it ran on several threads.

    Raises
    ------
    LookupError
        It has not run.
    """
    module = _library(tile, scope, parallel)._get_module_for_linking().clone()
    machine = _machine()
    function, block = max(_loops_over_words(module), key=lambda found: len(list(found[1].instructions)))
    name = block.name
    vectors, total = _loaded(block, machine.target_data)
    for other in module.functions:
        if other.name != function.name and not other.is_declaration:
            other.linkage = llvm.Linkage.available_externally  # no assembly of it
    (assembly,) = (found for found in blocks(machine.emit_assembly(module)) if found.name == name)
    if tile.counting == "amx":
        return _of_tiles(tile, assembly.instructions)
    words = vectors // (4 * tile.columns * tile.product.words("y") + _bytes_of_table(tile))
    macs = words * tile.product.values_per_step * tile.rows * tile.columns
    return HotLoop(assembly.instructions, words, macs, total)


def _of_tiles(tile: Tile, instructions: tuple[str, ...]) -> HotLoop:
    """A loop of matrix tiles: a step is four multiplications, and loads four operands."""
    steps = [line.split()[0] for line in instructions].count("tdpbssd") // 4
    values = steps * tile.product.values_per_step
    return HotLoop(instructions, steps, values * tile.rows * tile.columns, values * (tile.rows + tile.columns))


def _library(tile: Tile, scope: str, parallel: bool) -> Any:
    entry: Any = run_parallel if parallel else run_serial
    for (typed, x, _, _, store, *_), compiled in entry.overloads.items():
        if typed.tile == tile and (_class(x), _class(store)) == _SCOPES[scope]:
            return compiled.library
    raise LookupError(f"{tile.product.name} has not run in scope {scope} on the tile {tile.rows}x{tile.vectors}")


def _class(argument: types.Type) -> type | None:
    """The named tuple of an argument, of an image whether it is gathered or not; None of one that was not given."""
    found = getattr(argument, "instance_class", None)
    return ImageX if found is GatheredX else found


def _machine() -> llvm.TargetMachine:
    """The settings of Numba's own, with comments."""
    target = current_target()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=int(config.OPT), codemodel="jitdefault", jit=True
    )
    machine.set_asm_verbosity(True)
    return machine


def _loops_over_words(module: llvm.ModuleRef) -> Iterator[tuple[llvm.ValueRef, llvm.ValueRef]]:
    """Functions and blocks that jump to themselves, were emitted as a tile's loop, and write no memory.

    The quantiser's loop writes. Of a tile's own loops the largest is the hot one: the others are what is left over by
    unrolling, or by words in groups.
    """
    for function in module.functions:
        for block in function.blocks:
            instructions = list(block.instructions)
            again = any(operand.name == block.name for operand in instructions[-1].operands)
            if block.name.startswith("loop") and again and all(one.opcode != "store" for one in instructions):
                yield function, block


def _bytes_of_table(tile: Tile) -> int:
    """Bytes that a step loads of a table to look up: a row of it for each code of x, before it fills a vector."""
    step = tile.product.step
    return tile.rows * step.table.codes * step.table.entries.shape[1] if isinstance(step, LookUp) else 0


def _loaded(block: llvm.ValueRef, layout: llvm.TargetData) -> tuple[int, int]:
    """Bytes that an iteration loads as vectors, and in all. Vectors are the columns, y, and rows of a table."""
    types = [instruction.type for instruction in block.instructions if instruction.opcode == "load"]
    sizes = [(type_.is_vector, layout.get_abi_size(type_)) for type_ in types]
    return sum(size for is_vector, size in sizes if is_vector), sum(size for _, size in sizes)
