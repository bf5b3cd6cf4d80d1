"""How often each basic block of a function runs.

The control flow of a tile depends on whole numbers among its arguments only: the number of words, and whether the
result is new. So the few instructions that decide on branches are carried out, and nothing else. Whatever LLVM made of
the loops (unrolled, with a remainder, in blocks that keep counts in bytes) is counted as it will run.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache


def _unsigned(value: int) -> int:
    return value % 2**64


#: What instructions on i64 and i1 compute, by LLVM's names.
_OPERATIONS: dict[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "lshr": lambda a, b: _unsigned(a) >> b,
    "ashr": lambda a, b: a >> b,
    "udiv": lambda a, b: _unsigned(a) // b,
    "urem": lambda a, b: _unsigned(a) % b,
    "smin": min,
    "smax": max,
    "umin": lambda a, b: min(_unsigned(a), _unsigned(b)),
    "umax": lambda a, b: max(_unsigned(a), _unsigned(b)),
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "slt": lambda a, b: a < b,
    "sle": lambda a, b: a <= b,
    "sgt": lambda a, b: a > b,
    "sge": lambda a, b: a >= b,
    "ult": lambda a, b: _unsigned(a) < _unsigned(b),
    "ule": lambda a, b: _unsigned(a) <= _unsigned(b),
    "ugt": lambda a, b: _unsigned(a) > _unsigned(b),
    "uge": lambda a, b: _unsigned(a) >= _unsigned(b),
    "select": lambda condition, a, b: a if condition else b,
    "freeze": int,
}
#: Words of an instruction that change nothing of what it computes here.
_FLAGS = frozenset({"tail", "nuw", "nsw", "exact", "disjoint", "samesign"})
#: A value as an operand: not the 64 of i64.
_VALUE = re.compile(r"%[\w.$-]+|(?<![\w.%@-])-?\d+\b|\btrue\b|\bfalse\b")


@dataclass(frozen=True)
class _Instruction:
    result: str
    operation: str  #: a key of the operations, or ``phi``
    operands: tuple[str, ...]
    blocks: tuple[str, ...]  #: of a phi: where each operand comes from


@dataclass(frozen=True)
class _Block:
    phis: tuple[_Instruction, ...]
    others: tuple[_Instruction, ...]
    condition: str | None  #: of the branch, if there are two targets
    targets: tuple[str, ...]  #: no block, where the function returns; one; or two


def block_counts(text: str, arguments: Mapping[str, int]) -> Counter[str]:
    """Return how often each block of a module's only function runs.

    Parameters
    ----------
    text
        Optimised LLVM IR.
    arguments
        The function's whole numbers by name.

    Raises
    ------
    ValueError
        Something else than whole numbers decides on a branch; the message quotes the instruction.
    """
    blocks = _deciding(text)
    counts: Counter[str] = Counter()
    values = {f"%{name}": value for name, value in arguments.items()}
    before, here = "", next(iter(blocks))
    while True:
        counts[here] += 1
        block = blocks[here]
        # all phis at once: one may read what another of its block was before
        values |= {phi.result: _value(phi.operands[phi.blocks.index(before)], values) for phi in block.phis}
        for instruction in block.others:
            operands = [_value(operand, values) for operand in instruction.operands]
            values[instruction.result] = int(_OPERATIONS[instruction.operation](*operands))
        if not block.targets:
            return counts
        taken = 0 if block.condition is None or _value(block.condition, values) else 1
        before, here = here, block.targets[taken]


def _value(operand: str, values: Mapping[str, int]) -> int:
    if operand.startswith("%"):
        return values[operand]
    return int(operand == "true") if operand in ("true", "false") else int(operand)


@cache
def _deciding(text: str) -> dict[str, _Block]:
    """The blocks by name, in order, each with only those instructions on which a branch depends."""
    bodies = _bodies(text)
    branches = {name: _branch(lines[-1]) for name, lines in bodies.items()}
    definitions = dict(line.split(" = ", 1) for lines in bodies.values() for line in lines if " = " in line)
    needed: dict[str, _Instruction] = {}
    wanted = [condition for condition, _ in branches.values() if condition is not None]
    while wanted:
        name = wanted.pop()
        if name in definitions and name not in needed:  # else an argument or a constant
            needed[name] = _instruction(name, definitions[name])
            wanted += needed[name].operands
    blocks: dict[str, _Block] = {}
    for name, lines in bodies.items():
        mine = [needed[result] for line in lines if (result := line.split(" = ", 1)[0]) in needed]
        phis = tuple(instruction for instruction in mine if instruction.operation == "phi")
        others = tuple(instruction for instruction in mine if instruction.operation != "phi")
        blocks[name] = _Block(phis, others, *branches[name])
    return blocks


def _bodies(text: str) -> dict[str, list[str]]:
    """The lines of each block, by the block's name."""
    bodies: dict[str, list[str]] = {}
    function = text[text.index("\ndefine ") :].split("{\n", 1)[1].split("\n}", 1)[0]
    for line in function.splitlines():
        label = re.match(r'"?([\w.$-]+)"?:', line)
        if label:
            bodies[label.group(1)] = []
        elif line.strip():
            bodies[next(reversed(bodies))].append(line.strip())
    return bodies


def _branch(line: str) -> tuple[str | None, tuple[str, ...]]:
    """The condition and the targets of a block's last instruction."""
    if line.startswith("ret "):
        return None, ()
    found = re.match(r"br (?:i1 (\S+), )?label %([\w.$-]+)(?:, label %([\w.$-]+))?", line)
    if not found:
        raise ValueError(f"cannot follow the branch {line!r}")
    condition, *targets = found.groups()
    return condition, tuple(target for target in targets if target is not None)


def _instruction(result: str, line: str) -> _Instruction:
    """Read the right side of an assignment."""
    words = [word for word in line.partition(", !")[0].split() if word not in _FLAGS]
    if words[0] == "phi":
        incoming = re.findall(r"\[ ([^ ,]+), %([\w.$-]+) \]", line)
        return _Instruction(result, "phi", tuple(value for value, _ in incoming), tuple(block for _, block in incoming))
    intrinsic = re.search(r"@llvm\.(\w+)\.i\d+\(", line)
    operation = intrinsic.group(1) if intrinsic else words[1] if words[0] == "icmp" else words[0]
    if operation not in _OPERATIONS:
        raise ValueError(f"cannot follow what decides on a branch: {result} = {line}")
    return _Instruction(result, operation, tuple(_VALUE.findall(" ".join(words[1:]))), ())
