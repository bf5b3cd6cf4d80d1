"""A small file of each format, as the suite or another tool writes it, and readers of what no command reads alone."""

import functools
import io
import json
import pickle
import struct
import tempfile
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from accuracies import ACCURACY, SPEED
from limits import make_limits
from synthetic import make_noise, make_row, make_run, mixed_run

from fatnn_bench.artifact import bundle
from fatnn_bench.artifact import claims as claim_files
from fatnn_bench.figures import KINDS
from fatnn_bench.records import store

KINDS_OF_FIGURES = tuple(kind for kind in KINDS if kind != "pareto")
_CLAIMS = "- ternary-fatnn ≥ 1.8× two-bit on net, kernel, native\n- binary >= 10 best float32 on net, kernel, native\n"
_PLATFORMS = """\
here:
  kind: cpu
  threads: all
  description: this machine
phone:
  kind: imported
  file: t.csv
  row_platform: phone
  source: "A paper, table 3"
board: &board
  kind: modelled
  triple: aarch64-linux-gnu
  cpu: cortex-a76
  features: "+dotprod"
  clock_ghz: 2.4
  source: its data sheet
other:
  <<: *board
  clock_ghz: 1.5
far:
  kind: ssh
  host: user@board.example
  python: /usr/bin/python3
pool:
  kind: dask
  scheduler: tcp://127.0.0.1:8786
  resources: {GPU: 1}
"""
_NETWORK = """\
description: "a network: mine"
layers:
  - {kind: conv, name: conv1, in_channels: 3, out_channels: 64, height: 32, width: 32, kernel: 7, stride: 2}
  - {kind: conv, name: dw, in_channels: 8, out_channels: 8, height: 9, width: 9, kernel: 3, groups: 8, count: 4}
  - kind: linear
    name: fc
    in_channels: 512
    out_channels: 1000
  - {kind: gemm, m: 3, n: 4, k: 5}
"""
_TABLE = """\
platform,network,layer,kernel,ms,remark
phone,resnet18,conv2_x,float32,2.5,fast
phone,resnet18,conv2_x,W1A1,0.5,
phone,resnet18,conv3_x,float32,2.25,"a, b"
other,,3x4x5,binary,0.1,
"""
#: As ``run`` keeps what a person chose, so that it can be gone on with.
_OPTIONS = {
    "platform": "native", "shapes": "resnet18", "layer": "conv3_x", "kernel": "binary", "scope": "kernel", "seed": 7,
    "quick": True, "rigorous": False, "order": "interleaved", "cache": "warm", "case_seconds": None, "affinity": "auto",
    "platforms": None, "plugin": [],
}  # fmt: skip


def _saved(run) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        store.save(run, path)
        return path.read_bytes()


def _measured(platform="native"):
    """Rows of every status, with stages, noise, a limit and a hot loop."""
    stages = {"quantise": 1e-4, "product": 9e-4}
    loop = {"hash": "0123456789abcdef", "instructions": 40, "spills": 0, "tile": "7x2"}
    limits = {
        "peak_gmacs_per_s": 600.0,
        "peak_gbytes_per_s": 90.0,
        "limit": "operations",
        "bytes": 10**6,
        "macs": 10**8,
    }
    mixed = mixed_run()
    rows = [make_row(kernel, "conv3_x", ms, codegen=loop, block="b0", loops=3, **limits) for kernel, ms in
            (("float32", 9.0), ("two-bit", 2.0), ("ternary-fatnn", 1.0), ("int8", 2.5))]  # fmt: skip
    staged = make_row("binary", "conv3_x", 0.5, scope="layer", case="binary/net.conv3_x/layer@1", stages_s=stages)
    run = make_run(*mixed.rows, *rows, staged, noise=make_noise(0.02), platform=platform)
    return replace(run, header=replace(run.header, options=_OPTIONS))


@functools.cache
def results():
    other = make_run(make_row("float32", ms=10.1), make_row("binary", ms=0.6))
    return {"m.jsonl": _saved(_measured()), "other.jsonl": _saved(other), **accuracies("accuracy.jsonl")}


@functools.cache
def accuracies(name="m.jsonl"):
    lines = [ACCURACY.header, *ACCURACY.rows]
    return {
        name: b"".join(json.dumps(asdict(line)).encode() + b"\n" for line in lines),
        "net.jsonl": _saved(SPEED),
    }


@functools.cache
def limits():
    return {"m.json": json.dumps(asdict(make_limits())).encode(), "run.jsonl": _saved(_measured())}


def read_limits() -> None:
    """What a figure would show, which takes a hundred times as long to draw."""
    from fatnn_bench.figures import roofline
    from fatnn_bench.limits import measured

    roofline.table(store.read(Path("run.jsonl")), measured.read(Path("m.json")).bandwidths)


def platforms():
    return {"m.yaml": _PLATFORMS.encode(), "t.csv": _TABLE.encode()}


def networks():
    # the file of platforms that ships takes longer to read
    return {"m.yaml": _NETWORK.encode(), "p.yaml": b"native: {kind: cpu, threads: 1}\n"}


