"""Accuracy runs made by hand, for tests of what reads them."""

from fatnn_bench.accuracy.records import AccuracyHeader, AccuracyRow, AccuracyRun, Settings

KERNELS = {"float32": "float32", "twn": None, "lsq-2bit": "two-bit", "fatnn": "ternary-fatnn", "xnor": "binary"}


def make_accuracy(source="accuracy.jsonl", network="net", **accuracies):
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
