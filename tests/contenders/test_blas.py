import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from fatnn_bench.contenders.baselines.blas import BlasFloat32
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import bare_gemm


@pytest.fixture(autouse=True)
def _restored_threads():
    with threadpool_limits():
        yield


def prepared(x, y):
    problem = Problem(bare_gemm(len(x), len(y), len(x[0])), np.float32(x), np.float32(y), np.empty(0))
    return BlasFloat32().prepare(problem, 1)


def test_it_multiplies():
    kernel = prepared([[1, 2], [3, 4]], [[5, 6], [7, 8], [9, 10]])
    kernel.run(2)
    assert kernel.result().tolist() == [[17, 23, 29], [39, 53, 67]]
    assert kernel.result().dtype == np.float32
    assert kernel.bytes == 4 * (4 + 6 + 6)


def test_its_threads_are_pinned_and_recorded():
    kernel = prepared([[1, 1]], [[1, 1]])
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert {pool["num_threads"] for pool in pools} == {1}
    assert kernel.codegen["threads"] == 1
    assert kernel.codegen["library"]
