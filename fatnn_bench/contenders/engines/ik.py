"""``ik``: the ternary format of ik_llama.cpp, a fork of llama.cpp, from the wheel ``ik-llama-cpp-python``."""

from fatnn_bench.contenders.engines.ggml_library import Library
from fatnn_bench.contenders.engines.ggml_linear import Format, GgmlLinear
from fatnn_bench.contenders.engines.rounding import ROW

_LIBRARY = Library("ik-llama-cpp-python", "ik_llama_cpp", "lib/libggml.so", has_pool=False)

LAYERS = (GgmlLinear("ik.iq2_bn", "ternary-int8", _LIBRARY, Format("iq2_bn", 135, block=64, group=ROW)),)
