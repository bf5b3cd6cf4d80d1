"""A kernel's hot loop, for a person to read: its assembly, what kinds of instructions it is made of, and its work."""

import json
import re
from collections import Counter
from typing import Any

import pandas as pd

from fatnn_bench.architectures import networks
from fatnn_bench.architectures.models.found import NOTHING, Given
from fatnn_bench.document import Document, Sheet
from fatnn_bench.errors import UserError
from fatnn_bench.files.yamlfile import closest
from fatnn_bench.hotloop.instructions import kind
from fatnn_bench.launch import probe
from fatnn_bench.platforms import Platform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer

__all__ = ["ask", "document", "find_case"]

_CASE = re.compile(r"([^/@]+)/([^/@]+)(?:/(kernel|layer|packed))?(?:@([1-9]\d*))?")


def find_case(text: str, shapes: str | None, threads: int = 1, given: Given = NOTHING) -> Case:
    """Return the case of an id, or of ``kernel/shape``, whose scope is then ``kernel``.

    Parameters
    ----------
    text
        ``kernel/shape/scope@threads``; the shape is ``network.layer`` or ``MxNxK``, scope and threads may be left out.
    shapes
        Where the layer is found, as ``run`` has it; None for the shipped network that the shape names.
    threads
        Where the text has none.
    given
        Batch and tokens, for models that leave them open.

    Raises
    ------
    UserError
        It is no case, or there is no such layer.
    """
    found = _CASE.fullmatch(text)
    if found is None:
        raise UserError(
            f"{text!r} is no case; expected kernel/shape or kernel/shape/scope@threads, such as "
            "ternary-fatnn/resnet18.conv2_x/layer@1, with kernel, layer or packed for the scope"
        )
    kernel, shape, scope, count = found.groups()
    return Case(kernel, _layer(shape, shapes, given), scope or "kernel", int(count or threads))


def _layer(shape: str, shapes: str | None, given: Given) -> Layer:
    bare = re.fullmatch(r"\d+x\d+x\d+", shape)
    found = networks.load(shapes or (shape if bare else shape.partition(".")[0]), given)
    layers = {layer.full_name: layer for layer in found}
    if shape not in layers:
        raise UserError(f"no layer is '{shape}'{closest(shape, layers)}")
    return layers[shape]


def ask(case: Case, name: str, platform: Platform) -> dict[str, Any]:
    """Compile a case on a platform of this name and return its hot loop.

    Raises
    ------
    UserError
        The kernel is another library's or cannot run the layer; or as :func:`fatnn_bench.launch.probe.ask`.
    """
    answer = probe.ask(name, platform, "fatnn_bench.harness.compile_case", json.dumps(case.to_json()))
    if "refusal" in answer:
        raise UserError(f"{case.kernel}/{case.layer.full_name} on {name}: {answer['refusal']}")
    return dict(answer)


def document(case: Case, platform: str, loop: dict[str, Any]) -> Document:
    """Return what ``fatnn-bench inspect`` prints of a loop from :func:`ask`."""
    counts = Counter(kind(line) for line in loop["instructions"])
    total = len(loop["instructions"])
    rows = tuple((name, str(count), f"{count / total:.0%}") for name, count in counts.most_common())
    macs, loaded = loop["macs"], loop["bytes_loaded"]
    heading = (
        ("case", case.id),
        ("platform", platform),
        ("target", loop["target"]),
        ("compiled", ", ".join(f"{name} {value}" for name, value in loop["codegen"].items())),
        ("iteration", f"{loop['words']} words of each plane, {macs} MACs, {loaded} bytes loaded"),
        ("density", f"{macs / total:.3g} MACs an instruction, {macs / loaded:.3g} a byte"),
    )
    assembly = Sheet("Hot loop", ("instruction",), tuple((_neat(line),) for line in loop["instructions"]))
    sheet = Sheet("Instructions by kind", ("kind", "count", "share"), rows, closing=(("all", str(total), "100%"),))
    long = pd.DataFrame([{"kind": kind(line), "instruction": line.replace("\t", " ")} for line in loop["instructions"]])
    data = {"case": case.id, "platform": platform, **loop, "kinds": dict(counts)}
    return Document((assembly, sheet), long, data, heading)


def _neat(line: str) -> str:
    mnemonic, _, operands = line.partition("\t")
    return f"{mnemonic:13} {' '.join(operands.split())}".rstrip()
