import sys
from dataclasses import dataclass

import pytest

from fatnn_bench.cli.main import main


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run ``fatnn-bench`` inside the process of the tests, which saves its imports."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fatnn-bench", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return run
