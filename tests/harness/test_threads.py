"""Whether threads have cores of their own: asked in processes whose threads are bound as their variables say."""

import os
import subprocess
import sys

import pytest

from fatnn_bench.harness import threads

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(
        not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="this needs two cores"
    ),
]
ASK = "from fatnn_bench.harness import threads; print(threads.doubt(2, 2))"


@pytest.fixture
def told(environ):
    """What a process with OpenMP's threads says of two of them."""

    def ask(**variables):
        bound = {"NUMBA_NUM_THREADS": "2", "NUMBA_THREADING_LAYER": "omp", "OMP_PROC_BIND": "true"}
        done = subprocess.run(
            [sys.executable, "-c", ASK], env=environ | bound | variables, capture_output=True, text=True, timeout=120
        )
        if "threading layer" in done.stderr:
            pytest.skip("Numba has no OpenMP here")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return ask


def test_threads_that_are_bound_have_cores_of_their_own(told):
    assert told() == ""


@pytest.mark.parametrize("variable", ["OMP_PLACES", "GOMP_CPU_AFFINITY"])
def test_threads_that_share_a_core_are_seen(told, variable):
    if not sys.platform.startswith("linux"):
        pytest.skip("GNU's OpenMP is Linux's")
    value = "{0}" if variable == "OMP_PLACES" else "0"
    assert told(**{variable: value}) == "2 of 2 threads did the work, on 1 core"


def test_a_thread_that_does_the_work_of_two_is_seen(told):
    assert told(OMP_THREAD_LIMIT="1").startswith("1 of 2 threads did the work, on 1 core")


def test_more_threads_than_cores_are_doubtful_and_one_never_is():
    assert threads.doubt(3, 2) == "3 threads had 2 cores"
    assert threads.doubt(2, 1) == "2 threads had 1 core"
    assert threads.doubt(1, 1) == ""


def test_what_threads_waited_only_grows():
    assert 0 <= threads.waited_s() <= threads.waited_s()
