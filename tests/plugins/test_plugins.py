"""Kernels from elsewhere: measured as all others are, and kept from spoiling anything."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from fatnn_bench.errors import UserError
from fatnn_bench.plugins import complaints, discovery, loading, scaffold
from fatnn_bench.plugins.adapter import contenders
from fatnn_bench.records import store
from fatnn_bench.workload.layers import bare_gemm

EXAMPLES = Path(__file__).parents[2] / "examples"
KERNEL = """
import time
import numpy as np
class Kernel:
    name, domain, scope = "my.ternary", "ternary", "kernel"
    def skip_reason(self, layer): return ""
    def prepare(self, operands, threads):
        self.x, self.y = operands.x.astype(np.int32), operands.y.astype(np.int32)
        self.c = np.empty((len(self.x), len(self.y)), np.int32)
        return self
    def run(self, loops):
        for _ in range(loops): self.c[:] = self.x @ self.y.T
    def result(self): return self.c
KERNELS = [Kernel()]
"""


@pytest.fixture
def plugin(tmp_path):
    """Write a plugin that is well, but for what ``change`` does to it."""

    def write(change="", name="mine.py"):
        (tmp_path / name).write_text(KERNEL + change)
        return tmp_path / name

    return write


def run(shell, *plugins, kernels="my.*,blas.float32"):
    options = [word for plugin in plugins for word in ("--plugin", plugin)]
    return shell("run", "--shapes", "9x8x70", "--kernel", kernels, "--quick", *options, "-o", "r.jsonl")


def statuses(path):
    return {row.kernel: row.status.value for row in store.read(path).rows}


def test_a_file_is_measured_beside_the_suite(shell, plugin, tmp_path):
    done = run(shell, plugin())
    assert done.returncode == 0, done.stderr
    saved = store.read(tmp_path / "r.jsonl")
    assert {row.kernel: row.timed for row in saved.rows} == {"blas.float32": True, "my.ternary": True}
    assert saved.header.software["plugins"][str(tmp_path / "mine.py")] == loading.fingerprint(str(tmp_path / "mine.py"))


BAD = {
    "wrong": ("Kernel.run = lambda self, loops: self.c.fill(3)", "FAILED"),
    "raises": ("Kernel.prepare = lambda *_: 1 / 0", "ERROR"),
    "raises-later": ("def run(self, loops): raise OSError('no device')\nKernel.run = run", "ERROR"),
    "copies": ("Kernel.result = lambda self: self.c.copy()", "ERROR"),
    "crashes": ("import os\nKernel.prepare = lambda *_: os.abort()", "ERROR"),
}


def test_those_that_are_wrong_or_raise_or_crash_spoil_nothing_else(shell, plugin, tmp_path):
    bad = [plugin(f"{change}\nKernel.name = 'bad.{name}'", f"{name}.py") for name, (change, _) in BAD.items()]
    done = run(shell, *bad, plugin(), kernels="bad.*,my.*,blas.float32")
    assert done.returncode == 4, done.stderr
    found = statuses(tmp_path / "r.jsonl")
    assert {name: found[f"bad.{name}"] for name in BAD} == {name: status for name, (_, status) in BAD.items()}
    assert {found["blas.float32"], found["my.ternary"]} <= {"PASSED", "MISTRUSTED"}


def test_one_that_cannot_be_loaded_is_told_and_the_others_are_measured(shell, plugin, tmp_path):
    broken = plugin("raise RuntimeError('out of order')", "broken.py")
    done = run(shell, broken, plugin())
    assert done.returncode == 1
    assert f"plugin {broken} cannot be loaded: RuntimeError: out of order" in done.stderr
    assert set(statuses(tmp_path / "r.jsonl")) == {"blas.float32", "my.ternary"}


def test_operands_are_copies(plugin):
    (kernel,) = contenders([str(plugin("Kernel.scribble = True"))], "kernel", []).values()

    class Problem:
        layer = bare_gemm(2, 3, 4)
        x, y, right = np.ones((2, 4), np.int8), np.ones((3, 4), np.int8), np.full((2, 3), 4)

    prepared = kernel.prepare(Problem, 1)
    prepared._ready.x[:] = 0
    assert Problem.x.all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("import sys; sys.exit(3)", "cannot be loaded: SystemExit: 3"),
        ("import os; os._exit(7)", "ended its process with status 7"),
        ("KERNELS = 'all'", "KERNELS is a str, expected a list"),
        ("del KERNELS", "has no KERNELS; `fatnn-bench new-kernel` writes an example"),
        ("Kernel.domain = 'four-bit'", "domain is 'four-bit', expected one of float32, int8"),
        ("Kernel.scope = 'network'", "scope is 'network', expected kernel or layer"),
        ("Kernel.name = 'a/b'", "its name must be letters"),
        ("del Kernel.prepare", "has no prepare; see fatnn_bench.plugins.Kernel"),
    ],
)
def test_what_cannot_be_used_is_told_from_a_process_apart(plugin, change, message):
    found, troubles = discovery.discover([str(plugin(change))], timeout_s=60)
    assert found == []
    (trouble,) = troubles
    assert message in trouble


def test_what_does_not_end_is_left_out(plugin):
    found, (trouble,) = discovery.discover([str(plugin("time.sleep(60)"))], timeout_s=3)
    assert found == []
    assert "did not load within 3 s, and is left out" in trouble


def test_what_a_plugin_prints_is_no_answer(plugin):
    found, troubles = discovery.discover([str(plugin("print('hello')"))])
    assert ([kernel.name for kernel in found], troubles) == (["my.ternary"], [])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"there is no plugin file .*new-kernel NAME"):
        discovery.named([tmp_path / "none.py"])


def test_a_name_that_is_taken_is_told(shell, plugin):
    done = shell("list", "kernels", "--plugin", plugin("Kernel.name = 'ternary-fatnn'"))
    assert "there is a kernel ternary-fatnn already" in done.stderr


def test_an_installed_package_offers_kernels(shell, plugin, tmp_path):
    site = tmp_path / "site"
    (site / "mine-1.0.dist-info").mkdir(parents=True)
    (site / "mine-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (site / "mine-1.0.dist-info" / "entry_points.txt").write_text("[fatnn_bench.kernels]\nmine = mine:KERNELS\n")
    shutil.move(plugin(), site / "mine.py")
    done = shell("run", "--shapes", "9x8x70", "--kernel", "my.*", "--quick", "-o", "r.jsonl", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    saved = store.read(tmp_path / "r.jsonl")
    assert saved.header.software["plugins"] == {"mine": "mine 1.0"}
    assert [row.kernel for row in saved.rows] == ["my.ternary"]


def test_a_new_kernel_works_with_its_test(shell, tmp_path, pytester_run):
    assert shell("new-kernel", "my_kernel").stdout.split() == ["my_kernel.py", "test_my_kernel.py"]
    assert pytester_run(tmp_path) == 0
    done = run(shell, "my_kernel.py", kernels="my-kernel.*,blas.float32")
    assert done.returncode == 0, done.stderr
    assert set(statuses(tmp_path / "r.jsonl")) == {"blas.float32", "my-kernel.ternary"}


@pytest.fixture
def pytester_run(environ):
    def go(folder):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
        return subprocess.run(command, env=environ, cwd=folder, timeout=120).returncode

    return go


@pytest.mark.parametrize("name", ["My", "two-words", "1st", ""])
def test_a_name_that_no_module_can_have(tmp_path, name):
    with pytest.raises(UserError, match="cannot be a kernel's name"):
        scaffold.write(name, tmp_path)


def test_nothing_is_overwritten(tmp_path):
    scaffold.write("mine", tmp_path)
    with pytest.raises(UserError, match=r"mine.py exists, and is not overwritten"):
        scaffold.write("mine", tmp_path)


def test_the_example_in_c_is_right():
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("no C compiler is on the PATH")
    (kernel,) = loading.load(str(EXAMPLES / "ctypes_ternary.py"))
    assert complaints(kernel) == []


def test_a_plugin_that_hangs_does_not_outlive_who_asked(plugin):
    ask = f"from fatnn_bench.plugins import discovery; discovery.ask({str(plugin('time.sleep(600)'))!r}, 600)"
    asking = psutil.Popen([sys.executable, "-c", ask])
    end = time.monotonic() + 60
    while not asking.children():
        assert time.monotonic() < end
        time.sleep(0.02)
    (child,) = asking.children()
    asking.kill()
    asking.wait()
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
