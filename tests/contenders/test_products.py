import numpy as np
import pytest

from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.workload import oracle
from fatnn_bench.workload.data import PATTERNS
from fatnn_bench.workload.layers import Layer, bare_gemm
from fatnn_kernels import PRODUCTS
from fatnn_kernels.obstacle import obstacle

CONV = Layer(
    name="c", kind="conv", in_channels=20, out_channels=9, batch=2, height=6, width=5, kernel=3, stride=2, padding=1
)
LINEAR = Layer(name="l", kind="linear", in_channels=45, out_channels=13, batch=3)
FIRST = Layer(name="f", kind="conv", in_channels=3, out_channels=8, height=9, width=9, kernel=3)


def ready(scope, name, layer, pattern="random"):
    contender = contenders(scope)[name]
    if name in PRODUCTS and (lack := obstacle(PRODUCTS[name])):
        pytest.skip(lack)
    assert contender.skip_reason(layer) == ""
    problem = Problems(layer, scope, 0, pattern).of(contender.x_domain, contender.y_domain)
    return contender.prepare(problem, 1), problem


@pytest.mark.parametrize("layer", [CONV, LINEAR], ids=["conv", "linear"])
@pytest.mark.parametrize(
    ("scope", "name"), [(scope, name) for scope in ("layer", "packed") for name in contenders(scope) if "." not in name]
)
def test_every_product_is_right_in_every_scope(scope, name, layer):
    kernel, problem = ready(scope, name, layer)
    kernel.run(2)
    assert oracle.complaint(kernel.result(), problem.right, layer.k, kernel.tolerance) == ""
    kernel.spoil()
    assert oracle.complaint(kernel.result(), problem.right, layer.k, kernel.tolerance) != ""


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", ["binary", "ternary-fatnn", "int8"])
def test_extreme_images_too(name, pattern):
    kernel, problem = ready("layer", name, CONV, pattern)
    kernel.run(1)
    assert oracle.complaint(kernel.result(), problem.right, CONV.k) == ""


def test_a_first_convolution_is_left_in_full_precision():
    layers = contenders("layer")
    assert "keep it in full precision" in layers["ternary-fatnn"].skip_reason(FIRST)
    assert layers["float32"].skip_reason(FIRST) == layers["int8"].skip_reason(FIRST) == ""


def test_stages_are_the_parts_of_the_layer():
    kernel, problem = ready("layer", "ternary-fatnn", CONV)
    assert list(kernel.stages) == ["quantise", "product"]
    for stage in kernel.stages.values():
        stage(1)
    np.testing.assert_array_equal(kernel.result(), problem.right)


@pytest.mark.parametrize("layer", [CONV, LINEAR, FIRST], ids=["conv", "linear", "first"])
@pytest.mark.parametrize("name", [name for name in contenders("layer") if "." in name])
def test_other_libraries_compute_the_same_layers(name, layer):
    contender = contenders("layer")[name]
    if reason := contender.skip_reason(layer):
        pytest.skip(reason)
    kernel, problem = ready("layer", name, layer)
    kernel.run(2)
    assert oracle.complaint(kernel.result(), problem.right, layer.k, kernel.tolerance) == ""
    kernel.spoil()
    assert oracle.complaint(kernel.result(), problem.right, layer.k, kernel.tolerance) != ""


def test_a_library_that_is_missing_is_a_reason(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    layers = contenders("layer")
    for name in ("torch.float32", "torch.int8", "onnxruntime.float32", "onnxruntime.int8"):
        assert "pip install 'fatnn-bench[baselines]'" in layers[name].skip_reason(CONV)


@pytest.mark.parametrize("scope", ["kernel", "layer"])
def test_a_k_whose_sum_may_not_fit_is_skipped_with_the_reason(scope):
    layer = bare_gemm(1, 1, 140_000)
    reason = contenders(scope)["int8"].skip_reason(layer)
    assert reason == "K = 140000; the int32 result can overflow beyond K = 131071"
    assert contenders(scope)["binary"].skip_reason(layer) == ""
