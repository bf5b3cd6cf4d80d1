"""Folds scale, batch norm, ReLU and quantizer into integer thresholds, to the last bit.

Between a convolution's int32 sum n and the next one's level lie operations of float32 on one channel, each monotone
also in its rounding. So level ≥ i if and only if s·n ≥ tᵢ, where s = ±1 tells whether the channel rises or falls (it
falls where the batch norm's scale is negative), and tᵢ is an integer. It is found by bisection over all sums the
convolution can give, running the very float32 operations that it replaces: solving for n in real numbers would be wrong
where they round. Max pooling commutes with a monotone map, and is done on levels.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.arithmetic import apply
from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program

#: What may lie between the convolution and the quantizer, each on one channel, or commuting with what is.
_FOLDED = ("scale", "affine", "relu", "max_pool")


def folded(program: Program) -> Program:
    """Return the network with thresholds where a convolution's result is only quantised again."""
    consumers = Counter(name for operation in program.operations for name in operation.inputs)
    by_input = {operation.inputs[0]: operation for operation in program.operations}
    operations: list[Operation] = []
    replaced: set[str] = set()
    for operation in program.operations:
        if operation.name in replaced:
            continue
        operations.append(operation)
        chain = _chain(operation, by_input, consumers) if operation.kind == "conv" else []
        if chain:
            operations += _replacement(operation, chain)
            replaced |= {step.name for step in chain}
    return replace(program, operations=tuple(operations))


def _replacement(conv: Operation, chain: list[Operation]) -> list[Operation]:
    """Thresholds, then the chain's pooling; the last has the quantizer's name, under which its result is read."""
    steps = [_thresholds(conv, chain), *(step for step in chain if step.kind == "max_pool")]
    names = [step.name for step in steps[:-1]] + [chain[-1].name]
    sources = [conv.name, *names]
    return [
        replace(step, name=name, inputs=(source,)) for step, name, source in zip(steps, names, sources, strict=False)
    ]


def _chain(conv: Operation, by_input: dict[str, Operation], consumers: Counter[str]) -> list[Operation]:
    """The operations from behind a convolution to the quantizer that alone reads them; none if it is not like that."""
    chain: list[Operation] = []
    name = conv.name
    while consumers[name] == 1:
        step = by_input.get(name)
        if step is None or step.kind not in (*_FOLDED, "quantise"):
            return []
        chain.append(step)
        if step.kind == "quantise":
            return chain
        name = step.name
    return []


def _thresholds(conv: Operation, chain: list[Operation]) -> Operation:
    """The ``threshold`` that stands for all of a chain but its pooling."""
    steps = [step for step in chain if step.kind != "max_pool"]
    weight = conv.tensors["weight"].reshape(len(conv.tensors["weight"]), -1).astype(np.int64)
    reach = np.abs(weight).sum(axis=1) * max(abs(level) for level in conv.attributes["x_levels"])
    levels = chain[-1].attributes["levels"]
    low, high = (_run(steps[:-1], end) for end in (-reach, reach))
    sign = np.where(high >= low, 1, -1)
    thresholds = np.stack([_bisect(steps, sign, reach, level) for level in levels[1:]])
    tensors: dict[str, NDArray[Any]] = {"sign": sign.astype(np.int8), "thresholds": thresholds.astype(np.int32)}
    return Operation("threshold", f"{conv.name}.thresholds", (conv.name,), {"levels": levels}, tensors)


def _bisect(steps: list[Operation], sign: NDArray[np.int64], reach: NDArray[np.int64], level: int) -> NDArray[np.int64]:
    """The least s·n in [−reach, reach] at which each channel reaches a level; reach + 1 if none does."""
    low, high = -reach, reach + 1  # the answer lies in [low, high]
    while np.any(low < high):
        middle = (low + high) // 2
        reached = _run(steps, sign * middle) >= level
        high = np.where(reached, middle, high)
        low = np.where(reached | (low >= high), low, middle + 1)
    return high


def _run(steps: list[Operation], sums: NDArray[np.int64]) -> NDArray[np.float32]:
    """The steps on one sum a channel."""
    x: NDArray[Any] = sums.astype(np.int32)[None, None, None]
    for step in steps:
        x = apply(step, x)
    result: NDArray[np.float32] = x[0, 0, 0]
    return result
