"""The kind ``emulated``: kernels of another architecture run under qemu. It tells right from wrong, and no time.

The tile of a product is compiled for the CPU as the machine model compiles it, linked with a small driver in C, and run
on operands that are packed here. The time that an emulator takes says nothing of the CPU: rows have none.
"""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Generator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench import machine
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.harness.blocks import beyond_memory
from fatnn_bench.harness.events import Event, Ready
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import in_process
from fatnn_bench.model.tile_code import beyond, emit_object, product_for
from fatnn_bench.platforms import EmulatedPlatform
from fatnn_bench.records.run import Row, Status, unmeasured
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.cases import Case
from fatnn_kernels import PRODUCTS
from fatnn_kernels.driver import choose_tile
from fatnn_kernels.obstacle import missing
from fatnn_kernels.packing import Packed, pack
from fatnn_kernels.target import Target, describe
from fatnn_kernels.tile import Tile

#: Where a request has no time limit of its own.
_TIMEOUT_S = 600.0


def events(platform: EmulatedPlatform, request: Request) -> Generator[Event]:
    """Verify every case under the emulator; see :func:`fatnn_bench.launch.events`."""
    target = describe(platform.triple, platform.cpu, platform.features or "")
    return in_process.told(
        Ready(_machine(platform), machine.software() | {"qemu": _version(platform)}),
        request,
        lambda _, cases: (_described(_verified(case, platform, target, request)) for case in cases),
    )


def obstacle(platform: EmulatedPlatform) -> str:
    """Return which program is missing here: the emulator, or the C compiler for its CPU."""
    arch = _arch(platform)
    if _qemu(platform) is None:
        return f"qemu-{arch} is not on the PATH; apt install qemu-user-static"
    if shutil.which(_compiler(platform)) is None:
        return f"{_compiler(platform)} is not on the PATH; apt install gcc-{_gnu(platform)}"
    return ""


def _described(row: Row) -> Row:
    """A row with the way of its kernel, where it is one of the suite's own."""
    product = PRODUCTS.get(row.kernel)
    return replace(row, way=product.way) if product else row


def _verified(case: Case, platform: EmulatedPlatform, target: Target, request: Request) -> Row:
    """PASSED without a time, FAILED, or why it was not tried."""
    if case.skip_reason:
        return unmeasured(case, Status.SKIPPED, case.skip_reason)
    if case.kernel not in PRODUCTS or case.scope != "kernel":
        return unmeasured(case, Status.SKIPPED, "the emulator runs the suite's own kernels, packed × packed, only")
    lacks = beyond(PRODUCTS[case.kernel]) or missing(product_for(case.kernel, target), target)
    if reason := lacks or beyond_memory(case):
        return unmeasured(case, Status.SKIPPED, reason)
    patterns = data.PATTERNS if request.settings is None else ("random",)
    try:
        for pattern in patterns:
            product = product_for(case.kernel, target)
            problem = Problems(case.layer, case.scope, request.seed, pattern).of(product.x.domain, product.y.domain)
            tile = choose_tile(product, target, case.layer.m, case.layer.n, case.layer.k)
            result = _run(platform, target, tile, problem.x, problem.y, request.timeout_s or _TIMEOUT_S)
            if wrong := oracle.complaint(result, problem.right, case.layer.k):
                return unmeasured(case, Status.FAILED, wrong)
    except (subprocess.SubprocessError, OSError) as error:
        return unmeasured(case, Status.ERROR, f"under {_qemu(platform)}: {error}")
    return unmeasured(case, Status.PASSED, f"right under qemu-{_arch(platform)}, which tells no time")


def _run(
    platform: EmulatedPlatform, target: Target, tile: Tile, x: NDArray[Any], y: NDArray[Any], timeout_s: float
) -> NDArray[Any]:
    """x·yᵀ as the emulated CPU computes it, [M, N]."""
    a, b = pack(tile, "x", x), pack(tile, "y", y)
    with tempfile.TemporaryDirectory() as folder:
        program = _link(platform, target, tile, Path(folder))
        done = subprocess.run(
            [str(_qemu(platform)), str(program)], input=_input(a, b), capture_output=True, timeout=timeout_s, check=True
        )
    c = np.frombuffer(done.stdout, tile.product.dtype).reshape(len(a.term), len(b.term))
    return c[: a.count, : b.count]


def _link(platform: EmulatedPlatform, target: Target, tile: Tile, folder: Path) -> Path:
    program, source, code = folder / "tile", folder / "driver.c", folder / "tile.o"
    source.write_bytes(files("fatnn_bench.launch").joinpath("emulated.c").read_bytes())
    code.write_bytes(emit_object(tile, target))
    subprocess.run(
        [_compiler(platform), "-O1", "-static", "-o", str(program), str(source), str(code)],
        check=True,
        capture_output=True,
    )
    return program


def _input(a: Packed, b: Packed) -> bytes:
    """What the driver reads: six sizes, then x, y and their terms, all little-endian."""
    tiles_x, words, planes_x, rows = a.words.shape
    tiles_y, _, planes_y, columns = b.words.shape
    sizes = struct.pack("<7q", tiles_x, tiles_y, words, planes_x, planes_y, rows, columns)
    return b"".join((sizes, a.words.tobytes(), b.words.tobytes(), a.term.tobytes(), b.term.tobytes()))


def _arch(platform: EmulatedPlatform) -> str:
    return platform.triple.split("-")[0]


def _gnu(platform: EmulatedPlatform) -> str:
    return f"{_arch(platform)}-linux-gnu"


def _compiler(platform: EmulatedPlatform) -> str:
    return f"{_gnu(platform)}-gcc"


def _qemu(platform: EmulatedPlatform) -> str | None:
    arch = _arch(platform)
    return shutil.which(f"qemu-{arch}") or shutil.which(f"qemu-{arch}-static")


def _version(platform: EmulatedPlatform) -> str:
    said = subprocess.run([str(_qemu(platform)), "--version"], capture_output=True, text=True, check=False).stdout
    return next((word for word in said.split() if word[:1].isdigit()), "of unknown version")


def _machine(platform: EmulatedPlatform) -> dict[str, Any]:
    return {"cpu": f"{platform.cpu}, emulated", "isa": _arch(platform), "features": platform.features}
