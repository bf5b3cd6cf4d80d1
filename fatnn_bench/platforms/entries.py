"""Platforms: the ways to start a worker, as ``platforms.yaml`` lists them. That file documents every field."""

import io
import logging
import os
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter
from ruamel.yaml import YAML

from fatnn_bench.errors import UserError
from fatnn_bench.files import yamlfile
from fatnn_bench.files.gate import Index, Label, Name, Text, brief
from fatnn_bench.files.yamlfile import Entry, closest
from fatnn_bench.machine.quota import usable_cores
from fatnn_bench.processes.variables import SETTABLE

#: More threads than any machine of today has.
_MOST_THREADS = 4096


def _positive_or_all(value: object) -> object:
    if value == "all" or (isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_THREADS):
        return value
    raise ValueError(f"found {brief(value)}, expected a positive integer of at most {_MOST_THREADS}, or all")


def _path(value: str) -> str:
    if not value or not value.isprintable() or len(value) > 1000:
        raise ValueError(f"found {brief(value)}, expected a path of at most 1000 printable characters")
    return value


def _signed_features(value: str) -> str:
    if not all(re.fullmatch(r"[+-][A-Za-z0-9._-]+", feature) for feature in value.split(",")):
        raise ValueError(f"found {brief(value)}, expected LLVM's features with their signs, such as +avx2,-avx512f")
    return value


def _word(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", value):
        raise ValueError(f"found {brief(value)}, expected LLVM's word, such as aarch64-linux-gnu or cortex-a76")
    return value


def _host(value: str) -> str:
    # what begins with a hyphen would be an option of ssh, and some of its options run commands
    if not re.fullmatch(r"[^\s\x00-\x1f\x7f-][^\s\x00-\x1f\x7f]{0,254}", value):
        raise ValueError(f"found {brief(value)}, expected a host as ssh takes it, such as board or me@192.0.2.7")
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"(?:tcp|tls|ws|wss)://[^\s\x00-\x1f\x7f/:-][^\s\x00-\x1f\x7f/:]{0,254}:[0-9]{1,5}", value):
        raise ValueError(
            f"found {brief(value)}, expected the address of a Dask scheduler, such as tcp://192.0.2.7:8786"
        )
    return value


def _value(value: str) -> str:
    if not value.isprintable() or len(value) > 1000:
        raise ValueError(f"found {brief(value)}, expected at most 1000 printable characters")
    return value


def _settable(value: str) -> str:
    if value not in SETTABLE:
        raise ValueError(f"found {brief(value)}, expected one of {', '.join(sorted(SETTABLE))}")
    return value


class CpuPlatform(Entry):
    """A process on this machine's CPU."""

    kind: Literal["cpu"]
    threads: Annotated[int | Literal["all"], BeforeValidator(_positive_or_all)]
    description: Text = ""
    numba_cpu: Annotated[str, AfterValidator(_word)] | None = None
    numba_features: Annotated[str, AfterValidator(_signed_features)] | None = None
    environment: dict[Annotated[str, AfterValidator(_settable)], Annotated[str, AfterValidator(_value)]] = Field(
        default_factory=dict
    )

    @property
    def thread_count(self) -> int:
        """The number of threads: ``all`` is the logical cores that this process may run on."""
        return usable_cores() if self.threads == "all" else self.threads


class ModelledPlatform(Entry):
    """A CPU that is not here: LLVM compiles for it, and llvm-mca predicts the cycles."""

    kind: Literal["modelled"]
    description: Text = ""
    triple: Annotated[str, AfterValidator(_word)]
    cpu: Annotated[str, AfterValidator(_word)]
    features: Annotated[str, AfterValidator(_signed_features)] | None = None
    clock_ghz: Annotated[float, Field(ge=0.001, le=1000, allow_inf_nan=False)]
    source: Annotated[Label, Field(min_length=1)]

    @property
    def thread_count(self) -> int:
        """One: a core is modelled, and nothing that cores share."""
        return 1


class SshPlatform(Entry):
    """Another machine, reached by the person's own ssh."""

    kind: Literal["ssh"]
    description: Text = ""
    host: Annotated[str, AfterValidator(_host)]
    python: Annotated[str, AfterValidator(_path)]
    platform: Name = "native"
    threads: Annotated[int, Field(gt=0, le=_MOST_THREADS)] = 1

    @property
    def thread_count(self) -> int:
        """The number of threads, over there."""
        return self.threads


class CudaPlatform(Entry):
    """An NVIDIA GPU of this machine."""

    kind: Literal["cuda"]
    description: Text = ""
    device: Index = 0

    @property
    def thread_count(self) -> int:
        """One: the thread of the host that feeds the GPU."""
        return 1