@functools.cache
def onnx_models():
    """What exporters write: paddings, groups, a computed shape, quantised weights, a branch, names and words."""
    from onnx import TensorProto, helper
    from onnx_files import model, node

    branch = helper.make_graph([node("Relu", "h", output="b")], "branch", [], [
        helper.make_tensor_value_info("b", TensorProto.FLOAT, None)
    ])  # fmt: skip
    nodes = [
        node("Conv", "x", "a.weight", output="a", name="/a/Conv", pads=[1, 0, 1, 2], strides=[2, 1], dilations=[1, 2]),
        node("Conv", "a", "g.weight", output="g", group=4, auto_pad="SAME_UPPER"),
        node("Shape", "g", output="s"),
        node("Gather", "s", "zero", output="n"),
        node("Unsqueeze", "n", "first", output="u"),
        node("Concat", "u", "rest", output="to", axis=0),
        node("Reshape", "g", "to", output="r"),
        node("DequantizeLinear", "q.weight", "scale", output="q"),
        node("MatMul", "r", "q", output="h"),
        node("If", "yes", output="i", then_branch=branch, else_branch=branch),
        node("Gemm", "h", "fc.weight", transB=1),
    ]
    shapes = {"a.weight": (4, 3, 3, 3), "g.weight": (8, 1, 3, 3), "fc.weight": (5, 6)}
    constants = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()} | {
        "zero": np.int64(0), "first": np.zeros(1, np.int64), "rest": np.array([-1], np.int64), "scale": np.float32(1),
        "q.weight": np.zeros((8 * 4 * 7, 6), np.int8), "yes": np.bool_(True),
    }  # fmt: skip
    return {"m.onnx": model(nodes, {"x": ("batch", 3, 8, 9)}, constants).SerializeToString()}


def _header(shapes):
    return {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 2]} for name, shape in shapes.items()}


def safetensors(name="m.safetensors"):
    shapes = {
        "a.0.weight": [4, 3],
        "a.1.weight": [4, 3],
        "embed_tokens.weight": [9, 4],
        "norm.weight": [4],
        "x": [2, 2],
    }
    header = json.dumps(_header(shapes) | {"__metadata__": {"format": "pt"}}).encode()
    return {name: len(header).to_bytes(8, "little") + header + bytes(64)}


def indices():
    where = dict.fromkeys(("a.0.weight", "a.1.weight", "norm.weight"), "part.safetensors")
    index = json.dumps({"metadata": {"total_size": 64}, "weight_map": where}).encode()
    return {"m.safetensors.index.json": index, **safetensors("part.safetensors")}


def ggufs():
    def text(word):
        return struct.pack("<Q", len(word)) + word

    def tensor(name, *sizes):
        return text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, 2, 0)

    words = text(b"words") + struct.pack("<IIQ", 9, 8, 3) + text(b"one") + text(b"") + text(b"three")
    scores = text(b"scores") + struct.pack("<IIQ3f", 9, 6, 3, 0.5, 0.5, 0.5)
    keys = (
        words + scores + text(b"blocks") + struct.pack("<II", 4, 2) + text(b"name") + struct.pack("<I", 8) + text(b"m")
    )
    tensors = tensor(b"token_embd.weight", 4, 9) + tensor(b"blk.0.q.weight", 3, 4) + tensor(b"blk.0.norm.weight", 4)
    return {"m.gguf": b"GGUF" + struct.pack("<IQQ", 3, 3, 4) + keys + tensors + bytes(64)}


@functools.cache
def claims():
    return {"m.yaml": _CLAIMS.encode(), "run.jsonl": _saved(_measured())}


def judge_claims() -> None:
    for outcome in claim_files.judge(claim_files.read(Path("m.yaml")), [store.read(Path("run.jsonl"))]):
        str(outcome.gain), str(outcome.claim), str(outcome.ruling)


@functools.cache
def tables():
    from fatnn_bench.interchange import tabular

    return {"m.csv": tabular.to_csv(_measured()).encode()}


def google_benchmarks():
    context = {"date": "2026-01-01T00:00:00+00:00", "host_name": "h", "num_cpus": 2, "mhz_per_cpu": 2000, "caches": []}
    rows = []
    for name in ("Gemm/3136/64/576", "Conv/M:49/N:512/K:4608", "Softmax/1000"):
        common = {"name": name, "run_name": name, "threads": 1, "iterations": 100, "time_unit": "us", "repetitions": 3}
        for i in range(3):
            rows.append(
                common | {"run_type": "iteration", "repetition_index": i, "real_time": 10.0 + i, "cpu_time": 10.0}
            )
        for kind in ("mean", "median", "stddev"):
            aggregate = {"run_type": "aggregate", "aggregate_name": kind, "name": f"{name}_{kind}", "real_time": 11.0}
            rows.append(common | aggregate | {"cpu_time": 10.0})
    rows.append({"name": "Gemm/1/2/3", "error_occurred": True, "error_message": "no AVX-512 here", "real_time": 0.0})
    return {"m.json": json.dumps({"context": context, "benchmarks": rows}).encode()}


