"""Two runs that are started at once with one ``-o``: one measures, the other says that it does not."""

import re
import subprocess
import sys

import pytest

from fatnn_bench.records import store


@pytest.mark.parametrize("name", ["run.jsonl", "a/new/folder/run.jsonl"])
def test_one_of_two_writes_the_file_and_the_other_one_sentence(tmp_path, environ, fake_contenders, name):
    command = [sys.executable, "-m", "fatnn_bench", "run", "--shapes", "3x3x3,4x3x3", "--kernel", "good", "--quick"]
    both = [
        subprocess.Popen(
            [*command, "-o", name], cwd=tmp_path, env=environ | {"PYTHONPATH": fake_contenders}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    (won, (_, told)), (lost, (out, sentence)) = sorted(
        ((process, process.communicate(timeout=120)) for process in both), key=lambda pair: pair[0].returncode
    )
    assert (won.returncode, lost.returncode, out) == (0, 2, ""), sentence
    assert f"\nsaved {name}\n" in told
    assert re.fullmatch(
        rf"fatnn-bench: (another process writes to {name}; wait for it|{name} exists and results are never over).*\n",
        sentence,
    )
    saved = store.read(tmp_path / name)
    assert [row.case for row in saved.rows] == ["good/3x3x3/kernel@1", "good/4x3x3/kernel@1"]
    assert saved.warnings == ()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["run.jsonl"]
