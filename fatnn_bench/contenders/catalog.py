"""What there is to measure in each scope: the suite's own kernels, and other libraries' after them."""

from fatnn_bench.contenders import engines
from fatnn_bench.contenders.baselines import onnx, pytorch
from fatnn_bench.contenders.baselines.blas import BlasFloat32
from fatnn_bench.contenders.baselines.network_onnx import OnnxFloat32Network, OnnxInt8Network
from fatnn_bench.contenders.baselines.network_pytorch import TorchNetwork
from fatnn_bench.contenders.gpu import pytorch as gpu_pytorch
from fatnn_bench.contenders.gpu.products import GpuGemmContender, GpuLayerContender
from fatnn_bench.contenders.network import NetworkContender
from fatnn_bench.contenders.products import GemmContender, LayerContender, PackedContender
from fatnn_bench.contenders.protocol import Contender
from fatnn_bench.engine.encoding import NETWORK_PRODUCTS
from fatnn_kernels import PRODUCTS
from fatnn_kernels.cuda import PRODUCTS as CUDA_PRODUCTS

SCOPES = ("kernel", "layer", "packed", "network")


def contenders(scope: str, kind: str = "cpu") -> dict[str, Contender]:
    """The kernels of a scope by name, the baselines after the suite's own, on a platform of a kind."""
    found: list[Contender]
    if kind == "cuda":
        own = GpuLayerContender if scope == "layer" else GpuGemmContender
        found = [own(product, scope) for product in (PRODUCTS | CUDA_PRODUCTS).values()]
        found += gpu_pytorch.baselines(scope)
    elif scope == "kernel":
        found = [GemmContender(product) for product in PRODUCTS.values()]
        found.append(BlasFloat32())
    elif scope == "layer":
        found = [LayerContender(product) for product in PRODUCTS.values()]
        found += [baseline() for baseline in (*pytorch.LAYERS, *onnx.LAYERS)]
        found += engines.layers()
    elif scope == "network":
        found = [NetworkContender(product) for product in NETWORK_PRODUCTS]
        found += [TorchNetwork(), OnnxFloat32Network(), OnnxInt8Network()]
    else:
        found = [PackedContender(product) for product in PRODUCTS.values() if product.x.codec.levels]
    return {contender.name: contender for contender in found}
