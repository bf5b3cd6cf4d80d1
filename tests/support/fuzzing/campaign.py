"""Mutants of a format from a seed, one after the other, and the faults that were found."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzzing import trial
from fuzzing.formats import Format


@dataclass(frozen=True)
class Found:
    """A mutant that was neither taken nor refused in a sentence."""

    format: str
    number: int  #: of the mutant: with the format and the seed it makes the same one again
    action: str
    fault: str

    @property
    def place(self) -> str:
        """The last line of what went wrong, to tell kinds of faults apart."""
        lines = [line for line in self.fault.splitlines() if line.strip()]
        return lines[-1][:150] if lines else "?"


def search(form: Format, seed: int, mutants: range, keep: Path | None = None) -> Iterator[Found]:
    """Try mutants of a format; yields the faults. With ``keep``, their folders are copied there."""
    with tempfile.TemporaryDirectory() as name:
        samples = Path(name) / "samples"
        samples.mkdir()
        form.write_samples(samples)
        folder = Path(name) / "mutant"
        for _, action in form.readers:
            shutil.copytree(samples, folder)
            trial.warm_up(folder, action)
            shutil.rmtree(folder)
        gc.freeze()  # lest a collection in a forked process copies what it shares with this one
        for number in mutants:
            shutil.copytree(samples, folder)
            random = Random(f"{seed} {form.name} {number}")
            action = form.spoil(random, folder)
            if what := trial.fault(folder, action):
                described = action.__name__ if callable(action) else " ".join(action)
                if keep:
                    shutil.copytree(folder, keep / f"{form.name}-{number}", dirs_exist_ok=True)
                    (keep / f"{form.name}-{number}" / "HOW.txt").write_text(f"{described}\n\n{what}", errors="replace")
                yield Found(form.name, number, described[:200], what)
            shutil.rmtree(folder)
