"""What the tensors of a file of weights are: matrices of linear layers, by shape and name; the file has no graph.

A matrix [out, in] multiplies each of M = batch · tokens vectors. What is named as a table to look up takes no product,
nor does a vector. Convolutions do not tell the size of their image, and experts not how many tokens each gets.
"""

import re
from collections.abc import Sequence

from fatnn_bench.architectures.models.found import Found, Given, Kept, layer_name, together
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer

__all__ = ["OPEN", "Weights"]

#: A file of weights holds no activations, so that both are a person's to say.
OPEN = ("batch", "tokens")
#: The last word of a tensor's name, before ``.weight``, if it is looked up.
_TABLE = re.compile(r"(^|_)(embed|embd|embeddings?|wte|wpe|shared|relative_attention_bias)(_|$)")
_ROLLING = re.compile(r"conv_?1d")


class Weights:
    """Takes tensor after tensor."""

    def __init__(self, source: str, given: Given) -> None:
        self._kept = Kept(source, "tensors")
        self._rows = (given.batch or 1) * (given.tokens or 1)

    def take(self, name: str, shape: Sequence[int], packed: str = "") -> None:
        """Take a tensor of shape [out, in]; ``packed`` says what its shape does not tell the sizes of."""
        self._kept.total += 1
        kind = _kind(name, shape) or packed
        if len(shape) < 2:
            return
        if kind:
            self._kept.left_out[kind] += 1
            return
        out, in_ = shape
        try:
            layer = Layer(
                name=layer_name(name.removesuffix(".weight")), kind="linear", in_channels=in_, out_channels=out,
                batch=self._rows,
            )  # fmt: skip
        except ValueError as error:
            raise UserError(
                f"{self._kept.source}, tensor {name}: {error}; ask for fewer, or name another model"
            ) from error
        self._kept.keep("matrices", layer)

    def found(self, network: str) -> Found:
        """Return the layers."""
        return together(network, self._kept, OPEN)


def _kind(name: str, shape: Sequence[int]) -> str:
    """What a tensor of two dimensions or more is, if it is no matrix of a linear layer."""
    owner, _, last = name.lower().rpartition(".")
    if len(shape) == 3 and "exp" in owner:
        return "stacks of experts"
    if last != "weight" or len(shape) > 5:
        return "parameters that are no weight"
    if len(shape) > 2 or _ROLLING.search(owner):
        return "convolutions of unknown images"
    return "tables that are looked up" if _TABLE.search(owner.rpartition(".")[2]) else ""
