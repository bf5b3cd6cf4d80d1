"""How fast the kernels would be on a CPU that is not here.

LLVM compiles a product's register tile for the CPU (:mod:`~fatnn_bench.model.tile_code`). How often each of its basic
blocks runs follows from the number of words (:mod:`~fatnn_bench.model.control`), and llvm-mca, which simulates LLVM's
description of the pipeline, tells the cycles that a block takes (:mod:`~fatnn_bench.model.mca`), once what that
description has wrong is mended (:mod:`~fatnn_bench.model.faults`). Their products, summed over the tiles of a layer
(:mod:`~fatnn_bench.model.predict`), and the clock make a time. How far it is off is what the CPUs showed that could
check it (:mod:`~fatnn_bench.model.validated`).
"""
