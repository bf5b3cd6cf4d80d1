import os
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from fatnn_bench import launch
from fatnn_bench.contenders import engines
from fatnn_bench.contenders.engines import ggml, ggml_library, ik, onnxruntime_bits, own_threads, rounding
from fatnn_bench.contenders.engines.ggml_library import Library
from fatnn_bench.contenders.engines.ggml_linear import Format, GgmlLinear
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.survival import survived
from fatnn_bench.machine import affinity
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.workload import oracle
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.data import PATTERNS
from fatnn_bench.workload.layers import Layer

ENGINES = {engine.name: engine for engine in engines.layers()}
LINEAR = Layer(name="l", kind="linear", in_channels=512, out_channels=128, batch=3)
CONV = Layer(name="c", kind="conv", in_channels=256, out_channels=128, height=1, width=1)


def ready(name, pattern="random", threads=1, layer=LINEAR):
    engine = ENGINES[name]
    if reason := engine.skip_reason(layer):
        pytest.skip(reason)
    problem = Problems(layer, "layer", 0, pattern).of(engine.x_domain, engine.y_domain)
    return engine.prepare(problem, threads), problem


def complaint(kernel, right):
    return oracle.complaint(kernel.result(), right, LINEAR.k, kernel.tolerance)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_is_right_within_the_tolerance_that_its_row_states(name, pattern):
    kernel, problem = ready(name, pattern)
    kernel.run(2)
    assert complaint(kernel, problem.right) == ""
    assert kernel.codegen["tolerance"] == kernel.tolerance
    assert kernel.codegen["threads"] == 1
    assert all(isinstance(fact, str | int | float) or fact is None for fact in kernel.codegen.values())
    kernel.spoil()
    assert complaint(kernel, problem.right) != ""


@pytest.mark.parametrize("name", ENGINES)
def test_a_block_of_weights_that_is_left_out_is_seen(name):
    kernel, problem = ready(name)
    kernel.run(1)
    lost = problem.x[..., :32].reshape(3, 32) @ problem.y[..., :32].reshape(128, 32).T
    assert complaint(kernel, problem.right - lost.reshape(problem.right.shape)) != ""


@pytest.mark.parametrize("name", ["ggml.tq2_0", "ik.iq2_bn", "onnxruntime.2bit"])
def test_two_threads_give_the_same_and_are_recorded(name):
    one, _ = ready(name)
    two, _ = ready(name, threads=2)
    assert two.codegen["threads"] == 2
    one.run(1)
    two.run(3)
    np.testing.assert_array_equal(one.result(), two.result())


@pytest.mark.parametrize("name", ENGINES)
def test_a_convolution_is_no_linear_layer(name):
    assert ENGINES[name].skip_reason(CONV) == "a convolution: the engine has linear layers alone"


@pytest.mark.parametrize(
    ("engine", "n", "k", "words"),
    [
        (ggml, 128, 576, "K = 576 is no multiple of 256, the weights of a block of tq2_0"),
        (ik, 128, 100, "K = 100 is no multiple of 64, the weights of a block of iq2_bn"),
        (onnxruntime_bits, 100, 512, "onnxruntime has tables where N is a multiple of 128 and K of 32"),
    ],
)
def test_what_a_format_cannot_hold_is_a_reason(engine, n, k, words):
    layer = Layer(name="l", kind="linear", in_channels=k, out_channels=n)
    reasons = [one.skip_reason(layer) for one in engine.LAYERS]
    if any("not installed" in reason for reason in reasons):
        pytest.skip(reasons[0])
    assert any(words in reason for reason in reasons)


def test_a_version_without_products_for_so_few_bits_is_a_reason(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1.24.3")
    reasons = {one.name: one.skip_reason(LINEAR) for one in onnxruntime_bits.LAYERS}
    assert reasons["onnxruntime.4bit"] == ""
    assert reasons["onnxruntime.2bit"].endswith("has no such products for weights of 2 bits: 1.28 is the first")


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_codes_are_packed_from_the_lowest_bits(bits):
    weights = np.random.default_rng(bits).integers(-1, 2, (3, 200)).astype(np.int8)
    packed = onnxruntime_bits._packed(weights, bits)
    assert packed.shape == (3, 2, 128 * bits // 8)
    places = np.unpackbits(packed.reshape(3, -1), axis=1, bitorder="little").reshape(3, 256, bits)
    codes = (places * (1 << np.arange(bits))).sum(axis=-1)
    np.testing.assert_array_equal(codes[:, :200] - 2 ** (bits - 1), weights)
    assert (codes[:, 200:] == 2 ** (bits - 1)).all()


@pytest.mark.parametrize("group", [32, 200, rounding.ROW])
def test_sums_of_rounded_activations_stay_within_the_tolerance_and_fill_a_good_part_of_it(group):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 900), np.float32), rng.choice([-1.0, 1.0], (900, 500))
    rounded = np.empty_like(x)
    for part in np.split(np.arange(900), range(group, 900, group)):
        steps = np.abs(x[:, part]).max(axis=1, keepdims=True) / 127
        rounded[:, part] = np.round(x[:, part] / steps) * steps
    worst = np.abs((rounded - x).astype(float) @ y).max()
    assert 0.4 < worst / rounding.of_int8(x, group) < 0.8


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_threads_that_are_started_apart_leave_this_ones_core():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core is usable")
    found = []

    def bound():
        os.sched_setaffinity(0, cores[:1])
        others, end = affinity.other_cores(), threading.Event()
        with own_threads.apart(2):
            started = threading.Thread(target=end.wait)
            started.start()
        found.append((os.sched_getaffinity(started.native_id), {others[0]}, os.sched_getaffinity(0)))
        end.set()
        started.join()

    thread = threading.Thread(target=bound)
    thread.start()
    thread.join()
    assert found == [(found[0][1], found[0][1], {cores[0]})]
    assert cores[0] not in found[0][0]


