"""The experiment: every precision from the same float network, for the same number of epochs, seed by seed.

For a seed, a float network is trained from nothing; then each precision, float32 among them, starts from it and is
trained for as many epochs again. The accuracy is that of the last epoch: choosing the best one by the test images would
flatter all.
"""

import copy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from fatnn_bench.accuracy import records, training
from fatnn_bench.accuracy.datasets.images import DataSet
from fatnn_bench.accuracy.graph import Graph
from fatnn_bench.accuracy.layers import QuantisedConvolution
from fatnn_bench.accuracy.networks import Architecture, start_from
from fatnn_bench.accuracy.records import AccuracyRow, AccuracyRun, Diverged, Settings
from fatnn_bench.accuracy.schemes import SCHEMES, Scheme
from fatnn_bench.accuracy.training import DivergedError
from fatnn_bench.records.journal import Journal
from fatnn_bench.records.provenance import recorded
from fatnn_bench.workload import precisions


class Listener(Protocol):
    """Is told how far the experiment is."""

    def begins(self, name: str) -> None:
        """A network's training begins."""

    def epoch_done(self) -> None:
        """One of its epochs is done."""

    def row_done(self, row: AccuracyRow) -> None:
        """It is trained and tested."""

    def diverged(self, record: Diverged) -> None:
        """Its training has diverged."""

    def start_diverged(self, seed: int, reason: str) -> None:
        """The training of a seed's float network has diverged."""


@dataclass(frozen=True)
class Start:
    """What the precisions of a seed start from."""

    graph: Graph
    trained: bool  #: False where the training diverged


def missing(run: AccuracyRun) -> list[tuple[int, Scheme]]:
    """Seeds and schemes of a run that are neither trained yet nor known to diverge, in the order of running them."""
    done = {(row.seed, row.precision) for row in run.rows} | {(end.seed, end.precision) for end in run.diverged}
    settings = run.header.settings
    todo = [(seed, SCHEMES[name]) for seed in range(settings.seeds) for name in settings.precisions]
    return [(seed, scheme) for seed, scheme in todo if (seed, scheme.name) not in done]


def run(
    settings: Settings, data: DataSet, todo: list[tuple[int, Scheme]], journal: Journal, listener: Listener
) -> None:
    """Train what is to do and append its rows to the results file; models go into a folder beside it, without suffix.

    A training that diverges is appended as such and ends that precision alone. Where the float network diverges, the
    precisions of its seed start from the numbers that it began with, and their rows say so.

    Raises
    ------
    UserError
        If a file cannot be written, or others changed the results file meanwhile.
    """
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)
    models = journal.path.with_suffix("")
    for seed in dict.fromkeys(seed for seed, _ in todo):
        schemes = [scheme for of, scheme in todo if of == seed]
        start = _start(settings, data, seed, models, listener)
        for scheme in schemes:
            try:
                records.append(journal, _row(settings, data, scheme, seed, models, start, listener))
            except DivergedError as error:
                record = Diverged(precision=scheme.name, seed=seed, reason=str(error))
                listener.diverged(record)
                records.append(journal, record)


def _start(settings: Settings, data: DataSet, seed: int, models: Path, listener: Listener) -> Start:
    """The float network of a seed; as it began, where its training diverges: it is none that could be gone on from."""
    scheme, name = SCHEMES["float32"], f"start, seed {seed}"
    graph = _fresh(settings, data, scheme, seed)
    begun = copy.deepcopy(graph)
    listener.begins(name)
    try:
        _train(settings, data, scheme, seed, models / f"start-seed{seed}.pt", graph, listener)
    except DivergedError as error:
        listener.start_diverged(seed, str(error))
        return Start(begun, trained=False)
    return Start(graph, trained=True)


def architecture(settings: Settings, data: DataSet, scheme: Scheme) -> Architecture:
    """The settings' network for a data set."""
    return Architecture(
        settings.network,
        scheme.name,
        data.channels,
        data.size,
        data.class_count,
        settings.order,
        settings.calibration,
        data.pixel_bits,
    )


def _row(
    settings: Settings, data: DataSet, scheme: Scheme, seed: int, models: Path, start: Start, listener: Listener
) -> AccuracyRow:
    model = models / f"{scheme.name}-seed{seed}.pt"
    began = time.monotonic()
    listener.begins(f"{scheme.name}, seed {seed}")
    graph = _fresh(settings, data, scheme, seed)
    start_from(graph, start.graph)
    _train(settings, data, scheme, seed, model, graph, listener)
    row = AccuracyRow(
        precision=scheme.name,
        weights=precisions.words(scheme.weights),
        activations=precisions.words(scheme.activations),
        kernel=scheme.kernel,
        seed=seed,
        accuracy=training.accuracy(graph, data),
        test_images=len(data.test.classes),
        weight_bytes=weight_bytes(graph, scheme),
        train_s=round(time.monotonic() - began, 3),
        model=recorded(f"{models.name}/{model.name}"),
        start_trained=start.trained,
    )
    listener.row_done(row)
    return row


def _fresh(settings: Settings, data: DataSet, scheme: Scheme, seed: int) -> Graph:
    """A network as a seed makes it."""
    torch.manual_seed(seed)
    return architecture(settings, data, scheme).build()


def _train(
    settings: Settings, data: DataSet, scheme: Scheme, seed: int, save_to: Path, graph: Graph, listener: Listener
) -> None:
    recipe = training.Recipe(settings.epochs, settings.learning_rate, settings.batch)
    built = architecture(settings, data, scheme)
    training.train(built, graph, data, recipe, seed, save_to, listener.epoch_done)


def weight_bytes(graph: Graph, scheme: Scheme) -> int:
    """Bytes of a network's parameters: weights of quantised convolutions packed, all others in float32."""
    packed = [layer.weight for layer in graph.layers.values() if isinstance(layer, QuantisedConvolution)]
    low = sum(weight.numel() for weight in packed)
    total = sum(parameter.numel() for parameter in graph.parameters())
    return (total - low) * 4 + -(-low * precisions.get(scheme.weights).weight_bits // 8)
