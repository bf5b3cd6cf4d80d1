import pytest
from limits import LOOP

from fatnn_bench.errors import UserError
from fatnn_bench.harness import compile_case
from fatnn_bench.launch import inspection, probe
from fatnn_bench.printing import render
from fatnn_bench.printing.formats import Format
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm

CONV = Layer(name="c", kind="conv", in_channels=64, out_channels=9, height=6, width=5, kernel=3, padding=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ternary-fatnn/resnet18.conv2_x/packed@1", "ternary-fatnn/resnet18.conv2_x/packed@1"),
        ("ternary-fatnn/resnet18.conv2_x/layer", "ternary-fatnn/resnet18.conv2_x/layer@2"),
        ("int8/3x5x7", "int8/3x5x7/kernel@2"),
        ("int8/3x5x7@1", "int8/3x5x7/kernel@1"),
    ],
)
def test_a_case_is_found_by_its_id_or_less(text, expected):
    assert inspection.find_case(text, None, threads=2).id == expected


def test_a_layer_of_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("layers:\n  - {kind: linear, name: fc, in_channels: 64, out_channels: 10}\n")
    assert inspection.find_case("binary/mine.fc/layer", str(path)).layer.out_channels == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("binary", "'binary' is no case; expected kernel/shape or kernel/shape/scope@threads, such as"),
        ("binary/resnet18.fc/networks", "with kernel, layer or packed for the scope"),
        ("binary/resnet18.fc@0", "is no case"),
        ("binary/resnet18.fcc", "no layer is 'resnet18.fcc'; did you mean 'resnet18.fc'?"),
        ("binary/resnet9.fc", "resnet9"),
    ],
)
def test_what_is_no_case_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        inspection.find_case(text, None)


def test_the_loop_is_printed_with_its_kinds_and_work():
    text = render.as_text(inspection.document(Case("binary", CONV, "layer", 1), "native", LOOP), Format.TABLE)
    for words in (
        "binary/c/layer@1",
        "tile 1x2, spills 1",
        "2 words of each plane, 512 MACs, 64 bytes loaded",
        "171 MACs an instruction, 8 a byte",
        "vmovups       %ymm6, 8(%rsp) # 32-byte Spill",
    ):
        assert words in text
    assert [line.split()[0] for line in text.splitlines() if line.endswith("33%")] == ["gate", "spill", "jump,"]


def test_a_refusal_is_an_error(monkeypatch):
    monkeypatch.setattr(probe, "ask", lambda *arguments: {"refusal": "first convolution"})
    with pytest.raises(UserError, match=r"binary/c on native: first convolution"):
        inspection.ask(Case("binary", CONV, "layer", 1), "native", None)


@pytest.mark.parametrize(
    "case",
    [
        Case("binary", bare_gemm(3, 5, 300), "kernel", 1),
        Case("int8", CONV, "layer", 1),
        Case("two-bit", CONV, "packed", 1),
    ],
)
def test_a_case_is_compiled_for_its_loop(case):
    loop = compile_case.hot_loop(case)
    assert loop["macs"] > 0
    assert loop["codegen"]["instructions"] == len(loop["instructions"])


def test_the_tile_is_that_of_the_whole_layer():
    from fatnn_kernels import PRODUCTS, driver
    from fatnn_kernels.target import current_target

    tile = driver.choose_tile(PRODUCTS["float32"], current_target(), 3, 4, 50)
    loop = compile_case.hot_loop(Case("float32", bare_gemm(3, 700, 50), "kernel", 1))
    assert loop["codegen"]["tile"] == f"{tile.rows}x{tile.vectors}"


@pytest.mark.parametrize(
    ("kernel", "layer", "message"),
    [
        ("torch.int8", CONV, "only the suite's own kernels can be inspected: in scope layer float32, int8"),
        (
            "binary",
            Layer(name="f", kind="conv", in_channels=3, out_channels=8, height=9, width=9, kernel=3),
            "3 channels",
        ),
    ],
)
def test_what_has_no_loop_of_ours_is_refused(kernel, layer, message):
    assert message in compile_case.hot_loop(Case(kernel, layer, "layer", 1))["refusal"]
