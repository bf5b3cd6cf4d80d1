"""The table of an accuracy run."""

import math
from dataclasses import asdict

import numpy as np
import pandas as pd

from fatnn_bench.accuracy.records import AccuracyRun
from fatnn_bench.accuracy.summary import Summary, differences, summaries, t_half_width
from fatnn_bench.document import Document, Sheet
from fatnn_bench.records.provenance import machine_name, recorded

_COLUMNS = (
    "precision",
    "weights",
    "activations",
    "accuracy %",
    "± 95%",
    "− float32",
    "± 95%",
    "seeds",
    "KiB",
    "seconds",
)
_BASELINE = "float32"


def document(run: AccuracyRun) -> Document:
    """Return a table with a line a precision, from the most accurate to the least."""
    found = sorted(summaries(run.rows), key=lambda s: -s.mean)
    baseline = next((s for s in found if s.precision == _BASELINE), None)
    settings = run.header.settings
    images = run.rows[0].test_images if run.rows else 0
    notes = (
        f"Mean over seeds of the accuracy after the last epoch, on {images} test images, with its 95% t-interval over "
        "seeds: it says how far training varies, not how far another test set would.",
        "− float32: the mean difference in percentage points, seed by seed, and its t-interval; a difference smaller "
        "than that cannot be told from none.",
        f"Each precision starts from the seed's float32 network ({settings.epochs} epochs) and is trained for "
        f"{settings.epochs} more. KiB: quantised weights packed, all others float32.",
        *run.cautions,
    )
    sheet = Sheet(
        f"{settings.network} on {settings.dataset}",
        _COLUMNS,
        tuple(_line(s, baseline) for s in found),
        notes=notes,
        keys=3,
    )
    heading = (
        ("run", recorded(run.source)),
        ("machine", machine_name(run.header.machine)),
        ("when", run.header.created),
        ("threads", str(settings.threads)),
    )
    long = pd.DataFrame([asdict(row) for row in run.rows])
    data = {"source": recorded(run.source), "settings": asdict(settings), "precisions": [_entry(s) for s in found]}
    return Document((sheet,), long, data, heading)


def _line(s: Summary, baseline: Summary | None) -> tuple[str, ...]:
    less = differences(s, baseline) if baseline and s is not baseline else []
    against = f"{100 * np.mean(less):+.2f}" if less else "—"
    count = len(s.accuracies)
    width = _points(t_half_width(less))
    size, seconds = f"{s.weight_bytes / 1024:.1f}", f"{s.train_s / count:.1f}"
    return (
        s.precision,
        s.weights,
        s.activations,
        f"{100 * s.mean:.2f}",
        _points(s.half_width),
        against,
        width,
        str(count),
        size,
        seconds,
    )


def _points(share: float) -> str:
    """Percentage points; a dash for what is not known."""
    return "—" if math.isnan(share) else f"{100 * share:.2f}"


def _entry(s: Summary) -> dict[str, object]:
    width = None if math.isnan(s.half_width) else s.half_width
    return {**asdict(s), "mean": s.mean, "half_width": width}
