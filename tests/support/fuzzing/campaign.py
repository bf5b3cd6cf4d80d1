"""Mutants of a format from a seed, one after the other, and the faults that were found."""

import functools
import gc
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import typer

from fuzzing import trial
from fuzzing.formats import Format
from fuzzing.trial import Action

#: How many mutants share a process: its fork takes as long as to read some of them.
_TOGETHER = 25


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
    typer.main.get_command = functools.cache(typer.main.get_command)  # which takes longer than to read most mutants
    with tempfile.TemporaryDirectory() as name:
        samples = Path(name) / "samples"
        samples.mkdir()
        form.write_samples(samples)
        _warm_up(form, samples)
        for batch in (mutants[i : i + _TOGETHER] for i in range(0, len(mutants), _TOGETHER)):
            tries = [_mutant(form, seed, number, samples) for number in batch]
            well = trial.are_well(tries)
            for number, (folder, _) in zip(batch, tries, strict=True):
                shutil.rmtree(folder)
                if not well and (found := _alone(form, seed, number, samples, keep)):
                    yield found


def _warm_up(form: Format, samples: Path) -> None:
    folder = samples.with_name("sample")
    for _, action in form.readers:
        shutil.copytree(samples, folder)
        trial.warm_up(folder, action)
        shutil.rmtree(folder)
    gc.freeze()  # lest a collection in a forked process copies what it shares with this one


def _mutant(form: Format, seed: int, number: int, samples: Path) -> tuple[Path, Action]:
    """Write a mutant to a folder of its own; returns that, and what is to read it."""
    folder = samples.with_name(str(number))
    shutil.copytree(samples, folder)
    return folder, form.spoil(Random(f"{seed} {form.name} {number}"), folder)


def _alone(form: Format, seed: int, number: int, samples: Path, keep: Path | None) -> Found | None:
    folder, action = _mutant(form, seed, number, samples)
    what = trial.fault(folder, action)
    described = action.__name__ if callable(action) else " ".join(action)
    if what and keep:
        kept = keep / f"{form.name}-{number}"
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        (kept / "HOW.txt").write_text(f"{described}\n\n{what}", errors="replace")
    shutil.rmtree(folder)
    return Found(form.name, number, described[:200], what) if what else None
