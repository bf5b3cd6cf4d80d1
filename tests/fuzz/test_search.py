"""What the search must find: mutants that end in an exception, in a signal, or that take too long."""

import gc
import os
import signal
from pathlib import Path

import pytest
import typer.main
from fuzzing import campaign, trial
from fuzzing.formats import Format

#: By the number of a mutant: the files before, between and behind them are right.
FAULTS = {1: "KeyError", 4: "SIGKILL", 7: "SIGPROF"}


def _read() -> None:
    match int(Path("m").read_bytes()):
        case 1:
            raise KeyError("m")
        case 4:
            os.kill(os.getpid(), signal.SIGKILL)
        case 7:
            while True:
                pass


@pytest.fixture
def form(monkeypatch):
    """A format whose mutants are their numbers."""
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    monkeypatch.setattr(campaign, "_TOGETHER", 2)
    monkeypatch.setattr(typer.main, "get_command", typer.main.get_command)  # the search replaces it

    def spoiled(random, content):
        return b"%d" % int(random.numbered)

    yield Format("numbers", lambda: {"m": b"0"}, spoiled, [(1, _read)])
    gc.unfreeze()


def test_every_fault_is_found_with_the_number_of_its_mutant(form, monkeypatch):
    class Numbered(campaign.Random):
        def __init__(self, seed):
            super().__init__(seed)
            self.numbered = seed.split()[-1]

    monkeypatch.setattr(campaign, "Random", Numbered)
    found = {one.number: one.fault for one in campaign.search(form, 1, range(9))}
    assert list(found) == list(FAULTS)
    assert all(word in found[number] for number, word in FAULTS.items())
