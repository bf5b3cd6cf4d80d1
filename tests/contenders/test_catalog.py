import pytest

from fatnn_bench.contenders.catalog import SCOPES, contenders
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.workload import oracle
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels import PRODUCTS

OWN = list(PRODUCTS)


def prepared(name, m=7, n=13, k=45):
    """A GEMM made ready, and its right answer."""
    contender = contenders("kernel")[name]
    problem = Problems(bare_gemm(m, n, k), "kernel", 0).of(contender.x_domain, contender.y_domain)
    return contender.prepare(problem, 1), problem.right


def test_the_suites_own_come_first():
    assert list(contenders("kernel")) == [*OWN, "blas.float32"]
    assert list(contenders("layer"))[: len(OWN)] == OWN


@pytest.mark.parametrize("scope", SCOPES)
def test_each_is_known_by_its_own_name(scope):
    assert all(contender.name == name for name, contender in contenders(scope).items())


def test_only_bits_can_stay_packed_from_layer_to_layer():
    assert set(contenders("packed")) == set(OWN) - {"float32", "int8", "int8-tiles"}


@pytest.mark.parametrize("name", ["ternary-fatnn", "int8", "blas.float32"])
def test_run_computes_the_product_again_each_time(name):
    kernel, right = prepared(name)
    for loops in (1, 3):
        kernel.spoil()
        assert oracle.complaint(kernel.result(), right, 45) != ""
        kernel.run(loops)
        assert oracle.complaint(kernel.result(), right, 45) == ""


def test_bytes_are_those_of_packed_operands_and_the_result():
    kernel, _ = prepared("binary", m=64, n=64, k=1024)
    fewest = (2 * 64 * 1024) / 8 + 64 * 64 * 4
    assert fewest <= kernel.bytes <= 1.5 * fewest


@pytest.mark.parametrize(
    ("name", "facts"), [("binary", {"popcount", "counting"}), ("int8", {"dot"}), ("float32", set())]
)
def test_codegen_tells_what_the_kernel_was_compiled_to(name, facts):
    kernel, _ = prepared(name)
    kernel.run(1)
    assert set(kernel.codegen) == {"vector_bits", "tile", "hot_loop", "instructions", "spills"} | facts
    assert kernel.codegen["vector_bits"] in (128, 256, 512)
