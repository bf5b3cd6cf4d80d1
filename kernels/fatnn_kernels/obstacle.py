"""What this machine lacks for a product."""

from fatnn_kernels import amx
from fatnn_kernels.product import Product
from fatnn_kernels.target import Target, current_target, has_amx


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
    """The instruction that a target lacks for a product by look-up, which nothing stands in for; empty if it has it."""
    if product.way != "lookup" or target.table_entries is not None:
        return ""
    return "no shuffle of bytes by any indices (pshufb of SSSE3, tbl of Neon) on this target"
