"""An assembly text, cut into basic blocks. LLVM's own comments say which block of its IR each of them is."""

import re
from dataclasses import dataclass

#: A label, or the comment that stands for one where nothing jumps: x86 and RISC-V write ``#``, AArch64 ``//``.
_BEGIN = re.compile(r"(?:\.L\w+:|(?:#|//) %bb\.\d+:)\s*(?:(?:#|//) %(?P<name>[\w.$-]+))?$")
_LABEL_OR_DIRECTIVE = re.compile(r"\s*(?:\.|#|//|[\w.$]+:|$)")
#: RISC-V's instruction that sets the type of vectors, for all instructions behind it.
_SETS_VECTOR_TYPE = re.compile(r"\s*vseti?vli\b.*, (e\d+), (mf?\d)\b")


@dataclass(frozen=True)
class VectorType:
    """RISC-V's: element width and register group, such as ``e32`` and ``m1``."""

    width: str
    group: str


@dataclass(frozen=True)
class Block:
    """Instructions that run one after the other."""

    name: str  #: of the IR's block; empty for one that only the assembly has, such as copies of registers on an edge
    instructions: tuple[str, ...]
    vector_type: VectorType | None  #: where the block begins; None on all but RISC-V


def blocks(text: str) -> list[Block]:
    """Cut the assembly of a function into its blocks, in order. Those without instructions are left out."""
    found: list[Block] = []
    entering: VectorType | None = None
    for name, instructions in _bodies(text):
        leaving = _last_vector_type(instructions) or entering
        if instructions:
            found.append(Block(name, tuple(instructions), entering or leaving))
        entering = leaving
    return found


def _bodies(text: str) -> list[tuple[str, list[str]]]:
    bodies: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        begin = _BEGIN.match(line)
        if begin:
            bodies.append((begin["name"] or "", []))
        elif not _LABEL_OR_DIRECTIVE.match(line):
            bodies[-1][1].append(line.strip())
    return bodies


def _last_vector_type(instructions: list[str]) -> VectorType | None:
    for line in reversed(instructions):
        found = _SETS_VECTOR_TYPE.match(line)
        if found:
            return VectorType(*found.groups())
    return None
