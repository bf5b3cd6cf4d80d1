"""How far an accuracy run is, on stderr: a bar on a terminal, and a line a trained network everywhere."""

import os
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from fatnn_bench.accuracy.records import AccuracyRow, Diverged, Settings
from fatnn_bench.accuracy.schemes import Scheme


class Progress:
    """Counts epochs. Listens to :mod:`fatnn_bench.accuracy.experiment`."""

    def __init__(self, settings: Settings, todo: list[tuple[int, Scheme]]) -> None:
        console = Console(stderr=True, no_color="NO_COLOR" in os.environ)
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            speed_estimate_period=600,
        )
        trainings = len(todo) + len({seed for seed, _ in todo})  # and the float network each seed starts from
        self._done, self._trainings = 0, len(todo)
        self._task = self._bar.add_task("starting", total=trainings * settings.epochs)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begins(self, name: str) -> None:
        self._bar.update(self._task, description=name)

    def epoch_done(self) -> None:
        self._bar.advance(self._task)

    def row_done(self, row: AccuracyRow) -> None:
        self._told(f"{row.precision}, seed {row.seed}: {100 * row.accuracy:.2f}%")

    def diverged(self, record: Diverged) -> None:
        self._told(f"{record.precision}, seed {record.seed} diverged: {record.reason}")

    def start_diverged(self, seed: int, reason: str) -> None:
        self._print(f"start, seed {seed} diverged, and its precisions start untrained: {reason}")

    def _told(self, what: str) -> None:
        self._done += 1
        self._print(f"{self._done}/{self._trainings} {what}")

    def _print(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
