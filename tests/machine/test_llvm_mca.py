"""The newest llvm-mca is found by any of its names, and what apt could install is asked of apt."""

import pytest

from fatnn_bench.machine import llvm_mca
from tests.support.programs import program


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH of one folder, and nothing remembered of another."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for remembered in (llvm_mca.find, llvm_mca.packaged, llvm_mca.version):
        remembered.cache_clear()
    yield tmp_path
    for remembered in (llvm_mca.find, llvm_mca.packaged, llvm_mca.version):
        remembered.cache_clear()


def test_the_newest_on_the_path_is_found(path):
    newest = {name: program(path, name, f"echo 'LLVM version {version}'") for name, version in VERSIONS.items()}
    assert llvm_mca.find() == newest["llvm-mca-22"]
    assert llvm_mca.version(newest["llvm-mca"]) == "14.0.6"
    assert llvm_mca.major(newest["llvm-mca-22"]) == 22


#: 9 is newer than 22 by its letters alone.
VERSIONS = {"llvm-mca": "14.0.6", "llvm-mca-22": "22.1.8", "llvm-mca-9": "9.0.1"}


def test_without_any_there_is_none(path):
    assert llvm_mca.find() is None
    assert llvm_mca.packaged() is None


def test_the_newest_package_is_told_by_apt(path):
    names = "llvm-9 - Modular compiler\\nllvm-22 - Modular compiler\\nllvm-14 - Modular compiler"
    program(path, "apt-cache", f'test "$1 $2" = "search --names-only" && printf "{names}\\n"')
    assert llvm_mca.packaged() == 22


def test_an_apt_that_knows_nothing_tells_nothing(path):
    program(path, "apt-cache", "echo 'E: Unable to locate package' >&2; exit 100")
    assert llvm_mca.packaged() is None
