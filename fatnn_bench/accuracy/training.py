"""Training: FATNN's recipe at any length. SGD, momentum 0.9, Nesterov, step sizes without weight decay.

Everything random is drawn from (seed, epoch), so that training resumed from a checkpoint goes on as if it had never
stopped, bit for bit.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from fatnn_bench.accuracy import augment, checkpoint
from fatnn_bench.accuracy.datasets.images import DataSet
from fatnn_bench.accuracy.graph import Graph
from fatnn_bench.accuracy.networks import Architecture
from fatnn_bench.errors import Exit, UserError

MOMENTUM = 0.9
WEIGHT_DECAY = 2.5e-5
#: Shares of the epochs after which the learning rate falls tenfold: 30, 60 and 80 of 90.
MILESTONES = (1 / 3, 2 / 3, 8 / 9)
#: Images evaluated at a time.
EVALUATION_BATCH = 256
#: Seconds between checkpoints.
CHECKPOINT_EVERY_S = 10.0


class DivergedError(UserError):
    """The loss, or a number of the network, is none any more."""

    exit_code = Exit.ERROR


@dataclass(frozen=True)
class Recipe:
    """How long and how fast."""

    epochs: int
    learning_rate: float
    batch: int


def train(
    architecture: Architecture,
    graph: Graph,
    data: DataSet,
    recipe: Recipe,
    seed: int,
    save_to: Path,
    epoch_done: Callable[[], None] = lambda: None,
) -> None:
    """Train a network in place; go on from the checkpoint ``save_to`` if it is there.

    Raises
    ------
    DivergedError
        If the loss, or at an epoch's end any number of the network, is NaN or infinite; the message says which.
    """
    optimizer = torch.optim.SGD(
        _groups(graph), lr=recipe.learning_rate, momentum=MOMENTUM, nesterov=True, weight_decay=WEIGHT_DECAY
    )
    first = _resume(save_to, graph, optimizer)
    name = f"{architecture.scheme}, seed {seed}"
    _refuse_infinite(graph, recipe, name, first)
    saved = time.monotonic()
    for epoch in range(first, recipe.epochs):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * 0.1 ** sum(epoch >= share * recipe.epochs for share in MILESTONES)
        _epoch(graph.train(), data, recipe, optimizer, seed, epoch, name)
        _refuse_infinite(graph, recipe, name, epoch + 1)
        if epoch == recipe.epochs - 1 or time.monotonic() - saved > CHECKPOINT_EVERY_S:
            saved = time.monotonic()
            checkpoint.save(save_to, architecture, graph, optimizer=optimizer.state_dict(), epochs=epoch + 1)
        epoch_done()
    graph.eval()


def accuracy(graph: Graph, data: DataSet) -> float:
    """The share of test images that a network in evaluation mode classifies right."""
    return float((predictions(graph, data) == torch.from_numpy(data.test.classes)).double().mean())


@torch.no_grad()
def predictions(graph: Graph, data: DataSet) -> Tensor:
    """The class a network sees in each test image, [images]."""
    parts = torch.arange(len(data.test.classes)).split(EVALUATION_BATCH)
    return torch.cat([graph(augment.batch(data.test, part, data.pixel_bits)[0]).argmax(1) for part in parts])


def _resume(path: Path, graph: Graph, optimizer: torch.optim.Optimizer) -> int:
    """Load a checkpoint if there is one. Returns the epochs that are done."""
    if not os.path.lexists(path):
        return 0
    state = checkpoint.read(path)
    try:
        graph.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["epochs"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is of another training: {reason}; remove it, and it is trained anew") from error


def _epoch(
    graph: Graph, data: DataSet, recipe: Recipe, optimizer: torch.optim.Optimizer, seed: int, epoch: int, name: str
) -> None:
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(data.train.classes), generator=generator)
    batches = [part for part in order.split(recipe.batch) if len(part) > 1]  # batch norm has no variance of one image
    for i, part in enumerate(batches):
        x, classes = augment.batch(data.train, part, data.pixel_bits)
        loss = functional.cross_entropy(graph(augment.varied(x, data, generator)), classes)
        if not math.isfinite(loss.item()):
            step = epoch * len(batches) + i
            raise _diverged(name, f"the loss is {loss.item()} at step {step} (epoch {epoch})", recipe)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _refuse_infinite(graph: Graph, recipe: Recipe, name: str, epochs: int) -> None:
    """Raise DivergedError for a number of the network that is none, such as a running variance that has overflowed."""
    for key, tensor in graph.state_dict().items():
        odd = tensor[~tensor.isfinite()]
        if odd.numel():
            what = key.removeprefix("layers.")
            raise _diverged(name, f"{what} holds {odd[0].item()} at the end of epoch {epochs - 1}", recipe)


def _diverged(name: str, what: str, recipe: Recipe) -> DivergedError:
    return DivergedError(
        f"{name}: {what}; the learning rate of {recipe.learning_rate} may be too high, lower it with --learning-rate"
    )


def _groups(graph: nn.Module) -> list[dict[str, object]]:
    """Weights, and the clips of PACT, decay; batch norm, biases and step sizes do not."""
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for module in graph.modules():
        for parameter in module.parameters(recurse=False):
            decays = getattr(module, "decays", False) or parameter.ndim > 2 or isinstance(module, nn.Linear)
            (decaying if decays else others).append(parameter)
    return [{"params": decaying}, {"params": others, "weight_decay": 0.0}]
