"""The layers of a PyTorch module: it is called once, and each operation that PyTorch carries out is looked at.

So what modules do beside their submodules is seen as well. A tensor is constant if it is a parameter or a buffer, or
computed from those alone. A module on the device ``meta`` is called without computing anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from fatnn_bench.architectures.models.found import Found, Kept, convolution, layer_name, together
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.window import Window

__all__ = ["layers"]

#: What multiplies too, and is no layer here.
_OTHERS = ("addmv", "attention", "baddbmm", "conv_transpose", "lstm", "gru", "mv", "rnn", "transformer")


def layers(module: Any, example: Any) -> Found:
    """Return the layers of a module; see :func:`fatnn_bench.layers`."""
    if find_spec("torch") is None:
        raise UserError("PyTorch is not installed, and modules need it; run pip install torch")
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    network = layer_name(type(module).__name__)
    watch = _Watch(module, network)

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(
            self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
        ) -> Any:
            result = function(*args, **(kwargs or {}))
            watch.see(function.__name__.partition(".")[0], list(args), result)
            return result

    with _as_it_is_used(module), torch.no_grad(), Mode():
        if isinstance(example, Mapping):
            module(**example)
        else:
            module(*(example if isinstance(example, tuple) else (example,)))
    return together(network, watch.kept)


@contextmanager
def _as_it_is_used(module: Any) -> Iterator[None]:
    """In evaluation, without the fused attention that shows nothing of its products; as it was in the end."""
    import torch

    training = {part: part.training for part in module.modules()}
    fused = torch.backends.mha.get_fastpath_enabled()
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for part, was in training.items():
            part.training = was


class _Watch:
    """What is seen of operations, one after the other."""

    def __init__(self, module: Any, source: str) -> None:
        self.kept = Kept(source, "operations")
        self._held: list[Any] = []  # while they are, nothing else has their place in memory
        self._names: dict[int, str] = {}
        for name, tensor in (*module.named_buffers(), *module.named_parameters()):
            self._hold(tensor, name)

    def _hold(self, tensor: Any, name: str) -> None:
        self._held.append(tensor)
        self._names[_place(tensor)] = name

    def _name(self, tensor: Any) -> str | None:
        """The parameter that a constant was made of; None if it is no constant."""
        return self._names.get(_place(tensor))

    def see(self, operation: str, operands: list[Any], result: Any) -> None:
        """See an operation of ATen with its operands, as that has them, and its result."""
        self.kept.total += 1
        names = [self._name(tensor) for tensor in _tensors(operands)]
        if names and None not in names:
            for tensor in _tensors(result):
                self._hold(tensor, str(names[0]))
        elif operation == "convolution":
            self._keep(operation, operands[0], operands[1], lambda x, weights: _convolution(x, weights, operands))
        elif operation in ("mm", "addmm", "bmm"):
            self._matrix(operation, *operands[-2:])
        elif any(part in operation for part in _OTHERS):
            self.kept.left_out[operation] += 1

    def _matrix(self, operation: str, one: Any, other: Any) -> None:
        if self._name(other) is None:  # (W x)ᵀ = xᵀ Wᵀ
            one, other = other.mT, one.mT
        self._keep(operation, one, other, _product)

    def _keep(self, operation: str, x: Any, weights: Any, layer: Callable[[Any, Any], dict[str, Any] | None]) -> None:
        name = self._name(weights)
        found = layer(x, weights) if name is not None else None
        if name is None or found is None:
            self.kept.left_out[f"{operation} {'of two activations' if name is None else 'of another kind'}"] += 1
        else:
            self.kept.keep(operation, Layer(name=layer_name(name.removesuffix(".weight")), **found))


def _place(tensor: Any) -> int:
    """What a tensor has in common with its views: the place of its storage, on every device."""
    return int(tensor.untyped_storage()._cdata)


def _tensors(value: Any) -> Iterator[Any]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _convolution(x: Any, weights: Any, operands: Sequence[Any]) -> dict[str, Any] | None:
    """x [batch, channels, height, width] and weights [out, channels / groups, height, width]; or without a height."""
    stride, padding, dilation, transposed, _, groups = operands[3:9]
    sides = x.dim() - 2
    if transposed or sides not in (1, 2):
        return None
    flat, beside = [1] * (2 - sides), [0] * (2 - sides)  # of one side is an image of one row
    (height, width), (down, across) = [*flat, *map(int, x.shape[2:])], [*beside, *map(int, padding)]
    kernel, steps, apart = ([*flat, *map(int, each)] for each in (weights.shape[2:], stride, dilation))
    window = Window((kernel[0], kernel[1]), (steps[0], steps[1]), (down, across, down, across), (apart[0], apart[1]))
    return convolution(x.shape, weights.shape, (height, width), groups, window)


def _product(x: Any, weights: Any) -> dict[str, Any]:
    """x [M, K] times weights [K, N], or several of each; of weights that are one and the same, all rows are of one."""
    one = weights.dim() == 2 or weights.shape[0] == 1 or weights.stride(0) == 0
    times = 1 if weights.dim() == 2 else weights.shape[0]
    return {
        "kind": "linear",
        "batch": x.shape[-2] * (times if one else 1),
        "in_channels": weights.shape[-2],
        "out_channels": weights.shape[-1],
        "count": 1 if one else times,
    }