FLOAT32, TWO_BITS = Format("f32", 0, block=1, group=None), Format("tq2_0", 35, block=256, group=256)


def of(library, form=FLOAT32):
    return GgmlLinear("fake.float32", "float32", library, form)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Make a package of a shared library, and return it as a library of ggml's."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not on the PATH")

    def make(module, *options):
        folder = tmp_path / module / "lib64"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        source, built = Path(__file__).with_name("fake_ggml.c"), folder / "libggml-cpu.so"
        subprocess.run([compiler, "-shared", "-fPIC", *options, str(source), "-o", str(built)], check=True)
        return Library(f"{module}-python", module, "lib*/libggml-cpu.so", has_pool=True)

    monkeypatch.syspath_prepend(tmp_path)
    return make


def test_a_library_that_is_missing_is_a_reason():
    missing = Library("ggml-of-nobody", "ggml_of_nobody", "*.so", has_pool=False)
    assert of(missing).skip_reason(LINEAR) == "ggml-of-nobody is not installed: pip install 'fatnn-bench[engines]'"


def test_a_library_that_has_all_it_needs_is_run(fake):
    engine = of(fake("whole"))
    assert engine.skip_reason(LINEAR) == ""
    problem = Problems(LINEAR, "layer", 0).of(engine.x_domain, engine.y_domain)
    kernel = engine.prepare(problem, 1)
    kernel.run(1)
    assert complaint(kernel, problem.right) == ""
    assert kernel.codegen["library"] == "whole-python of no known version"


def test_a_function_that_is_missing_is_a_reason(fake):
    reason = of(fake("lacking", "-DLACKING")).skip_reason(LINEAR)
    assert reason == "lacking-python of no known version has no ggml_mul_mat"


def test_formats_that_have_other_numbers_are_a_reason(fake):
    library = fake("renamed", "-DRENAMED")
    assert of(library).skip_reason(LINEAR) == ""
    assert of(library, TWO_BITS).skip_reason(LINEAR) == (
        "format 35 of renamed-python of no known version is 'other' in blocks of 32, expected 'tq2_0' in blocks of 256"
    )


def test_a_build_for_instructions_that_the_platform_lacks_is_a_reason(fake, monkeypatch):
    library = fake("newer")
    monkeypatch.setattr(ggml_library, "built_for", lambda loaded: ["avx2", "amx_int8"])
    monkeypatch.setattr(ggml_library, "_instructions_here", lambda: frozenset({"avx2"}))
    assert of(library).skip_reason(LINEAR) == "newer-python is built for amx_int8, which this platform lacks"


def test_a_file_that_is_no_library_is_an_error_and_not_a_crash(fake, tmp_path):
    library = fake("broken")
    (tmp_path / "broken" / "lib64" / "libggml-cpu.so").write_bytes(b"of another machine")
    with pytest.raises(OSError, match=r"invalid ELF header|file too short"):
        of(library).skip_reason(LINEAR)


def test_an_engine_that_aborts_or_hangs_costs_its_own_case_alone(fake, tmp_path, monkeypatch):
    fake("libggml")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cases = [Case(name, LINEAR, "layer", 1) for name in ("ggml.q8_0", "ggml.float32", "ggml.q4_0")]
    platform = CpuPlatform(kind="cpu", threads=1)
    events = survived(lambda owed: launch.events(platform, owed), Request(cases, None, 0, timeout_s=4))
    rows = {event.row.kernel: event.row for event in events if event.event == "row"}
    assert {name: row.status for name, row in rows.items()} == {
        "ggml.q8_0": "ERROR",
        "ggml.float32": "PASSED",
        "ggml.q4_0": "ERROR",
    }
    assert rows["ggml.q8_0"].reason == "the worker was ended by SIGABRT"
    assert "did not end within 4 s" in rows["ggml.q4_0"].reason
