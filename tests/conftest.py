"""What tests of both packages and of the command line share."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fatnn_bench
import fatnn_kernels
from fatnn_kernels.jit import cache_folder

FAKES = Path(__file__).parent / "support"
#: The packages under test, for processes that tests start: an installed copy of them is not what is tested.
SOURCES = os.pathsep.join(
    dict.fromkeys(str(Path(package.__file__).parents[1]) for package in (fatnn_bench, fatnn_kernels))
)


@pytest.fixture(scope="session")
def numba_cache(tmp_path_factory):
    """Where this process keeps compiled kernels: those that tests start find there what any of them has compiled."""
    folder = cache_folder()
    return folder.parent if folder else tmp_path_factory.mktemp("numba")


@pytest.fixture
def environ(numba_cache):
    """The environment of a person's shell, as far as it matters to us."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "PYTHONPATH")}
    return kept | {"NUMBA_CACHE_DIR": str(numba_cache), "TERM": "xterm-256color", "PYTHONPATH": SOURCES}


@pytest.fixture
def shell(tmp_path, environ):
    """Run ``python -m fatnn_bench`` in a folder of its own, as a person would."""

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "fatnn_bench", *map(str, arguments)],
            capture_output=True, text=True, cwd=tmp_path, env=environ | variables, timeout=120,
        )  # fmt: skip

    return run


@pytest.fixture
def fake_contenders(tmp_path_factory):
    """A PYTHONPATH with which processes have the contenders of ``fakes.py`` instead of the suite's."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(
        "import fakes\nfrom fatnn_bench.contenders import catalog\n"
        "catalog.contenders = lambda scope, kind='cpu': fakes.contenders()\n"
    )
    return os.pathsep.join((str(folder), str(FAKES), SOURCES))


@pytest.fixture
def disk(tmp_path):
    """A disk of 4 MiB, where the system lets one be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(disk):
    """That disk with a file that leaves as much room as a test asks for, in pages of 4 KiB."""
    if resource.getpagesize() != 4096:
        pytest.skip("a disk in memory is not in pages of 4 KiB here")

    def leave(pages):
        (disk / "filler").write_bytes(bytes((1024 - pages) * 4096))
        return disk / "run.jsonl"

    return leave
