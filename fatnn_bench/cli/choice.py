"""What a person chooses to measure: kept in the results file, so that a run can be gone on with."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fatnn_bench.cli.options import Cache, Order, Scope, chosen_cases
from fatnn_bench.errors import UserError

if TYPE_CHECKING:
    from fatnn_bench.harness.timing import Settings
    from fatnn_bench.platforms import Platform
    from fatnn_bench.results.records import Run
    from fatnn_bench.workload.cases import Case


@dataclass(frozen=True)
class Choice:
    """The options of ``run`` that decide which rows there are, and what they mean; the names are the options'."""

    platform: str
    shapes: str
    layer: str | None
    kernel: str | None
    scope: Scope
    seed: int
    quick: bool
    rigorous: bool
    order: Order
    cache: Cache
    case_seconds: float | None
    affinity: str
    platforms: str | None
    plugin: list[str] = field(default_factory=list)  #: as in :mod:`fatnn_bench.plugins`

    @classmethod
    def of_run(cls, run: "Run") -> Self:
        """Return what a run was started with. Raises UserError if its file does not tell."""
        saved = run.header.options
        saved = {"plugin": [], "cache": "warm", "affinity": "auto"} | saved  # files from before there were such options
        if absent := [field.name for field in fields(cls) if field.name not in saved]:
            raise UserError(
                f"cannot go on with {run.source}: its header does not tell what was asked for ({', '.join(absent)}); "
                "run the missing cases into another file"
            )
        known = {field.name: saved[field.name] for field in fields(cls)}
        words = {"scope": Scope(saved["scope"]), "order": Order(saved["order"]), "cache": Cache(saved["cache"])}
        return cls(**known | words)

    def refuse_others(self, given: Self, options: Collection[str], source: str) -> None:
        """Raise UserError if one of the options that a person gave is not as it was chosen here."""
        for name, chosen in asdict(self).items():
            if name in options and getattr(given, name) != chosen:
                option = f"--{name.replace('_', '-')}"
                raise UserError(
                    f"cannot go on with {source}: {option} was {_word(chosen)} and is {_word(getattr(given, name))} "
                    "now; leave it out, or run into another file"
                )

    def entries(self) -> "dict[str, Platform]":
        """The platforms, by name."""
        from fatnn_bench.platforms import load, select

        return select(load(Path(self.platforms) if self.platforms else None), self.platform)

    def cases(self, entry: "Platform") -> "list[Case]":
        """The cases on a platform."""
        return chosen_cases(
            self.shapes, self.layer, self.kernel, self.scope, entry.thread_count, self.plugin, entry.kind
        )

    def settings(self) -> "Settings":
        """How long and how often to measure."""
        from fatnn_bench.harness import timing

        if self.quick and self.rigorous:
            raise UserError("--quick and --rigorous exclude each other; give one of them")
        base = timing.QUICK if self.quick else timing.RIGOROUS if self.rigorous else timing.STANDARD
        case_s = base.case_s if self.case_seconds is None else self.case_seconds
        return replace(base, case_s=case_s, order=self.order.value, cache=self.cache.value)

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON can hold them."""
        return asdict(self) | {"scope": self.scope.value, "order": self.order.value, "cache": self.cache.value}


def _word(value: object) -> str:
    return "not given" if value in (None, False) else "given" if value is True else str(value)
