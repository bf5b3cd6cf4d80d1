"""The wheel holds all that the suite needs away from its checkout."""

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--disable-pip-version-check", "-w", str(folder)], check=True, timeout=120)
    (path,) = folder.glob("fatnn_bench-*.whl")
    return path


def below(folder, pattern="*.py"):
    return {path.relative_to(folder.parent).as_posix() for path in folder.rglob(pattern)}


def test_it_holds_both_packages_and_their_data(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    assert below(ROOT / "fatnn_bench") | below(ROOT / "kernels" / "fatnn_kernels") <= held
    assert below(ROOT / "fatnn_bench", "*.yaml") <= held
    assert "fatnn_bench/platforms.yaml" in held
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_it_holds_nothing_else(wheel):
    tops = {name.split("/")[0].split("-")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"fatnn_bench", "fatnn_kernels"}


def test_it_works_away_from_the_checkout(wheel, shell, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    where = subprocess.run(
        [sys.executable, "-c", "import fatnn_bench as b, fatnn_kernels as k; print(b.__file__, k.__file__)"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "installed")},
    )  # fmt: skip
    assert where.stdout.count(str(tmp_path / "installed")) == 2
    done = shell("verify", "--shapes", "3x3x3", "--kernel", "blas.*", PYTHONPATH=str(tmp_path / "installed"))
    assert (done.returncode, done.stderr) == (0, "")
    listed = shell("list", PYTHONPATH=str(tmp_path / "installed")).stdout
    assert "native-all-threads" in listed
    assert "resnet18" in listed
