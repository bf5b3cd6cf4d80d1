"""Which operations of a network are computed together, in the epilogue of one convolution."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program

CONVOLUTIONS = ("conv", "pixel_conv")


@dataclass(frozen=True)
class Chain:
    """Operations that are one step; the last one's result is the only one that is kept."""

    operations: tuple[Operation, ...]
    skip: str | None = None  #: what the chain's ``add`` reads beside the chain

    @property
    def first(self) -> Operation:
        return self.operations[0]

    @property
    def name(self) -> str:
        return self.operations[-1].name

    @property
    def reads(self) -> tuple[str, ...]:
        """The results that must be there before."""
        return (*self.first.inputs, *([self.skip] if self.skip else []))

    def of(self, kind: str) -> Operation | None:
        """Its operation of a kind, if it has one."""
        return next((operation for operation in self.operations if operation.kind == kind), None)


def chains(program: Program) -> list[Chain]:
    """All operations of a program in chains, in an order in which they can run.

    A chain is ``conv, threshold`` or ``conv, scale, affine[, add][, relu …]``, where nothing else reads what lies
    within; any other operation is a chain of its own.
    """
    readers: dict[str, list[Operation]] = defaultdict(list)
    for operation in program.operations:
        for name in operation.inputs:
            readers[name].append(operation)
    taken: set[str] = set()
    found: list[Chain] = []
    for operation in program.operations:
        if operation.name not in taken:
            chain = _grown(operation, readers, taken)
            taken |= {member.name for member in chain.operations}
            found.append(chain)
    return list(_ordered(found, program))


def uses(program: Program) -> Counter[str]:
    """How often each result is read."""
    return Counter(name for operation in program.operations for name in operation.inputs)


def _grown(start: Operation, readers: dict[str, list[Operation]], taken: set[str]) -> Chain:
    """The longest chain that begins with an operation."""
    if start.kind not in CONVOLUTIONS:
        return Chain((start,))

    def following(last: Operation, *kinds: str) -> Operation | None:
        behind = readers[last.name]
        fits = len(behind) == 1 and behind[0].kind in kinds and behind[0].name not in taken
        return behind[0] if fits else None

    if threshold := following(start, "threshold"):
        return Chain((start, threshold))
    scale = following(start, "scale")
    affine = following(scale, "affine") if scale else None
    if scale is None or affine is None:
        return Chain((start,))
    members, skip = [start, scale, affine], None
    if add := following(affine, "add"):
        members.append(add)
        skip = next((name for name in add.inputs if name != affine.name), affine.name)
    while relu := following(members[-1], "relu"):
        members.append(relu)
    return Chain(tuple(members), skip)


def _ordered(found: list[Chain], program: Program) -> Iterator[Chain]:
    """Chains by where their last operation stands: all that they read stands before it."""
    place = {operation.name: i for i, operation in enumerate(program.operations)}
    return iter(sorted(found, key=lambda chain: place[chain.name]))
