"""Accuracy runs, and speed runs of the same network, made by hand for tests of what reads them."""

from synthetic import make_row, make_run

from fatnn_bench.accuracy.records import AccuracyHeader, AccuracyRow, AccuracyRun, Settings
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import whole

KERNELS = {"float32": "float32", "twn": None, "lsq-2bit": "two-bit", "fatnn": "ternary-fatnn", "xnor": "binary"}


def make_accuracy(source="accuracy.jsonl", network="small-cnn", **accuracies):
    """A run of these precisions, ``-`` as ``_``, each with its accuracies seed by seed."""
    named = {name.replace("_", "-"): values for name, values in accuracies.items()}
    settings = Settings(
        dataset="digits", network=network, order="cbsa", calibration=False, precisions=tuple(named), seeds=3, epochs=1,
        learning_rate=0.1, batch=64, threads=1,
    )  # fmt: skip
    header = AccuracyHeader(created="2026-03-01T12:00:00+00:00", command=[], settings=settings, machine={}, software={})
    rows = [
        AccuracyRow(
            precision=name, weights="ternary", activations="ternary", kernel=KERNELS[name], seed=seed,
            accuracy=accuracy, test_images=100, weight_bytes=65536 if name == "float32" else 4096 + len(name),
            train_s=1.0, model="x.pt",
        )
        for name, values in named.items()
        for seed, accuracy in enumerate(values)
    ]  # fmt: skip
    return AccuracyRun(header, tuple(rows), source)


def timed(kernel, ms, batch=1, **changes):
    """A row of small-cnn on digits."""
    shape = whole(DESCRIPTIONS["small-cnn"], batch).to_json()
    return make_row(kernel, f"b{batch}", ms, network="small-cnn", scope="network", **{"shape": shape, **changes})


SPEED = make_run(
    timed("torch.float32", 6.0),
    timed("onnxruntime.float32", 4.0),
    timed("two-bit", 2.0),
    timed("ternary-fatnn", 1.0),
    timed("binary", 0.5),
    timed("binary", 5.0, batch=16),
    make_row("binary", ms=0.001),
)
ACCURACY = make_accuracy(
    float32=[0.98, 0.99, 0.985],
    twn=[0.975, 0.985, 0.98],
    lsq_2bit=[0.975, 0.985, 0.98],
    fatnn=[0.97, 0.98, 0.976],
    xnor=[0.90, 0.93, 0.91],
)