@functools.cache
def pytest_benchmarks():
    from fatnn_bench.interchange import pytest_benchmark

    return {"m.json": pytest_benchmark.to_json(_measured()).encode()}


def imported_tables():
    return {"t.csv": _TABLE.encode(), "p.yaml": _PLATFORMS.encode()}


@functools.cache
def artifacts():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("claims.yaml", _CLAIMS)
        archive.writestr("platforms.yaml", _PLATFORMS)
        archive.writestr("results/0-native.jsonl", _saved(_measured()))
    return {"m.zip": out.getvalue()}


def read_artifact() -> None:
    held = bundle.read(Path("m.zip"))
    for outcome in claim_files.judge(held.claims, held.runs):
        str(outcome.gain), str(outcome.claim)


def as_npy(content: bytes) -> bytes:
    """Bytes as a NumPy file of them."""
    out = io.BytesIO()
    np.save(out, np.frombuffer(content, np.uint8))
    return out.getvalue()


@functools.cache
def _trained():
    """An architecture, and a network of it whose batch norms have seen something."""
    import torch

    from fatnn_bench.accuracy.networks import Architecture

    torch.set_num_threads(1)
    torch.manual_seed(0)
    architecture = Architecture("small-cnn", "fatnn", 1, 8, 10)
    graph = architecture.build()
    graph.train()(torch.rand(4, 1, 8, 8))
    return architecture, graph.eval()


def checkpoints():
    from fatnn_bench.accuracy import checkpoint

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.pt"
        checkpoint.save(path, *_trained(), epochs=1)
        return {"m.pt": path.read_bytes()}


def read_checkpoint() -> None:
    from fatnn_bench.accuracy import checkpoint

    checkpoint.load_network(Path("m.pt"))


def exported():
    from fatnn_bench.accuracy.export import exported as export
    from fatnn_bench.engine import save

    architecture, graph = _trained()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.fatnn"
        save(export(architecture, graph), path)
        content = path.read_bytes()
        (Path(folder) / "m.fatnn").write_bytes(content)
        _both_engines(path)  # compiles what mutants then find compiled
    return {"m.fatnn": content}


def run_exported() -> None:
    _both_engines(Path("m.fatnn"))


def _both_engines(path: Path) -> None:
    from fatnn_bench.engine import CompiledNetwork, Engine, load

    program = load(path)
    shape = (2, program.channels, program.size, program.size)
    images = np.random.default_rng(0).integers(0, 2**program.pixel_bits, shape, np.uint8)
    expected = Engine(program).logits(images)
    network = CompiledNetwork(program, len(images))
    network.classes(images)
    np.testing.assert_allclose(network.logits, expected, rtol=1e-5, atol=1e-5)


def idx_files():
    random = np.random.default_rng(0)
    files = {}
    for part in ("train", "t10k"):
        images = random.integers(0, 256, (3, 28, 28), np.uint8)
        head = bytes([0, 0, 8, 3]) + np.array(images.shape, ">u4").tobytes()
        files[f"{part}-images-idx3-ubyte"] = head + images.tobytes()
        files[f"{part}-labels-idx1-ubyte"] = bytes([0, 0, 8, 1, 0, 0, 0, 3, 0, 9, 4])
    return files


def read_idx() -> None:
    from fatnn_bench.accuracy.datasets import catalog

    catalog.load("mnist", Path()).train.pixels(np.arange(1))


def cifar_batches():
    """As the batches of Krizhevsky, by Python 2 (protocol 2), with as few images as may be."""
    images = np.arange(2 * 3 * 32 * 32, dtype=np.int64).astype(np.uint8).reshape(2, -1)
    batch = pickle.dumps({b"data": images, b"labels": [0, 9], b"batch_label": b"x"}, 2)
    return dict.fromkeys(("test_batch", *(f"data_batch_{i}" for i in range(1, 6))), batch)


def read_cifar() -> None:
    from fatnn_bench.accuracy.datasets import catalog

    catalog.load("cifar10", Path()).train.pixels(np.arange(1))


def image_folder():
    from PIL import Image

    files = {}
    for i, (suffix, mode) in enumerate((("png", "RGB"), ("png", "P"), ("jpg", "RGB"), ("png", "I;16"))):
        out = io.BytesIO()
        pixels = np.arange(64).reshape(8, 8).astype(np.uint16 if mode == "I;16" else np.uint8)
        image = Image.fromarray(pixels) if mode == "I;16" else Image.fromarray(pixels).convert(mode)
        image.save(out, {"png": "PNG", "jpg": "JPEG"}[suffix])
        files[f"{('train', 'test')[i % 2]}/{'ab'[i // 2]}/{i}.{suffix}"] = out.getvalue()
    return files


def read_images() -> None:
    from fatnn_bench.accuracy.datasets import folder

    data = folder.load(Path(), 8)
    for part in (data.train, data.test):
        part.pixels(np.arange(len(part.classes)))