class DaskPlatform(Entry):
    """A fleet: the boards of a Dask cluster that is there already."""

    kind: Literal["dask"]
    description: Text = ""
    scheduler: Annotated[str, AfterValidator(_address)]
    resources: dict[Name, Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False, strict=False)]] = Field(
        default_factory=dict
    )
    platform: Name = "native"
    threads: Annotated[int, Field(gt=0, le=_MOST_THREADS)] = 1

    @property
    def thread_count(self) -> int:
        """The number of threads, on each board."""
        return self.threads


class EmulatedPlatform(Entry):
    """A CPU that is not here, emulated: it tells right from wrong, and no time."""

    kind: Literal["emulated"]
    description: Text = ""
    triple: Annotated[str, AfterValidator(_word)]
    cpu: Annotated[str, AfterValidator(_word)]
    features: Annotated[str, AfterValidator(_signed_features)] | None = None

    @property
    def thread_count(self) -> int:
        """One: the tile is tried, not the threads."""
        return 1


class ImportedPlatform(Entry):
    """Another's table of times."""

    kind: Literal["imported"]
    description: Text = ""
    file: Annotated[str, AfterValidator(_path)]
    row_platform: Annotated[Label, Field(min_length=1)]
    source: Annotated[Label, Field(min_length=1)]
    scope: Literal["kernel", "layer", "packed"] = "kernel"
    threads: Annotated[int, Field(gt=0, le=_MOST_THREADS)] = 1

    @property
    def thread_count(self) -> int:
        """The number of threads that the table's times are of."""
        return self.threads


#: One model a kind.
Platform: TypeAlias = Annotated[
    CpuPlatform | CudaPlatform | DaskPlatform | EmulatedPlatform | ImportedPlatform | ModelledPlatform | SshPlatform,
    Field(discriminator="kind"),
]

#: Where a person's own file is found without being named.
_LOCAL = Path("platforms.yaml")
_log = logging.getLogger(__name__)

#: Fields that tell where other machines, and things on them, are.
_HOSTS = {"host", "python", "scheduler"}

_DOCUMENT = TypeAdapter(Annotated[dict[Name, Platform], Field(min_length=1)])


def load(path: Path | None = None) -> dict[str, Platform]:
    """Return the platforms of a file by name, in its order.

    Parameters
    ----------
    path
        The file; if None, ``./platforms.yaml``, and where there is none the file that ships with the suite.

    Raises
    ------
    UserError
        If the file cannot be read or is wrong; the message names file, line, field and the accepted values.
    """
    file = path or _default()
    if file == _LOCAL:
        _say_local(Path.cwd())
    return parsed(yamlfile.read(file), str(file))


def parsed(text: str, file: str) -> dict[str, Platform]:
    """Return the platforms that the text of a file of this name holds; errors are those of :func:`load`."""
    return yamlfile.parsed(text, _DOCUMENT, file)


def text(names: Collection[str], path: Path | None = None, with_hosts: bool = False) -> str:
    """Return entries of the file that :func:`load` reads as YAML, without comments; errors are those of that.

    Parameters
    ----------
    names
        Of the entries; one that the file lacks is left out.
    path
        As of :func:`load`.
    with_hosts
        Keep what tells where other machines are.
    """
    hidden = set() if with_hosts else _HOSTS
    entries = {
        name: {"kind": entry.kind} | entry.model_dump(exclude_unset=True, exclude=hidden)
        for name, entry in load(path).items()
        if name in names
    }
    stream = io.StringIO()
    YAML(typ="safe").dump(entries, stream)
    return stream.getvalue()


def select(platforms: dict[str, Platform], names: str) -> dict[str, Platform]:
    """Return the platforms that a comma-separated list names, in its order. Raises UserError for an unknown name."""
    wanted = [name for name in (part.strip() for part in names.split(",")) if name]
    if not wanted:
        raise UserError(f"--platform {names!r} names nothing; give some of {', '.join(platforms)}")
    for name in wanted:
        if name not in platforms:
            raise UserError(f"no platform is '{name}'{closest(name, platforms)}")
    return {name: platforms[name] for name in wanted}


def _default() -> Path:
    return _LOCAL if os.path.lexists(_LOCAL) else shipped()


@cache
def _say_local(folder: Path) -> None:
    """Say, once, that it is not the shipped file that decides."""
    _log.warning("fatnn-bench: platforms are those of %s", folder / _LOCAL)


def shipped() -> Path:
    """Return the shipped file: inside an installed package, at the root of a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "platforms.yaml"
    return installed if installed.exists() else package.parent / "platforms.yaml"
