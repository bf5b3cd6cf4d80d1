"""``ggml``: the formats of llama.cpp, from the wheel ``libggml-python``."""

from fatnn_bench.contenders.engines.ggml_library import Library
from fatnn_bench.contenders.engines.ggml_linear import Format, GgmlLinear

_LIBRARY = Library("libggml-python", "libggml", "lib*/libggml-cpu.so", has_pool=True)

LAYERS = (
    GgmlLinear("ggml.float32", "float32", _LIBRARY, Format("f32", 0, block=1, group=None)),
    GgmlLinear("ggml.q8_0", "int8", _LIBRARY, Format("q8_0", 8, block=32, group=32)),
    GgmlLinear("ggml.q4_0", "four-bit-int8", _LIBRARY, Format("q4_0", 2, block=32, group=32)),
    GgmlLinear("ggml.tq2_0", "ternary-int8", _LIBRARY, Format("tq2_0", 35, block=256, group=256)),
    GgmlLinear("ggml.tq1_0", "ternary-int8", _LIBRARY, Format("tq1_0", 34, block=256, group=256)),
)
