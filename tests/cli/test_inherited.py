"""What a shell holds of libraries' variables changes nothing that is measured, and a header tells no secret of it."""

from fatnn_bench.records import store

TUNED = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_OPT": "0",
    "NUMBA_DISABLE_JIT": "1",
    "OMP_THREAD_LIMIT": "1",
    "OMP_PLACES": "{0}",
    "OPENBLAS_CORETYPE": "Prescott",
    "GLIBC_TUNABLES": "glibc.malloc.arena_max=1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "OMP_SECRET": "hunter2",
}
ARGUMENTS = ("run", "--quick", "--shapes", "9x8x70", "--kernel", "ternary-fatnn,blas.float32", "-o")


def test_native_is_this_cpu_whatever_a_shell_says(shell, tmp_path):
    plain, tuned = shell(*ARGUMENTS, "plain.jsonl"), shell(*ARGUMENTS, "tuned.jsonl", **TUNED)
    assert (plain.returncode, tuned.returncode) == (0, 0), tuned.stderr
    one, two = (store.read(tmp_path / f"{name}.jsonl") for name in ("plain", "tuned"))
    assert {row.case: row.codegen for row in one.rows} == {row.case: row.codegen for row in two.rows}
    assert one.header.software == two.header.software
    assert "hunter2" not in (tmp_path / "tuned.jsonl").read_text()
