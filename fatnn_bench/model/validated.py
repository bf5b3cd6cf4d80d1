"""How far the model was off on the CPUs that could check it: the error bar of what it says of any other.

``validations`` holds a file for each of them, as ``fatnn-bench model --validate --format json`` wrote it there.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

from fatnn_kernels.target import Target

__all__ = ["Code", "Known", "code_of", "known", "nearest"]

_FILES = Path(__file__).parent / "validations"


@dataclass(frozen=True)
class Code:
    """What is compiled for a target: where that is the same, instructions are much the same."""

    architecture: str
    vector_bits: int
    counting: str
    popcount: str
    int8_dot: str


@dataclass(frozen=True)
class Known:
    """A CPU that checked the model with the code of a platform."""

    cpu: str  #: LLVM's name
    platform: str  #: as of platforms.yaml
    model: str  #: the simulator and its version
    code: Code
    factor: float  #: how many times too fast or too slow the worst of its predictions was, at least 1


def code_of(target: Target) -> Code:
    """Return what matters of a target's code."""
    architecture = target.triple.partition("-")[0]
    return Code(architecture, 32 * target.lanes, target.counting, target.popcount_instruction, target.int8_dot)


@cache
def known(folder: Path = _FILES) -> tuple[Known, ...]:
    """Return every CPU that checked the model, with each platform it compiled for."""
    return tuple(one for file in sorted(folder.glob("*.json")) for one in _read(file))


def _read(file: Path) -> list[Known]:
    record = json.loads(file.read_text(encoding="utf-8"))
    factors: dict[str, float] = {}
    for check in record["checks"]:
        ratio = math.exp(abs(math.log(check["predicted_gmacs_per_s"] / check["measured_gmacs_per_s"])))
        factors[check["platform"]] = max(ratio, factors.get(check["platform"], 1.0))
    return [
        Known(record["cpu"], platform, record["model"], Code(**record["codes"][platform]), factor)
        for platform, factor in factors.items()
    ]


def nearest(target: Target, cpu: str, among: Sequence[Known]) -> Known:
    """Return the CPU whose code is the most like a target's; of those, the one whose name begins the most alike.

    Of an architecture that none checked, nobody knows: the one that was the most off stands for it.

    Parameters
    ----------
    cpu
        LLVM's name of the CPU whose pipeline is simulated; names of one maker's generations begin alike.
    among
        At least one.
    """
    code = asdict(code_of(target))

    def alike(one: Known) -> tuple[int, int]:
        same = sum(code[name] == value for name, value in asdict(one.code).items())
        return same, _begin_alike(one.cpu, cpu)

    related = [one for one in among if one.code.architecture == code["architecture"]]
    return max(related, key=alike) if related else max(among, key=lambda one: one.factor)


def _begin_alike(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
