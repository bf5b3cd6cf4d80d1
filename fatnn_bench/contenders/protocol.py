"""The protocol of what can be measured."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.machine.gpu_clock import GpuClock
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import Domain


class Loop(Protocol):
    """Work that can be timed."""

    def run(self, loops: int) -> float | None:
        """Call it ``loops`` times; see :data:`fatnn_bench.harness.timing.Run`."""


class Reading(Loop, Protocol):
    """A loop that reads a buffer and does nothing else."""

    @property
    def bytes(self) -> int:
        """Bytes that a call reads."""


class Limit(Loop, Protocol):
    """A loop at the machine's limit for a kernel: its instructions, on registers."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a call."""

    def reading(self, size: int) -> Reading | None:
        """A loop that reads ``size`` bytes, or a few more, from where the kernel finds its operands.

        None where reading them all is no limit, or cannot be measured.
        """


class Prepared(Protocol):
    """A kernel with its operands in place: only what the clock should see is left to do."""

    @property
    def bytes(self) -> int:
        """Operands read and results written, once each."""

    @property
    def codegen(self) -> dict[str, Any]:
        """How the kernel was compiled."""

    @property
    def tolerance(self) -> float | None:
        """How far a result may be off; None: not at all, or as far as float32 must be."""

    @property
    def stages(self) -> Mapping[str, Callable[[int], float | None]]:
        """Parts that can be run alone, as :meth:`run` runs the whole."""

    @property
    def limit(self) -> Limit | None:
        """The loop that no kernel of the same arithmetic can outrun, where there is one."""

    def run(self, loops: int) -> float | None:
        """Compute the result ``loops`` times over, into the same place; see :data:`fatnn_bench.harness.timing.Run`."""

    def result(self) -> NDArray[Any]:
        """The result as it stands, shaped as :class:`Problem` has it."""

    def spoil(self) -> None:
        """Overwrite the result, so that a call that computes nothing is seen."""


@runtime_checkable
class OnGpu(Protocol):
    """A prepared kernel that a GPU computes, whose clock decides and not the host's."""

    def gpu_clock(self) -> GpuClock | None:
        """A look at it now; None where nobody tells."""


class Contender(Protocol):
    """A kernel or baseline in one scope: what it multiplies, and how to make it ready."""

    @property
    def name(self) -> str:
        """As in case ids."""

    @property
    def precision(self) -> str:
        """What a person chooses, such as ``ternary``; one of :data:`fatnn_bench.workload.precisions.PRECISIONS`."""

    @property
    def way(self) -> str | None:
        """How it computes, such as ``popcount``; None if that is not known."""

    @property
    def x_domain(self) -> Domain: ...

    @property
    def y_domain(self) -> Domain: ...

    def skip_reason(self, layer: Layer) -> str:
        """Why the kernel cannot run a layer here; empty if it can."""

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        """Put the operands in place. Nothing is computed yet."""
