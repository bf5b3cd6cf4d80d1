"""How far a run is, on stderr; silent where that is not a terminal."""

import os
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from fatnn_bench.printing.escaping import plain
from fatnn_bench.records.run import Row, Status


class Progress:
    """A bar of cases, with the time left as the cases so far tell it. Listens to :mod:`fatnn_bench.campaign`."""

    def __init__(self, cases: int) -> None:
        self._cases = cases
        self._rows = 0
        self.begun = False  #: whether the results file is this run's own
        console = Console(stderr=True, no_color="NO_COLOR" in os.environ)
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            speed_estimate_period=600,
        )
        self._task = self._bar.add_task("starting", total=cases)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def turn(self, name: str, progress: float) -> None:
        self.begun = True
        self._bar.update(self._task, description=plain(name), completed=max(self._rows, int(progress * self._cases)))

    def note(self, text: str) -> None:
        self._told(f"fatnn-bench: {text}")

    def row_done(self, row: Row) -> None:
        self._rows += 1
        self._bar.update(self._task, completed=max(self._rows, self._bar.tasks[self._task].completed))
        if row.status in (Status.FAILED, Status.ERROR):
            self._told(f"{row.status} {row.case}: {row.reason}")

    def _told(self, line: str) -> None:
        self._bar.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)
