"""The layers that ``--shapes`` names, as a table: what there is to run before anything is."""

from collections.abc import Sequence

import pandas as pd

from fatnn_bench.architectures.models.found import Found
from fatnn_bench.document import Document, Sheet
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.window import Window

__all__ = ["document"]

_COLUMNS = ("layer", "count", "input", "window", "M×N×K", "GMAC", "scopes")
_NOTES = {
    "kernel": "kernel: its matrix product runs; the scopes layer and packed run square windows without dilation",
    "none": "none: in groups it is many small products, not one GEMM",
}


def document(found: Sequence[Found]) -> Document:
    """Return the layers of each item of ``--shapes``, a table an item; GMAC are those of all occurrences."""
    records = [
        layer.to_json()
        | {"macs": layer.macs, "scopes": _scopes(layer), "members": list(each.members.get(layer.name, ()))}
        for each in found
        for layer in each.layers
    ]
    data = {"networks": [{"network": each.network, "summary": each.summary} for each in found], "layers": records}
    long = pd.DataFrame.from_records([{k: v for k, v in record.items() if k != "members"} for record in records])
    return Document(tuple(map(_sheet, found)), long, data)


def _sheet(found: Found) -> Sheet:
    macs = sum(layer.count * layer.macs for layer in found.layers)
    scopes = {_scopes(layer) for layer in found.layers}
    return Sheet(
        title=found.network or "GEMM",
        columns=_COLUMNS,
        rows=tuple(map(_row, found.layers)),
        closing=(("total", str(sum(layer.count for layer in found.layers)), "", "", "", f"{macs / 1e9:.3g}", ""),),
        notes=(found.summary, *(note for scope, note in _NOTES.items() if scope in scopes)),
    )


def _row(layer: Layer) -> tuple[str, ...]:
    image = f"{layer.in_channels}×{layer.height}×{layer.width}" if layer.kind == "conv" else str(layer.in_channels)
    batch = f"{layer.batch}×" if layer.batch > 1 else ""
    groups = f"{layer.groups} of " if layer.groups > 1 else ""
    product = f"{groups}{layer.m}×{layer.n // layer.groups}×{layer.k}"
    work = f"{layer.count * layer.macs / 1e9:.3g}"
    return layer.name, str(layer.count), f"{batch}{image}", _window(layer), product, work, _scopes(layer)


def _window(layer: Layer) -> str:
    """The kernel, and what is unusual of the rest."""
    if layer.kind != "conv":
        return ""
    usual = Window()._asdict()
    told = [
        f"{name} {sides[0] if len(set(sides)) == 1 else '×'.join(map(str, sides))}"
        for name, sides in layer.window._asdict().items()
        if name != "kernel" and sides != usual[name]
    ]
    groups = [f"groups {layer.groups}"] if layer.groups > 1 else []
    return ", ".join(["×".join(map(str, layer.window.kernel)), *told, *groups])


def _scopes(layer: Layer) -> str:
    """In which scopes kernels can run it."""
    if layer.skip_reason:
        return "none"
    return "kernel" if layer.window.irregularity or layer.kind == "gemm" else "all"
