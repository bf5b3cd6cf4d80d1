"""What this machine lacks for a product, or for a tile of one."""

from fatnn_kernels import amx
from fatnn_kernels.int8 import step_offset
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.product import Product
from fatnn_kernels.target import Target, current_target, has_amx
from fatnn_kernels.tile import Tile

#: Ways whose instructions are named for one width; LLVM splits the vectors of the others to the target's registers.
_NAMED = ("dot", "lookup", "tiles")


def obstacle(product: Product) -> str:
    """Why this process runs a product, if at all, by instructions that stand in for others; empty if it does not.

    Parameters
    ----------
    product
        Any product.

    Returns
    -------
    str
        What is missing, in words.
    """
    target = current_target()
    if lacks := missing(product, target):
        return lacks
    if product.way != "tiles" or target.tile_unit == "amx":
        return ""
    if has_amx(target.features):
        return amx.refusal()
    return "no matrix tiles (AMX): of this CPU, LLVM lists no feature amx-int8"


def missing(product: Product, target: Target) -> str:
    """The instruction that a target lacks for a product, which nothing stands in for; empty if it has it."""
    if product.step is step_offset and target.int8_dot != "unsigned quads":
        return "no dot product of unsigned and signed bytes (vpdpbusd of VNNI) on this target"
    if product.way != "lookup":
        return ""
    if target.table_entries is None:
        return "no shuffle of bytes by any indices (pshufb of SSSE3, tbl of Neon) on this target"
    if isinstance(product.step, LookUp) and product.step.table.entries.shape[1] > target.table_entries:
        return "no shuffle of bytes among 64 (vpermb of VBMI) on this target"
    return ""


def misfit(tile: Tile, target: Target) -> str:
    """What a target lacks to run a tile, in words; empty if it runs it. LLVM ends a process that compiles such code."""
    if lacks := missing(tile.product, target):
        return lacks
    if tile.counting == "amx" and target.tile_unit != "amx":
        return "no matrix tiles (AMX) on this target"
    if tile.product.way in _NAMED and tile.lanes > target.lanes:
        return f"no instruction for vectors of {32 * tile.lanes} bits on this target, which has {32 * target.lanes}"
    return ""
