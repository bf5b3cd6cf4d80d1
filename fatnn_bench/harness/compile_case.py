"""Compiling one case, and reading its hot loop.

``python -m fatnn_bench.harness.compile_case CASE``, with the case as JSON, prints it:
:func:`fatnn_bench.launch.probe.ask`.
"""

import json
import sys
from typing import Any

import numpy as np

from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.hotloop import codegen
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.quantisation import bounds
from fatnn_kernels import PRODUCTS, Product, driver
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.packing import pack
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import Tile

#: Output channels of a layer that is compiled: so many more do not change the code.
_CHANNELS = 128


def hot_loop(case: Case) -> dict[str, Any]:
    """Compile a case and return its hot loop with what describes it, or its ``refusal``."""
    own = [name for name in contenders(case.scope) if name in PRODUCTS]
    if case.kernel not in own:
        return {"refusal": f"only the suite's own kernels can be inspected: in scope {case.scope} {', '.join(own)}"}
    if reason := case.skip_reason or contenders(case.scope)[case.kernel].skip_reason(case.layer):
        return {"refusal": reason}
    run = _run_gemm if case.scope == "kernel" else _run_convolution
    tile = run(PRODUCTS[case.kernel], case)
    loop, target = codegen.hot_loop(tile, case.scope, case.threads > 1), current_target()
    return {
        "target": f"{target.cpu} ({target.triple})",
        "codegen": codegen.describe(tile, case.scope, case.threads),
        "words": loop.words,
        "macs": loop.macs,
        "bytes_loaded": loop.bytes_loaded,
        "instructions": loop.instructions,
    }


def _run_gemm(product: Product, case: Case) -> Tile:
    """Multiply one tile of ones, which are in every domain."""
    tile = driver.choose_tile(product, current_target(), case.layer.m, case.layer.n, case.layer.k)
    x = pack(tile, "x", np.ones((tile.rows, case.layer.k), np.float32))
    y = pack(tile, "y", np.ones((tile.columns, case.layer.k), np.float32))
    driver.run(x, y, driver.empty_result(x, y), threads=case.threads)
    return tile


def _run_convolution(product: Product, case: Case) -> Tile:
    geometry = _geometry(case.layer)
    weights = np.ones((geometry.out_channels, geometry.kernel, geometry.kernel, geometry.in_channels), np.float32)
    convolution = Convolution(product, geometry, weights, bounds(product.x.domain))
    packed = convolution.empty_image()
    if case.scope == "layer":
        image = np.zeros((geometry.batch, geometry.height, geometry.width, geometry.in_channels), np.float32)
        convolution.layer(image, packed, convolution.empty_result(), threads=case.threads)
    else:
        thresholds = np.zeros((len(bounds(product.x.domain)), geometry.out_channels), np.int32)
        convolution.fused(packed, thresholds, convolution.empty_next_image(), threads=case.threads)
    return convolution.tile


def _geometry(layer: Layer) -> Geometry:
    return Geometry(
        layer.batch,
        layer.height,
        layer.width,
        layer.in_channels,
        (layer.out_channels - 1) % _CHANNELS + 1,
        layer.kernel,
        layer.stride,
        layer.padding,
    )


if __name__ == "__main__":
    print(json.dumps(hot_loop(Case.from_json(json.loads(sys.argv[1])))))
