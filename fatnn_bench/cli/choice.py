"""What a person chooses to measure: kept in the results file, so that a run can be gone on with, or made again.

A results file may come from anybody. What a command takes from it is :class:`Taken`, and nothing else: names, numbers
and patterns. Files that are read, and code that is run, are those that the command line names now.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fatnn_bench.cli.options import MOST_PROCESSES, MOST_SECONDS, Cache, Order, Scope, chosen_cases, chosen_layers
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Amount, Count, Name, Text

if TYPE_CHECKING:
    from fatnn_bench.harness.timing import Settings
    from fatnn_bench.platforms import Platform
    from fatnn_bench.records.run import Run
    from fatnn_bench.workload.cases import Case
    from fatnn_bench.workload.layers import Layer


class Taken(BaseModel):
    """All that a command takes from the header of a results file or of an artifact's run."""

    model_config = ConfigDict(frozen=True)

    platform: Name  #: an entry of the reader's own platforms
    shapes: Text  #: networks that ship and MxNxK: a file among them has to be named anew
    layer: Text | None
    kernel: Text | None
    scope: Scope
    seed: Amount
    quick: Annotated[bool, Field(strict=True)]
    rigorous: Annotated[bool, Field(strict=True)]
    order: Order
    cache: Cache = Cache.WARM  #: where there is a default, files from before there was such an option
    case_seconds: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=MOST_SECONDS)] | None
    affinity: Annotated[str, Field(pattern=r"^(auto|none|[0-9]{1,5})$")] = "auto"
    processes: Annotated[int, Field(strict=True, ge=1, le=MOST_PROCESSES)] | None = 1
    batch: Count | None = None
    tokens: Count | None = None


_TAKEN = TypeAdapter(Taken)


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
    processes: int | None  #: None for as many as the settings have
    platforms: str | None
    plugin: list[str] = field(default_factory=list)  #: as in :mod:`fatnn_bench.plugins`
    batch: int | None = None
    tokens: int | None = None

    @classmethod
    def of_run(cls, run: "Run", plugins: Sequence[str], given: "Choice | None" = None) -> Self:
        """Return what a run was started with, as far as a file may say it, with the plugins that are named now.

        Parameters
        ----------
        run
            As it was read from its file.
        plugins
            As of :func:`fatnn_bench.cli.options.chosen_plugins`.
        given
            What the command line names now: where the run used files of platforms or shapes, it has to name them again.
            None where a command takes none.

        Raises
        ------
        UserError
            The file does not tell what the run was started with, or used a file or a plugin that is not named now.
        """
        saved, source = run.header.options, run.source
        if not saved:
            raise UserError(f"{source} does not tell what was asked for, so that it can neither go on nor be run again")
        taken = gate.validated(_TAKEN, saved, f"{source}, line 1, options", "it can neither go on nor be run again")
        _refuse_missing_plugins(saved.get("plugin"), plugins, source)
        if given and saved.get("platforms") and given.platforms is None:
            raise UserError(f"{source} used {_file(saved['platforms'], 'name it again: --platforms FILE')}")
        if not _are_shipped(taken.shapes, taken.scope) and (given is None or given.shapes != taken.shapes):
            how = "run it by hand" if given is None else f"name it again: --shapes {gate.brief(taken.shapes)}"
            raise UserError(f"{source} used {_file(taken.shapes, how)}")
        platforms = given.platforms if given else None
        return cls(**vars(taken), platforms=platforms, plugin=list(plugins))

    def refuse_others(self, given: Self, options: Collection[str], source: str) -> None:
        """Raise UserError if one of the options that a person gave is not as it was chosen here."""
        for name, chosen in asdict(self).items():
            if name in options and name not in _NAMED_NOW and getattr(given, name) != chosen:
                option = f"--{name.replace('_', '-')}"
                raise UserError(
                    f"cannot go on with {source}: {option} was {_word(chosen)} and is {_word(getattr(given, name))} "
                    "now; leave it out, or run into another file"
                )

    def entries(self) -> "dict[str, Platform]":
        """The platforms, by name."""
        from fatnn_bench.platforms import load, select

        return select(load(Path(self.platforms) if self.platforms else None), self.platform)

    def layers(self) -> "list[Layer]":
        """The layers, of which ``layer`` chooses some."""
        return chosen_layers(self.shapes, self.scope, self.batch, self.tokens)

    def cases(self, layers: "Sequence[Layer]", entry: "Platform") -> "list[Case]":
        """The cases of layers on a platform."""
        return chosen_cases(layers, self.layer, self.kernel, self.scope, entry.thread_count, self.plugin, entry.kind)

    def settings(self) -> "Settings":
        """How long and how often to measure."""
        from fatnn_bench.harness import timing

        if self.quick and self.rigorous:
            raise UserError("--quick and --rigorous exclude each other; give one of them")
        base = timing.QUICK if self.quick else timing.RIGOROUS if self.rigorous else timing.STANDARD
        case_s = base.case_s if self.case_seconds is None else self.case_seconds
        processes = base.processes if self.processes is None else self.processes
        return replace(base, case_s=case_s, order=self.order.value, cache=self.cache.value, processes=processes)

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON can hold them."""
        from fatnn_bench.records.provenance import recorded

        words = {"scope": self.scope.value, "order": self.order.value, "cache": self.cache.value}
        files = {"platforms": self.platforms and recorded(self.platforms), "plugin": list(map(recorded, self.plugin))}
        return asdict(self) | words | files


def _word(value: object) -> str:
    return "not given" if value in (None, False) else "given" if value is True else str(value)


#: What the command line names, whatever a file says.
_NAMED_NOW = ("platforms", "plugin")


def _file(name: object, instead: str) -> str:
    return f"{gate.brief(name)}, a file, and what is read is not for a results file to say; {instead}"


def _are_shipped(shapes: str, scope: Scope) -> bool:
    """Whether nothing is read but what ships: of whole networks, there are no others."""
    from fatnn_bench.architectures import networks

    return scope is Scope.NETWORK or all(networks.is_shipped(item) for item in networks.items(shapes))


def _refuse_missing_plugins(saved: object, plugins: Sequence[str], source: str) -> None:
    """Raise UserError if a run used a plugin's file of a name that none of these plugins has."""
    known = {Path(plugin).name for plugin in plugins}
    for plugin in saved if isinstance(saved, list) else []:
        if isinstance(plugin, str) and Path(plugin).is_absolute() and Path(plugin).name not in known:
            name = gate.brief(Path(plugin).name)
            raise UserError(
                f"{source} used the plugin {gate.brief(plugin)}, a file, and what is run is not for a results file to "
                f"say; name yours: --plugin {name}"
            )
