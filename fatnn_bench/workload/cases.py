"""A case is one thing to measure: a kernel on a layer's shape, in a scope, with a number of threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer


@dataclass(frozen=True)
class Case:
    """What one row of a results file is about."""

    kernel: str
    layer: Layer
    scope: str  #: what the clock sees: ``kernel``, ``layer`` or ``network``
    threads: int

    @property
    def id(self) -> str:
        """``kernel/shape/scope@threads``, such as ``ternary-fatnn/resnet18.conv2_x/kernel@1``."""
        return f"{self.kernel}/{self.layer.full_name}/{self.scope}@{self.threads}"

    @property
    def skip_reason(self) -> str:
        """Why no kernel can run it; empty if some can: in scope ``kernel`` a convolution is its matrix product."""
        if self.layer.skip_reason or self.scope == "kernel":
            return self.layer.skip_reason
        what = self.layer.window.irregularity
        return f"{what}: scope {self.scope} runs square windows; scope kernel times the matrix product" if what else ""

    def to_json(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "layer": self.layer.to_json(), "scope": self.scope, "threads": self.threads}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(record["kernel"], Layer.from_json(record["layer"]), record["scope"], record["threads"])


def sweep(
    layers: Sequence[Layer],
    kernels: Sequence[str],
    scope: str,
    threads: int,
    layer_glob: str | None = None,
    kernel_glob: str | None = None,
) -> list[Case]:
    """Return a case for every kernel on every layer, grouped by layer, in the orders given.

    Parameters
    ----------
    layers, kernels
        What there is to choose from.
    scope, threads
        Of every case.
    layer_glob
        Comma-separated shell patterns; a layer stays if one matches its name (``conv2_x``) or full name
        (``resnet18.conv2_x``). None keeps all.
    kernel_glob
        The same for the names of kernels.

    Raises
    ------
    UserError
        If a pattern matches nothing.
    """
    kept_layers = _matching({layer.full_name: (layer.name, layer.full_name) for layer in layers}, layer_glob, "--layer")
    kept_kernels = _matching({kernel: (kernel,) for kernel in kernels}, kernel_glob, "--kernel")
    return [
        Case(kernel, layer, scope, threads)
        for layer in layers
        if layer.full_name in kept_layers
        for kernel in kernels
        if kernel in kept_kernels
    ]


def _matching(aliases: Mapping[str, tuple[str, ...]], globs: str | None, option: str) -> set[str]:
    """Return the keys with an alias that some pattern of ``globs`` matches."""
    if globs is None:
        return set(aliases)
    kept: set[str] = set()
    for glob in (part.strip() for part in globs.split(",")):
        matches = {name for name, known in aliases.items() if any(fnmatchcase(alias, glob) for alias in known)}
        if not matches:
            raise UserError(f"{option} '{glob}' matches nothing; there are {', '.join(aliases)}")
        kept |= matches
    return kept
